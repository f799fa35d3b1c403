"""What became of a stage and of its attempts, as values."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from pydantic import TypeAdapter

from registry_core.names import AgentId
from registry_core.results.outcomes import AttemptRecord, Phases, StageRecord

AGENT = AgentId("text-agents/summarise@1.0.0")
AT = "2030-01-01T00:00:00+00:00"
RECORDS = TypeAdapter(StageRecord)


def stage(seconds: float, *attempts: AttemptRecord) -> StageRecord:
    """Return a stage of *seconds*."""
    return StageRecord(0, "s", AGENT, "succeeded", AT, seconds, attempts)


@pytest.mark.requirement("R32")
class TestPhases:
    def test_what_the_attempts_leave_is_middleware(self) -> None:
        """So the four add up, whatever a stage went through."""
        record = stage(
            10.0,
            AttemptRecord(1, "failed", AT, 1.5, queue_seconds=2.0),
            AttemptRecord(2, "succeeded", AT, 0.5, wait_seconds=1.0, queue_seconds=2.0),
        )

        phases = record.phases

        assert phases == Phases(3.0, 4.0, 2.0, 1.0)
        assert sum(astuple(phases)) == record.seconds

    def test_no_phase_is_shorter_than_nothing(self) -> None:
        """Parts are measured one after another: rounding must not make a time below zero."""
        assert (
            stage(0.3, AttemptRecord(1, "succeeded", AT, 0.1 + 0.2)).phases.middleware_seconds == 0
        )

    def test_a_stage_that_did_not_run_took_no_time(self) -> None:
        """A report over a cancelled run asks every stage."""
        assert StageRecord(0, "s", AGENT, "not_run").phases == Phases()

    def test_a_record_from_before_queues_were_told_apart_can_be_read(self) -> None:
        """Runs that were kept last year are still worth looking at."""
        now = stage(4.0, AttemptRecord(1, "succeeded", AT, 1.0, wait_seconds=3.0))
        before = RECORDS.dump_json(now).replace(b',"queue_seconds":0.0', b"")

        assert b"queue_seconds" not in before
        assert RECORDS.validate_json(before) == now
