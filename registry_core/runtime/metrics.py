"""What ran so far, counted in bounded memory.

Kept for as long as there are runs, by one value for all of them. A recorder is looked up
once, when a pipeline is compiled; after that a duration costs one append, and hundreds of
them are put into buckets at a time. Any number of event loops and threads may record.
"""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from registry_core.results.metrics import Distribution, MetricsSnapshot, Series, buckets_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.results.outcomes import StageStatus
    from registry_core.results.run import RunStatus

__all__ = ["OTHER", "Metrics", "Recorder"]

OTHER = "other"
"""What stands for the names of everything beyond the most series that are kept apart."""

_PENDING = 500


class Untold(Protocol):
    """Counts by itself, and records when it is asked or has much to tell."""

    def tell(self) -> None:
        """Record what was counted since the last time."""
        ...


class Recorder:
    """Takes the durations of one series."""

    __slots__ = ("_buckets", "_count", "_lock", "_max", "_pending", "_total")

    def __init__(self) -> None:
        """Start from nothing."""
        self._pending: list[float] = []
        self._lock = Lock()
        self._buckets: Counter[int] = Counter()
        self._count = 0
        self._total = 0.0
        self._max = 0.0

    def record(self, seconds: float) -> None:
        """Count one duration."""
        pending = self._pending
        pending.append(seconds)
        if len(pending) >= _PENDING:
            self._fold()

    def record_all(self, seconds: Iterable[float]) -> None:
        """Count durations."""
        self._pending.extend(seconds)
        if len(self._pending) >= _PENDING:
            self._fold()

    def distribution(self) -> Distribution:
        """Return what was recorded up to now."""
        with self._lock:
            self._sort_in()
            buckets = tuple(sorted(self._buckets.items()))
            return Distribution(self._count, self._total, self._max, buckets)

    def _fold(self) -> None:
        with self._lock:
            self._sort_in()

    def _sort_in(self) -> None:
        # Others go on appending meanwhile: that comes after the slice, and stays.
        batch = self._pending[:]
        del self._pending[: len(batch)]
        if not batch:
            return
        self._buckets.update(buckets_of(batch))
        self._max = max(self._max, *batch)
        self._count += len(batch)
        self._total += sum(batch)


class Metrics:
    """Counts and durations of stages and runs, by name and status."""

    def __init__(self, *, max_series: int = 1_000) -> None:
        """Keep at most *max_series* apart; what comes later counts under :data:`OTHER`."""
        self._max_series = max_series
        self._lock = Lock()
        self._recorders: dict[tuple[str, str, str, str], Recorder] = {}
        self._sources: WeakSet[Untold] = WeakSet()

    def stage(self, pipeline: str, stage_id: str, agent: str, status: StageStatus) -> Recorder:
        """Return what takes the durations of a stage that ended with *status*."""
        key = (pipeline, stage_id, agent, status)
        return self._recorders.get(key) or self._new(key, (OTHER, OTHER, OTHER, status))

    def run(self, pipeline: str, status: RunStatus) -> Recorder:
        """Return what takes the durations of a pipeline's runs that ended with *status*."""
        key = (pipeline, "", "", status)
        return self._recorders.get(key) or self._new(key, (OTHER, "", "", status))

    def ask_also(self, source: Untold) -> None:
        """Let *source* tell what it knows before each snapshot, as long as it lives."""
        self._sources.add(source)

    def snapshot(self) -> MetricsSnapshot:
        """Return what was recorded up to now."""
        for source in tuple(self._sources):
            source.tell()
        with self._lock:
            recorders = sorted(self._recorders.items())
        counted = [Series(*key, recorder.distribution()) for key, recorder in recorders]
        series = [one for one in counted if one.seconds.count]
        return MetricsSnapshot(
            stages=tuple(one for one in series if one.stage_id),
            runs=tuple(one for one in series if not one.stage_id),
        )

    def _new(self, key: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> Recorder:
        with self._lock:
            known = key in self._recorders or len(self._recorders) < self._max_series
            return self._recorders.setdefault(key if known else other, Recorder())
