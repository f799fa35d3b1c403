"""How a stranger's code ended, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from registry_core.runtime.breaker import Permit

__all__ = ["FirstAttempt", "Overdue", "Raised", "Returned", "Settled"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Returned(Generic[T]):
    """It ended with a value."""

    value: T


@dataclass(frozen=True, slots=True)
class Raised:
    """It ended with an exception, of whatever kind."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Overdue:
    """Its time was up; *answer* is what it raised on being told so."""

    answer: BaseException | None = None


Settled: TypeAlias = Returned[T] | Raised


class FirstAttempt(NamedTuple):
    """An attempt that was over before anybody made a record of it.

    Attributes:
        settled: How it ended.
        permit: Leave to call the agent that it had.
        started_at: When it began, UTC in ISO 8601.
        seconds: How long it took.
    """

    settled: Settled[object] | Overdue
    permit: Permit | None
    started_at: str
    seconds: float
