"""How often things ran, how often they failed and how long they took, over many runs.

Everything is a plain value: it adds up, goes to JSON and comes back equal. Times are seconds.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from array import array
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

__all__ = [
    "Distribution",
    "Measured",
    "MetricsSnapshot",
    "Series",
    "buckets_of",
    "floor_of",
    "measured",
]

_GOOD = frozenset({"succeeded", "success", "partial"})
_BAD = frozenset({"failed", "skipped", "timed_out"})
_TOP = 3 if sys.byteorder == "little" else 0


def buckets_of(seconds: Sequence[float]) -> Iterable[int]:
    """Return the number of the bucket that each duration falls into; none may be negative.

    It is the upper quarter of the number as the machine keeps it: the exponent and four bits
    more. So each power of two is cut into 16 equal buckets, at most a sixteenth wider than
    their floor, and the numbers of longer durations are higher.

    Source:
        C. Masson, J. Rim, H. Lee, "DDSketch", VLDB 2019: its linearly interpolated mapping.

    >>> [floor_of(bucket) for bucket in buckets_of([0.0, 1.0, 1.99])]
    [0.0, 1.0, 1.9375]
    """
    return memoryview(array("d", seconds)).cast("B").cast("H")[_TOP::4]


def floor_of(bucket: int) -> float:
    """Return the shortest duration of a bucket, in seconds."""
    (floor,) = struct.unpack(">d", struct.pack(">H6x", bucket))
    return float(floor)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Many durations, in bounded space; two of them add up.

    Attributes:
        count: How many.
        total_seconds: Their sum.
        max_seconds: The longest; 0 when there are none.
        buckets: Number of a bucket and how many fell into it, ascending.
    """

    count: int = 0
    total_seconds: float = 0.0
    max_seconds: float = 0.0
    buckets: tuple[tuple[int, int], ...] = ()

    @property
    def mean_seconds(self) -> float:
        """The mean; 0 when there are none."""
        return self.total_seconds / self.count if self.count else 0.0

    def quantile(self, share: float) -> float:
        """Return the duration that *share* of all do not exceed, in seconds; 0 of none.

        It lies in the bucket of the true one, so it is off by less than a sixteenth (6.25 %).

        Args:
            share: From 0 to 1; 0.95 for the 95th percentile.
        """
        rank = max(math.ceil(share * self.count), 1)
        below = 0
        for bucket, count in self.buckets:
            if below + count >= rank:
                floor = floor_of(bucket)
                width = floor_of(bucket + 1) - floor
                guess = floor + width * (rank - below - 0.5) / count
                return min(guess, self.max_seconds)
            below += count
        return 0.0

    def __add__(self, other: Distribution) -> Distribution:
        """Return the distribution of both."""
        if not self.count or not other.count:
            return self if self.count else other
        buckets = Counter(dict(self.buckets))
        buckets.update(dict(other.buckets))
        return Distribution(
            count=self.count + other.count,
            total_seconds=self.total_seconds + other.total_seconds,
            max_seconds=max(self.max_seconds, other.max_seconds),
            buckets=tuple(sorted(buckets.items())),
        )


@dataclass(frozen=True, slots=True)
class Series:
    """The durations of what has the same four names.

    Attributes:
        pipeline: Name of the pipeline.
        stage_id: The stage; empty for whole runs.
        agent: Id of the agent that was decided on; empty for whole runs.
        status: How it ended.
        seconds: How long each took.
    """

    pipeline: str
    stage_id: str
    agent: str
    status: str
    seconds: Distribution


@dataclass(frozen=True, slots=True)
class Measured:
    """What several series say together; all zeros when there are none.

    Attributes:
        count: How many succeeded or failed.
        failures: How many of them failed; a stage that was skipped did.
        undecided: How many were cancelled or never ran; they count nowhere else.
        error_rate: Share of *count* that failed, 0 to 1.
        mean_seconds: The mean.
        p50_seconds: What half did not exceed; percentiles are off by less than 6.25 %.
        p95_seconds: What 95 of 100 did not exceed.
        p99_seconds: What 99 of 100 did not exceed.
        max_seconds: The longest.
    """

    count: int = 0
    failures: int = 0
    undecided: int = 0
    error_rate: float = 0.0
    mean_seconds: float = 0.0
    p50_seconds: float = 0.0
    p95_seconds: float = 0.0
    p99_seconds: float = 0.0
    max_seconds: float = 0.0


def measured(series: Iterable[Series]) -> Measured:
    """Return what *series* say together."""
    decided, failures, undecided = Distribution(), 0, 0
    for one in series:
        if one.status in _GOOD | _BAD:
            decided += one.seconds
            failures += one.seconds.count if one.status in _BAD else 0
        else:
            undecided += one.seconds.count
    return Measured(
        count=decided.count,
        failures=failures,
        undecided=undecided,
        error_rate=failures / decided.count if decided.count else 0.0,
        mean_seconds=decided.mean_seconds,
        p50_seconds=decided.quantile(0.50),
        p95_seconds=decided.quantile(0.95),
        p99_seconds=decided.quantile(0.99),
        max_seconds=decided.max_seconds,
    )


@dataclass(frozen=True, slots=True)
class MetricsSnapshot:
    """Everything that was counted up to a moment.

    Attributes:
        stages: One series for each pipeline, stage, agent and status, in this order.
        runs: One series for each pipeline and status.
    """

    stages: tuple[Series, ...] = ()
    runs: tuple[Series, ...] = ()

    @property
    def by_agent(self) -> Mapping[str, Measured]:
        """Each agent over all stages it stood in, by id."""
        return _by(self.stages, lambda series: series.agent)

    @property
    def by_stage(self) -> Mapping[str, Measured]:
        """Each stage, by ``pipeline/stage``."""
        return _by(self.stages, lambda series: f"{series.pipeline}/{series.stage_id}")

    @property
    def by_pipeline(self) -> Mapping[str, Measured]:
        """The runs of each pipeline, by name."""
        return _by(self.runs, lambda series: series.pipeline)

    def to_json(self) -> str:
        """Return the snapshot as JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> MetricsSnapshot:
        """Return the snapshot that :meth:`to_json` wrote.

        Raises:
            pydantic.ValidationError: If *text* is no such snapshot.
        """
        from pydantic import TypeAdapter

        return TypeAdapter(MetricsSnapshot).validate_json(text)


def _by(series: Iterable[Series], name: Callable[[Series], str]) -> dict[str, Measured]:
    groups: dict[str, list[Series]] = {}
    for one in series:
        groups.setdefault(name(one), []).append(one)
    return {key: measured(group) for key, group in sorted(groups.items())}
