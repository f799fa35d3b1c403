"""What came out of a batch: a record for each item, and counts that add up.

Records are made when somebody looks at them; until then a batch keeps a few numbers an item.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, overload

from registry_core.results.metrics import Distribution
from registry_core.results.outcomes import ErrorRecord

if TYPE_CHECKING:
    from registry_core.results.run import RunResult

__all__ = [
    "BatchProgress",
    "BatchResult",
    "BatchStatus",
    "BatchSummary",
    "ItemRecord",
    "ItemRecords",
    "ItemStatus",
    "Outcome",
    "StopReason",
    "batch_status",
    "item_record",
    "item_status",
    "outcome_of",
]

ItemStatus: TypeAlias = Literal["succeeded", "failed", "timed_out", "cancelled", "not_run"]
BatchStatus: TypeAlias = Literal["success", "partial", "failed", "timed_out", "cancelled"]
StopReason: TypeAlias = Literal["", "timeout", "cancelled", "max_failures", "source"]


@dataclass(slots=True)
class Outcome:
    """What the run of one item left.

    Not frozen: one is made for every item, and freezing makes that five times as slow.

    Attributes:
        ok: Whether *value* is what was wanted.
        value: What came out, or None.
        attempts: How many were made.
        error: What went wrong, unless it is *ok*.
    """

    ok: bool
    value: object = None
    attempts: int = 1
    error: ErrorRecord | None = None


def outcome_of(result: RunResult) -> Outcome:
    """Return the result of a run as that of one item."""
    attempts = sum(len(stage.attempts) for stage in result.stages)
    return Outcome(result.ok, result.output, attempts, result.error)


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What became of one item.

    Attributes:
        batch_id: The batch.
        index: Place of the item in the source, from 0.
        status: ``cancelled`` was running when the batch had to end, ``not_run`` never began.
        key: The caller's own name of the item, or empty.
        queue_seconds: From when the item was there until it began; 0 for one that a generator
            made at that moment.
        run_seconds: From its begin to its end, all attempts and pauses included.
        attempts: How many were made.
        output: What came out; None unless it succeeded.
        error: What went wrong, unless it succeeded or was not run.
    """

    batch_id: str
    index: int
    status: ItemStatus
    key: str = ""
    queue_seconds: float = 0.0
    run_seconds: float = 0.0
    attempts: int = 0
    output: object = None
    error: ErrorRecord | None = None


def item_status(outcome: Outcome) -> ItemStatus:
    """Return what *outcome* says in one word.

    >>> item_status(Outcome(ok=False))
    'failed'
    """
    if outcome.ok:
        return "succeeded"
    match outcome.error.code if outcome.error else "":
        case "cancelled":
            return "cancelled"
        case "attempt_timeout" | "queue_timeout" | "run_timeout":
            return "timed_out"
        case _:
            return "failed"


def item_record(
    batch_id: str, index: int, queue_seconds: float, run_seconds: float, outcome: Outcome, key: str
) -> ItemRecord:
    """Return the record of an item that was run."""
    return ItemRecord(
        batch_id,
        index,
        item_status(outcome),
        key,
        queue_seconds,
        run_seconds,
        outcome.attempts,
        outcome.value if outcome.ok else None,
        outcome.error,
    )


