"""Replicas as a balancer knows them: what they are, how they are, and who waits for them."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias, TypeVar

from registry_core.errors import ConfigError, Fault
from registry_core.results.batch import Outcome
from registry_core.results.outcomes import ErrorCode
from registry_core.runtime.failures import type_name

__all__ = ["BalancerOptions", "Line", "Replica", "ReplicaHealth", "Seat", "Ticket"]

_log = logging.getLogger("registry_core.runtime")

_ELSEWHERE: frozenset[ErrorCode] = frozenset(
    {
        "agent_error",
        "attempt_timeout",
        "circuit_open",
        "host_error",
        "invalid_output",
        "load_error",
        "over_capacity",
        "queue_timeout",
    }
)

T = TypeVar("T")

Mode: TypeAlias = Literal["pull", "push"]


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Replica(Generic[T]):
    """One of several that can do the same.

    Attributes:
        name: Unique in its balancer.
        work: Runs one item.
        capacity: How many it runs at once.
        is_available: Whether it may be given items now; its breaker knows.

    Raises:
        ConfigError: If *capacity* is no count.
    """

    name: str
    work: Callable[[T], Awaitable[Outcome]]
    capacity: int = 1
    is_available: Callable[[], bool] = _always

    def __post_init__(self) -> None:
        """Refuse a capacity that is none."""
        if not _is_count(self.capacity):
            fault = Fault("capacity", "must be a whole number above 0")
            raise ConfigError(f"replica {self.name}", [fault])


@dataclass(frozen=True, slots=True)
class BalancerOptions:
    """How items are given to replicas.

    Attributes:
        mode: ``pull`` keeps one line for all; ``push`` gives an item to the replica with the
            least (active + queued) / capacity at once, for replicas that prepare what waits.
        max_tries: How often an item is tried in all, on another replica each time while there
            is one that it was not tried on; 1 for agents that must not see an item twice.
        elsewhere: Kinds of failure that another replica may not have.
        patience_seconds: How long items wait while no replica at all is available.
        recheck_seconds: How often to ask a replica that was not available whether it is now.

    Raises:
        ConfigError: If one of them cannot be.
    """

    mode: Mode = "pull"
    max_tries: int = 3
    elsewhere: frozenset[ErrorCode] = _ELSEWHERE
    patience_seconds: float = 60.0
    recheck_seconds: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what could not be carried out."""
        faults = [] if _is_count(self.max_tries) else [Fault("max_tries", "must be 1 or more")]
        if self.mode not in {"pull", "push"}:
            faults.append(Fault("mode", "must be pull or push"))
        if not _is_time(self.patience_seconds):
            faults.append(Fault("patience_seconds", "must be above 0"))
        if not _is_time(self.recheck_seconds):
            faults.append(Fault("recheck_seconds", "must be above 0"))
        if faults:
            raise ConfigError("balancer options", faults)


@dataclass(frozen=True, slots=True)
class ReplicaHealth:
    """How a replica is.

    Attributes:
        name: The replica.
        capacity: How many items it runs at once.
        active: How many it runs now.
        queued: How many wait for it, and for nobody else.
        served: How many it has run.
        failed: How many of them left no output.
        is_available: Whether it may be given items.
        is_draining: Whether it was told to take no more.
    """

    name: str
    capacity: int
    active: int
    queued: int
    served: int
    failed: int
    is_available: bool
    is_draining: bool


@dataclass(eq=False, slots=True)
class Ticket:
    """An item that waits, and where it was tried."""

    tried: set[str]
    future: asyncio.Future[Seat | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    seat: Seat | None = None


Line: TypeAlias = OrderedDict[Ticket, None]


@dataclass(eq=False, slots=True)
class Seat:
    """What the balancer knows of a replica.

    Attributes:
        line: Who waits for it; one for all replicas where items are pulled.
        turn: Up to when it has had its share, in items by capacity.
    """

    name: str
    capacity: int
    check: Callable[[], bool]
    line: Line
    is_shared: bool
    active: int = 0
    served: int = 0
    failed: int = 0
    turn: float = 0.0
    is_draining: bool = False
    has_raised: bool = False

    @property
    def health(self) -> ReplicaHealth:
        """How it is."""
        return ReplicaHealth(
            name=self.name,
            capacity=self.capacity,
            active=self.active,
            queued=self.queued,
            served=self.served,
            failed=self.failed,
            is_available=self.is_offered(),
            is_draining=self.is_draining,
        )

    @property
    def queued(self) -> int:
        """How many wait for it, and for nobody else."""
        return 0 if self.is_shared else len(self.line)

    @property
    def load(self) -> float:
        """How much there is to do, in its own capacities."""
        return (self.active + self.queued) / self.capacity

    @property
    def has_room(self) -> bool:
        """Whether it could run one more."""
        return self.active < self.capacity

    def is_offered(self) -> bool:
        """Return whether it may be given an item, now or when it has room."""
        if self.is_draining:
            return False
        try:
            return self.check()
        except Exception as error:  # noqa: BLE001 -- a stranger's answer that is none
            if not self.has_raised:
                self.has_raised = True
                _log.warning(
                    "replica %s is not used: asking whether it is available raised %s",
                    self.name,
                    type_name(error),
                )
            return False


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value > 0
