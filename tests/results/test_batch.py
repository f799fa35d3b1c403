"""Tests of what a batch leaves behind."""

from __future__ import annotations

import pytest

from registry_core.results.batch import (
    BatchProgress,
    BatchSummary,
    ItemRecords,
    Outcome,
    StopReason,
    batch_status,
    item_status,
)
from registry_core.results.metrics import Distribution
from registry_core.results.outcomes import ErrorRecord


def records(*indexes: int) -> ItemRecords:
    """Return the records of items that ended in this order."""
    found = ItemRecords("b")
    for index in indexes:
        found.add(index, 0.5, 0.25, Outcome(ok=True, value=index * 10), f"k{index}")
    return found


class TestItemRecords:
    @pytest.mark.requirement("R50", "R61")
    def test_they_stand_in_the_order_of_the_source(self) -> None:
        """Items end in any order; readers zip them with what they gave."""
        found = records(2, 0, 1)

        assert [record.index for record in found] == [0, 1, 2]
        assert [found[i].output for i in range(3)] == [0, 10, 20]
        assert found[-1].key == "k2"

    def test_they_are_a_sequence(self) -> None:
        """Slices and length work as they do everywhere."""
        found = records(0, 1, 2, 3)

        assert [record.index for record in found[1:3]] == [1, 2]
        assert len(found) == 4
        assert found == records(3, 2, 1, 0)

    def test_an_item_without_an_outcome_was_not_run(self) -> None:
        """It has a record like every other."""
        found = records(0)
        found.add(1, 0.0, 0.0, None)

        assert (found[1].status, found[1].attempts) == ("not_run", 0)

    def test_one_added_later_is_seen(self) -> None:
        """Somebody may look while the batch goes on."""
        found = records(1)
        first = list(found)
        found.add(0, 0.0, 0.0, Outcome(ok=True))

        assert [record.index for record in first] == [1]
        assert [record.index for record in found] == [0, 1]

    def test_an_output_of_a_failure_is_not_shown(self) -> None:
        """Half a value would be taken for a whole one."""
        found = ItemRecords("b")
        found.add(0, 0.0, 0.0, Outcome(ok=False, value="half"))

        assert (found[0].status, found[0].output) == ("failed", None)


class TestItemStatus:
    @pytest.mark.parametrize(
        ("outcome", "status"),
        [
            (Outcome(ok=True), "succeeded"),
            (Outcome(ok=False), "failed"),
            (Outcome(ok=False, error=ErrorRecord("agent_error", "", "")), "failed"),
            (Outcome(ok=False, error=ErrorRecord("attempt_timeout", "", "")), "timed_out"),
            (Outcome(ok=False, error=ErrorRecord("run_timeout", "", "")), "timed_out"),
            (Outcome(ok=False, error=ErrorRecord("queue_timeout", "", "")), "timed_out"),
            (Outcome(ok=False, error=ErrorRecord("circuit_open", "", "")), "failed"),
            (Outcome(ok=False, error=ErrorRecord("cancelled", "", "")), "cancelled"),
        ],
    )
    def test_it_follows_from_the_outcome(self, outcome: Outcome, status: str) -> None:
        """There is one place that knows what a code means."""
        assert item_status(outcome) == status


class TestBatchStatus:
    @pytest.mark.requirement("R57")
    @pytest.mark.parametrize(
        ("succeeded", "failed", "stopped_by", "threshold", "status"),
        [
            (10, 0, "", 1.0, "success"),
            (0, 0, "", 1.0, "success"),
            (51, 49, "", 1.0, "partial"),
            (51, 49, "", 0.5, "success"),
            (0, 9, "", 1.0, "failed"),
            (0, 9, "", 0.0, "success"),
            (9, 1, "max_failures", 0.5, "partial"),
            (0, 1, "source", 0.5, "failed"),
            (9, 0, "source", 1.0, "partial"),
            (9, 0, "timeout", 0.0, "timed_out"),
            (9, 0, "cancelled", 0.0, "cancelled"),
        ],
    )
    def test_it_follows_from_the_counts_and_the_end(
        self, succeeded: int, failed: int, stopped_by: StopReason, threshold: float, status: str
    ) -> None:
        """What counts as good is said by who asks, and an early end is never good."""
        summary = BatchSummary(succeeded=succeeded, failed=failed)

        assert batch_status(summary, stopped_by, success_threshold=threshold) == status


class TestSummary:
    @pytest.mark.requirement("R50", "R63")
    def test_rates_are_shares_and_speak_of_successes(self) -> None:
        """A batch that fails fast is not fast."""
        summary = BatchSummary(
            succeeded=30,
            failed=10,
            not_run=20,
            seconds=10,
            max_concurrency=4,
            run_seconds=Distribution(count=40, total_seconds=20.0),
        )

        assert summary.success_rate == 0.5
        assert summary.throughput == 3
        assert summary.utilisation == 0.5

    @pytest.mark.requirement("R63")
    def test_nothing_in_no_time_divides_by_nothing(self) -> None:
        """Fake clocks and empty batches exist."""
        summary = BatchSummary()

        assert (summary.success_rate, summary.throughput, summary.utilisation) == (1.0, 0.0, 0.0)


class TestProgress:
    @pytest.mark.requirement("R60")
    def test_time_that_is_left_follows_from_the_rate(self) -> None:
        """It is what somebody in front of a bar wants to know."""
        progress = BatchProgress("b", done=25, failed=5, total=100, seconds=5)

        assert (progress.rate, progress.fraction, progress.eta_seconds) == (5, 0.25, 15)

    @pytest.mark.requirement("R60")
    def test_of_an_unknown_number_nothing_is_invented(self) -> None:
        """A stream has no percentage."""
        progress = BatchProgress("b", done=25, failed=0, total=None, seconds=5)

        assert (progress.fraction, progress.eta_seconds) == (None, None)
