"""Where the time of one run went."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_core.names import AgentId
from registry_core.results.outcomes import AttemptRecord, StageRecord, StageStatus
from registry_core.results.performance import Performance, Spread, performance_of
from registry_core.results.run import RunResult

START = "2026-01-01T00:00:00+00:00"


def stage(
    index: int, seconds: float, *attempts: tuple[float, float], status: StageStatus = "succeeded"
) -> StageRecord:
    """Return a stage of *seconds* with attempts of (pause before, duration)."""
    return StageRecord(
        index,
        f"stage-{index}",
        AgentId("a/b@1"),
        status,
        started_at=START,
        seconds=seconds,
        attempts=tuple(
            AttemptRecord(number, "succeeded", START, duration, wait_seconds=pause)
            for number, (pause, duration) in enumerate(attempts, 1)
        ),
    )


def result(*stages: StageRecord, seconds: float = 10.0) -> RunResult:
    """Return a run of *stages*."""
    return RunResult("run", "report", "success", stages, START, seconds)


@pytest.mark.requirement("R48")
class TestPerformance:
    def test_the_numbers_are_those_computed_by_hand(self) -> None:
        """The question after a slow run is: which stage, and was it work or waiting?"""
        not_run = StageRecord(2, "stage-2", AgentId("a/b@1"), "not_run")
        run = result(stage(0, 2.0, (0.0, 2.0)), stage(1, 8.0, (0.0, 1.0), (3.0, 4.0)), not_run)

        found = performance_of(run)

        assert found == Performance(
            stages=Spread(2, 2.0, 5.0, 8.0, 8.0),
            attempts=Spread(3, 1.0, 7 / 3, 4.0, 4.0),
            bottleneck="stage-1",
            bottleneck_share=0.8,
            retry_share=0.4,
            backoff_share=0.3,
        )

    @pytest.mark.requirement("R32")
    def test_waiting_for_room_is_no_pause_and_middleware_no_attempt(self) -> None:
        """Each has a cure of its own."""
        attempt = AttemptRecord(1, "succeeded", START, 4.0, queue_seconds=3.0)
        run = result(replace(stage(0, 10.0), attempts=(attempt,)))

        found = performance_of(run)

        assert (found.queue_share, found.middleware_share, found.backoff_share) == (0.3, 0.3, 0.0)

    @pytest.mark.parametrize(
        "stages", [(), (StageRecord(0, "stage-0", AgentId("a/b@1"), "not_run"),)]
    )
    def test_a_run_in_which_nothing_ran_has_zeros(self, stages: tuple[StageRecord, ...]) -> None:
        """A report over a cancelled run must not divide by nothing."""
        assert performance_of(result(*stages, seconds=0.0)) == Performance(Spread(), Spread())

    def test_p95_is_a_duration_that_was_measured(self) -> None:
        """Of a few durations no percentile can be guessed better."""
        assert Spread.of(map(float, range(1, 101))).p95_seconds == 95.0
