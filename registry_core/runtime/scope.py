"""What all stages of one run share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from registry_core.errors import ConfigError, Fault, RunTimeUpError
from registry_core.results.durable import RunKeeper
from registry_core.results.outcomes import ErrorRecord
from registry_core.runtime.clock import Clock
from registry_core.runtime.crew import Crew
from registry_core.runtime.host import Host
from registry_core.runtime.journal import Journal, stamp
from registry_core.runtime.middleware import ActiveMiddleware

if TYPE_CHECKING:
    from registry_core.results.outcomes import ErrorCode

__all__ = ["RunOptions", "RunScope"]

_ATTEMPT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a caller may say about one run.

    Attributes:
        timeout_seconds: Longest run, all attempts and pauses included; None for no limit.
        attempt_timeout_seconds: Longest attempt where neither the policy nor the agent says; None
            takes the settings' ``run.timeout_seconds``, 60 unless they say.
        grace_seconds: How long a cancelled attempt may take to end before it is left behind.
        close_seconds: How long all agents together may take to close.
        metadata: Facts for agents and records, such as a tenant or a ticket.
        run_id: Id of the run; a new one unless given.
        measure_share: Share of runs, 0 to 1, whose records say how large values are.

    Raises:
        ConfigError: If a time or a share is not one; all faults at once.
    """

    timeout_seconds: float | None = None
    attempt_timeout_seconds: float | None = None
    grace_seconds: float = 0.2
    close_seconds: float = 5.0
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    run_id: str = ""
    measure_share: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what could not be carried out."""
        faults = [Fault(name, "must be a finite number above 0") for name in _bad_times(self)]
        if not _is_share(self.measure_share):
            faults.append(Fault("measure_share", "must be a number from 0 to 1"))
        if faults:
            raise ConfigError("run options", faults)

    def measures(self, draw: Callable[[], float]) -> bool:
        """Return whether this run is one of those to measure; *draw* gives a number from 0 to 1."""
        return self.measure_share > 0 and draw() <= self.measure_share

    @property
    def attempt_seconds(self) -> float:
        """Longest attempt where nobody else says."""
        return (
            _ATTEMPT_SECONDS
            if self.attempt_timeout_seconds is None
            else self.attempt_timeout_seconds
        )


def _bad_times(options: RunOptions) -> list[str]:
    times = {
        "timeout_seconds": options.timeout_seconds,
        "attempt_timeout_seconds": options.attempt_timeout_seconds,
        "grace_seconds": options.grace_seconds,
        "close_seconds": options.close_seconds,
    }
    return [
        name for name, seconds in times.items() if seconds is not None and not _is_time(seconds)
    ]


def _is_time(seconds: object) -> bool:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return False
    return math.isfinite(seconds) and seconds > 0


def _is_share(share: object) -> bool:
    if isinstance(share, bool) or not isinstance(share, int | float):
        return False
    return 0 <= share <= 1


@dataclass(slots=True)
class RunScope:
    """The run's facts, its clock, its agents, and why it may have to end early.

    Attributes:
        host: What this run shares with others.
        keeper: Keeps the run, so that another process can go on with it, or None.
        deadline: When the run's time is up, on the monotonic clock; infinite without a limit.
        has_expired: Whether the event loop has cut the run because of that.
        stopped_by: The stage whose failure ends the run, or empty.
        is_measured: Whether its records say how large values are.
    """

    run_id: str
    options: RunOptions
    clock: Clock
    draw: Callable[[], float]
    crew: Crew
    host: Host
    journal: Journal
    run_layers: tuple[ActiveMiddleware, ...]
    stage_layers: tuple[ActiveMiddleware, ...]
    attempt_layers: tuple[ActiveMiddleware, ...]
    deadline: float = math.inf
    has_expired: bool = False
    stopped_by: str = ""
    keeper: RunKeeper | None = None
    is_measured: bool = False

    def remaining_seconds(self) -> float:
        """Return how much of the run's time is left."""
        return self.deadline - self.clock.monotonic()

    def time_is_up(self) -> bool:
        """Return whether the run's deadline has passed, on either clock."""
        return self.deadline < math.inf and (self.has_expired or self.remaining_seconds() <= 0)

    def check_time(self) -> None:
        """Return quietly while there is time.

        Raises:
            RunTimeUpError: If there is none left.
        """
        if self.time_is_up():
            raise RunTimeUpError(self.options.timeout_seconds or 0.0)

    def cut_record(self, stage_id: str = "", attempt: int = 0) -> ErrorRecord:
        """Return the record of why something of this run is cut."""
        code: ErrorCode = "cancelled"
        message = "the caller cancelled the run"
        if self.stopped_by:
            message = f"stage {self.stopped_by!r} failed and ended the run"
        elif self.time_is_up():
            code, message = "run_timeout", f"the run's {self.options.timeout_seconds:g} s were up"
        return ErrorRecord(code, "", message, stage_id, attempt, stamp(self.clock))
