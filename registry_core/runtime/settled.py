"""How a stranger's code ended, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

__all__ = ["Overdue", "Raised", "Returned", "Settled"]

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