class ItemRecords(Sequence[ItemRecord]):
    """Records in the order of the source, each made when it is asked for."""

    __slots__ = ("_batch_id", "_indexes", "_keys", "_outcomes", "_places", "_queues", "_runs")

    def __init__(self, batch_id: str) -> None:
        """Begin empty."""
        self._batch_id = batch_id
        self._indexes = array("q")
        self._queues = array("d")
        self._runs = array("d")
        self._outcomes: list[Outcome | None] = []
        self._keys: dict[int, str] = {}
        self._places: Sequence[int] | None = None

    def add(
        self,
        index: int,
        queue_seconds: float,
        run_seconds: float,
        outcome: Outcome | None,
        key: str = "",
    ) -> None:
        """Add an item, in any order; one without an outcome was not run."""
        self._places = None
        self._indexes.append(index)
        self._queues.append(queue_seconds)
        self._runs.append(run_seconds)
        self._outcomes.append(outcome)
        if key:
            self._keys[index] = key

    def missing(self, count: int) -> Sequence[int]:
        """Return which of the first *count* items have no record."""
        if len(self) >= count:
            return ()
        return sorted(set(range(count)).difference(self._indexes))

    def __len__(self) -> int:
        """How many items there are."""
        return len(self._indexes)

    @overload
    def __getitem__(self, place: int) -> ItemRecord: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[ItemRecord]: ...

    def __getitem__(self, place: int | slice) -> ItemRecord | Sequence[ItemRecord]:
        """One record, or a tuple of them; ``records[i].index == i`` where all were kept."""
        places = self._in_order()
        if isinstance(place, slice):
            return tuple(map(self._record, places[place]))
        return self._record(places[place])

    def __iter__(self) -> Iterator[ItemRecord]:
        """All records."""
        return map(self._record, self._in_order())

    def __eq__(self, other: object) -> bool:
        """Equal records in equal order."""
        if not isinstance(other, ItemRecords):
            return NotImplemented
        return tuple(self) == tuple(other)

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self._batch_id, len(self)))

    def __repr__(self) -> str:
        """Short, however many there are."""
        return f"<{len(self)} records of batch {self._batch_id}>"

    def _in_order(self) -> Sequence[int]:
        if self._places is None:
            self._places = array("q", sorted(range(len(self)), key=self._indexes.__getitem__))
        return self._places

    def _record(self, place: int) -> ItemRecord:
        outcome = self._outcomes[place]
        index = self._indexes[place]
        key = self._keys.get(index, "")
        if outcome is None:
            return ItemRecord(self._batch_id, index, "not_run", key)
        queue, run = self._queues[place], self._runs[place]
        return item_record(self._batch_id, index, queue, run, outcome, key)


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """Counts and times over the items of a batch.

    Attributes:
        succeeded: With an output.
        failed: Without one.
        timed_out: Whose own time was up.
        cancelled: Running when the batch had to end.
        not_run: Never tried; None when the batch ended before its source, and nobody knows
            how much was left there.
        seconds: From start to end.
        max_concurrency: How many items were allowed to run at once.
        peak_concurrency: How many did.
        queue_seconds: How long items waited; none of a generator, which makes them when needed.
        run_seconds: How long they ran.
    """

    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    cancelled: int = 0
    not_run: int | None = 0
    seconds: float = 0.0
    max_concurrency: int = 1
    peak_concurrency: int = 0
    queue_seconds: Distribution = field(default_factory=Distribution)
    run_seconds: Distribution = field(default_factory=Distribution)

    @property
    def tried(self) -> int:
        """How many items were begun."""
        return self.succeeded + self.failed + self.timed_out + self.cancelled

    @property
    def success_rate(self) -> float:
        """Share of all known items that succeeded, from 0 to 1; 1 of no items.

        >>> BatchSummary(succeeded=9, failed=1, not_run=10).success_rate
        0.45
        """
        known = self.tried + (self.not_run or 0)
        return self.succeeded / known if known else 1.0

    @property
    def utilisation(self) -> float:
        """Share of the allowed concurrency that was used, from 0 to 1."""
        allowed = self.max_concurrency * self.seconds
        return min(self.run_seconds.total_seconds / allowed, 1.0) if allowed > 0 else 0.0

    @property
    def throughput(self) -> float:
        """Items per second that succeeded."""
        return self.succeeded / max(self.seconds, 1e-9)


def batch_status(
    summary: BatchSummary, stopped_by: StopReason, *, success_threshold: float
) -> BatchStatus:
    """Return how a batch ended.

    Args:
        summary: What became of the items.
        stopped_by: Why it ended before its source, or empty.
        success_threshold: Share of items that has to succeed.

    >>> batch_status(BatchSummary(succeeded=99, failed=1), "", success_threshold=1.0)
    'partial'
    >>> batch_status(BatchSummary(succeeded=99, failed=1), "", success_threshold=0.95)
    'success'
    """
    match stopped_by:
        case "timeout":
            return "timed_out"
        case "cancelled":
            return "cancelled"
        case "" if summary.success_rate >= success_threshold:
            return "success"
        case _:
            return "partial" if summary.succeeded else "failed"


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Everything a batch leaves behind.

    Attributes:
        batch_id: Unique and sortable by time.
        status: ``success`` when enough items succeeded, ``partial`` when some did.
        summary: Counts and times.
        items: The kept records, in the order of the source.
        started_at: UTC in ISO 8601.
        stopped_by: Why the batch ended before its source did, or empty.
        error: What the source raised, where that stopped it.
    """

    batch_id: str
    status: BatchStatus
    summary: BatchSummary
    items: ItemRecords
    started_at: str = ""
    stopped_by: StopReason = ""
    error: ErrorRecord | None = None

    @property
    def ok(self) -> bool:
        """Whether enough items succeeded."""
        return self.status == "success"

    @property
    def failures(self) -> Iterator[ItemRecord]:
        """The kept records of items without an output."""
        return (record for record in self.items if record.status != "succeeded")


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far a batch is.

    Attributes:
        batch_id: The batch.
        done: Items that have ended, whichever way.
        failed: Those of them without an output.
        total: How many there are, or None where nobody knows.
        seconds: Since the start.
    """

    batch_id: str
    done: int
    failed: int
    total: int | None
    seconds: float

    @property
    def rate(self) -> float:
        """Items per second so far."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def fraction(self) -> float | None:
        """Share that is done, from 0 to 1, or None where nobody knows; 1 of no items."""
        if self.total is None:
            return None
        return min(self.done / self.total, 1.0) if self.total else 1.0

    @property
    def eta_seconds(self) -> float | None:
        """Time that is left at this rate, or None where nobody knows.

        >>> BatchProgress("b", done=20, failed=0, total=100, seconds=2).eta_seconds
        8.0
        """
        if self.total is None or not self.rate:
            return None
        return max(self.total - self.done, 0) / self.rate
