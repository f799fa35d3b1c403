"""What a check of a plugin found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Broken", "Finding", "Held", "Unchecked"]


@dataclass(frozen=True, slots=True)
class Held:
    """It is as it should be; *note* is worth reading all the same."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """It is not; *reason* says what, and what to type."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unchecked:
    """It could not be checked; *reason* says what is missing."""

    reason: str


Finding: TypeAlias = Held | Broken | Unchecked
