"""Where the time of one run went."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.results.run import RunResult

__all__ = ["Performance", "Spread", "performance_of"]


@dataclass(frozen=True, slots=True)
class Spread:
    """How far durations lie apart; exact, and all zeros when there are none."""

    count: int = 0
    min_seconds: float = 0.0
    mean_seconds: float = 0.0
    p95_seconds: float = 0.0
    max_seconds: float = 0.0

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Spread:
        """Return the spread of some durations.

        >>> Spread.of([1.0, 3.0]).mean_seconds
        2.0
        """
        ranked = sorted(seconds)
        if not ranked:
            return cls()
        return cls(
            count=len(ranked),
            min_seconds=ranked[0],
            mean_seconds=math.fsum(ranked) / len(ranked),
            p95_seconds=ranked[math.ceil(0.95 * len(ranked)) - 1],
            max_seconds=ranked[-1],
        )


@dataclass(frozen=True, slots=True)
class Performance:
    """Where the time of a run went.

    Attributes:
        stages: Of the stages that ran, waits and middleware included.
        attempts: Of all attempts, without the pauses between them.
        bottleneck: Id of the stage that took longest, or empty.
        bottleneck_share: Its share of the run's time, 0 to 1.
        retry_share: Share of the stages' time that went into attempts after the first.
        backoff_share: Share of the stages' time that went into pauses before attempts.
        queue_share: Share of the stages' time that went into waiting for room.
        middleware_share: Share of the stages' time that went into the middleware around them,
            and into the host.
    """

    stages: Spread
    attempts: Spread
    bottleneck: str = ""
    bottleneck_share: float = 0.0
    retry_share: float = 0.0
    backoff_share: float = 0.0
    queue_share: float = 0.0
    middleware_share: float = 0.0


def performance_of(result: RunResult) -> Performance:
    """Return where the time of *result* went; zeros where nothing ran."""
    ran = [stage for stage in result.stages if stage.started_at]
    phases = [stage.phases for stage in ran]
    attempts = [attempt for stage in ran for attempt in stage.attempts]
    slowest = max(ran, key=lambda stage: stage.seconds, default=None)
    busy = math.fsum(stage.seconds for stage in ran)
    again = math.fsum(attempt.seconds for stage in ran for attempt in stage.attempts[1:])
    return Performance(
        stages=Spread.of(stage.seconds for stage in ran),
        attempts=Spread.of(attempt.seconds for attempt in attempts),
        bottleneck=slowest.stage_id if slowest else "",
        bottleneck_share=_share(slowest.seconds if slowest else 0.0, result.seconds),
        retry_share=_share(again, busy),
        backoff_share=_share(math.fsum(phase.backoff_seconds for phase in phases), busy),
        queue_share=_share(math.fsum(phase.queue_seconds for phase in phases), busy),
        middleware_share=_share(math.fsum(phase.middleware_seconds for phase in phases), busy),
    )


def _share(part: float, whole: float) -> float:
    # Parts and wholes are measured one after the other: rounding must not make 101 %.
    return min(part / whole, 1.0) if whole > 0 else 0.0
