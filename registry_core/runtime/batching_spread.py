"""How durations are spread, added up a column at a time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from registry_core.results.metrics import Distribution, buckets_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Spread"]

_SAMPLE = 256


class Spread:
    """Durations that were added, in constant memory.

    Of very many at once, evenly spaced ones stand for the others in the buckets: then a column
    costs its sum and little more.

    >>> spread = Spread()
    >>> spread.add([0.010] * 95 + [0.100] * 5)
    >>> found = spread.distribution()
    >>> found.count, round(found.quantile(0.5), 3), round(found.quantile(0.99), 1)
    (100, 0.01, 0.1)
    """

    __slots__ = ("_buckets", "_max", "_total", "count")

    def __init__(self) -> None:
        """Begin with none."""
        self.count = 0
        self._total = self._max = 0.0
        self._buckets: Counter[int] = Counter()

    def add(self, seconds: Sequence[float]) -> None:
        """Add durations, none of them negative."""
        if not seconds:
            return
        self.count += len(seconds)
        self._total += sum(seconds)
        longest = max(seconds)
        self._max = max(self._max, longest)
        step = len(seconds) // _SAMPLE | 1
        for bucket, count in Counter(buckets_of(seconds[::step])).items():
            self._buckets[bucket] += count * step

    def distribution(self) -> Distribution:
        """Return all of them."""
        return Distribution(
            self.count,
            self._total,
            self._max,
            tuple(sorted(self._buckets.items())),
        )
