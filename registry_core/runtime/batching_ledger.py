"""What a batch knows of its items: numbers in columns, counts of what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from registry_core.results.batch import BatchSummary, ItemRecords, Outcome, item_status
from registry_core.runtime.batching_spread import Spread

if TYPE_CHECKING:
    from registry_core.results.batch import ItemStatus
    from registry_core.runtime.batching_options import Keep

__all__ = ["Deliver", "Ledger"]

Deliver: TypeAlias = Callable[[int, float, float, Outcome, str], None]


class Ledger:
    """The books of one batch.

    Whoever runs items appends to the two columns, and calls the rest where there is a reason.

    Attributes:
        queues: Seconds that items waited, since they were folded last; none where they cannot.
        runs: Seconds that items ran, likewise.
        deliver: Takes each item's index, seconds in the queue and of its run, outcome and key;
            None where nobody does.
        records: What is kept.
    """

    __slots__ = (
        "_keep_failed",
        "_misses",
        "_queue_spread",
        "_run_spread",
        "deliver",
        "queues",
        "records",
        "runs",
    )

    def __init__(self, batch_id: str, *, keep: Keep, deliver: Deliver | None) -> None:
        """Open empty books.

        Args:
            batch_id: The batch.
            keep: Which records to keep, where nobody takes them.
            deliver: Who takes them.
        """
        self.queues: list[float] = []
        self.runs: list[float] = []
        self.records = ItemRecords(batch_id)
        self.deliver = self.records.add if deliver is None and keep == "all" else deliver
        self._keep_failed = deliver is None and keep == "failed"
        self._queue_spread, self._run_spread = Spread(), Spread()
        self._misses: Counter[ItemStatus] = Counter()

    @property
    def done(self) -> int:
        """How many items have ended."""
        return self._run_spread.count + len(self.runs)

    @property
    def failures(self) -> int:
        """How many of them failed, on their own."""
        return self._misses["failed"] + self._misses["timed_out"]

    @property
    def missed(self) -> int:
        """How many items ended without an output."""
        return self._misses.total()

    def miss(self, index: int, queue: float, run: float, outcome: Outcome, key: str) -> None:
        """Count an item that ended without an output; its numbers are in the columns already."""
        self._misses[item_status(outcome)] += 1
        if self._keep_failed:
            self.records.add(index, queue, run, outcome, key)

    def complete(self, pulled: int, not_run: int, cut: Outcome) -> None:
        """Keep a record of every item that has none, where all are kept.

        Args:
            pulled: How many items were begun; those without a record left *cut*.
            not_run: How many items after them were not.
            cut: What an item leaves that never came to an end.
        """
        if self.deliver != self.records.add:
            return
        for index in self.records.missing(pulled):
            self.records.add(index, 0.0, 0.0, cut)
        for index in range(pulled, pulled + not_run):
            self.records.add(index, 0.0, 0.0, None)

    def fold(self) -> None:
        """Add the columns up and empty them."""
        self._queue_spread.add(self.queues)
        self._run_spread.add(self.runs)
        del self.queues[:], self.runs[:]

    def summary(
        self, *, seconds: float, lost: int, not_run: int | None, allowed: int, peak: int
    ) -> BatchSummary:
        """Return all counts.

        Args:
            seconds: From start to end.
            lost: Items that were begun and never came to an end.
            not_run: Items that were never begun, or None where nobody knows.
            allowed: How many items might run at once.
            peak: How many did.
        """
        self.fold()
        misses, runs = self._misses, self._run_spread.distribution()
        return BatchSummary(
            succeeded=runs.count - misses.total(),
            failed=misses["failed"],
            timed_out=misses["timed_out"],
            cancelled=misses["cancelled"] + lost,
            not_run=not_run,
            seconds=seconds,
            max_concurrency=allowed,
            peak_concurrency=peak,
            queue_seconds=self._queue_spread.distribution(),
            run_seconds=runs,
        )
