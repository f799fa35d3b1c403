"""What a run leaves behind, as a value."""

from __future__ import annotations

import dataclasses

import pytest
from pydantic import BaseModel, ValidationError

from registry_core.errors import (
    DefinitionError,
    RunCancelledError,
    RunError,
    RunTimeoutError,
    StageFailedError,
)
from registry_core.names import AgentId
from registry_core.results.outcomes import AttemptRecord, ErrorRecord, StageRecord, StageStatus
from registry_core.results.run import RunResult, RunStatus

AGENT = AgentId.parse("text-agents/summarise@1.0.0")
AT = "2030-01-01T00:00:00+00:00"


class Report(BaseModel):
    """An output that is an object."""

    lines: list[str]


def stage(index: int, status: StageStatus, seconds: float = 0.0, attempts: int = 1) -> StageRecord:
    """Return the record of a stage."""
    ran = status != "not_run"
    return StageRecord(
        index=index,
        stage_id=f"s{index}",
        agent=AGENT,
        status=status,
        started_at=AT if ran else "",
        seconds=seconds,
        attempts=tuple(
            AttemptRecord(number, "failed", AT, 1.0) for number in range(1, attempts + 1)
        )
        if ran
        else (),
    )


def result(status: RunStatus, *stages: StageRecord, error: ErrorRecord | None = None) -> RunResult:
    """Return the result of a run."""
    return RunResult("run-1", "pipeline", status, stages, AT, 10.0, error=error)


FAILURE = ErrorRecord("agent_error", "OSError", "disk", stage_id="s1")


@pytest.mark.requirement("R16", "R40")
class TestRaiseForStatus:
    @pytest.mark.parametrize("status", ["success", "partial"])
    def test_a_usable_result_raises_nothing(self, status: RunStatus) -> None:
        """A skipped stage is a warning, and the policy asked for it."""
        made = result(status)

        made.raise_for_status()

        assert made.ok

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            ("failed", StageFailedError),
            ("cancelled", RunCancelledError),
            ("timed_out", RunTimeoutError),
        ],
    )
    def test_each_bad_end_has_its_exception_with_everything_attached(
        self, status: RunStatus, kind: type[RunError]
    ) -> None:
        """Who catches it wants the stages that did finish."""
        made = result(status, error=FAILURE)

        with pytest.raises(kind) as caught:
            made.raise_for_status()

        assert (caught.value.run_id, caught.value.stage_id) == ("run-1", "s1")
        assert caught.value.result is made
        assert str(caught.value) == "run run-1 at stage 's1': OSError: disk"
        assert not made.ok


@pytest.mark.requirement("R41")
class TestSummary:
    def test_counts_add_up_and_averages_are_over_what_ran(self) -> None:
        """Dividing by stages that never ran makes a stopped run look fast."""
        summary = result(
            "failed",
            stage(0, "succeeded", 1.0),
            stage(1, "skipped", 5.0, attempts=3),
            stage(2, "failed", 3.0, attempts=2),
            stage(3, "cancelled", 3.0),
            stage(4, "not_run"),
        ).summary

        assert (summary.succeeded, summary.failed, summary.skipped) == (1, 1, 1)
        assert (summary.cancelled, summary.not_run, summary.total) == (1, 1, 5)
        assert (summary.average_seconds, summary.seconds) == (3.0, 10.0)
        assert (summary.retries, summary.slowest_stage) == (3, "s1")

    @pytest.mark.requirement("R48")
    def test_a_run_in_which_nothing_ran_has_zeros(self) -> None:
        """A dashboard should not divide by nothing."""
        summary = result("cancelled", stage(0, "not_run")).summary

        assert (summary.average_seconds, summary.slowest_stage, summary.retries) == (0.0, "", 0)


@pytest.mark.requirement("R40", "R104")
class TestJson:
    def test_outputs_are_written_by_their_own_schema(self) -> None:
        """A record is read by programs that do not have the class."""
        made = dataclasses.replace(result("success"), output=Report(lines=["a"]))

        assert RunResult.from_json(made.to_json()).output == {"lines": ["a"]}

    @pytest.mark.parametrize(
        "text", ["", "{}", '{"run_id": 1}', '{"status": "splendid"}', "[]", "null"]
    )
    def test_what_is_no_record_is_refused(self, text: str) -> None:
        """Half a record is worse than none."""
        with pytest.raises(ValidationError):
            RunResult.from_json(text)


@pytest.mark.requirement("R25", "R35")
class TestFrozen:
    @pytest.mark.parametrize("record", [FAILURE, stage(0, "failed"), result("failed")])
    def test_a_record_never_changes(self, record: object) -> None:
        """An audit trail that can be edited is none."""
        [first, *_] = dataclasses.fields(record)  # type: ignore[arg-type]

        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, first.name, "other")


class TestNumbersThatAreNone:
    @pytest.mark.fault("F28")
    @pytest.mark.parametrize("number", [float("nan"), float("inf")])
    def test_an_output_that_has_no_json_is_refused_and_never_becomes_null(
        self, number: float
    ) -> None:
        """A null that stands for a failed computation is found months later."""
        odd = dataclasses.replace(result("success"), output={"mean": number})

        with pytest.raises(DefinitionError) as refused:
            odd.to_json()

        assert refused.value.subject == "output"
