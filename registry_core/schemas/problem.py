"""What the search for a value is asked, what it answers, and what a type must do to take part.

A problem is a set of claims. Its answer is a value of which all claims are true, the proof that
there is none, or the admission that neither was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from registry_core.definitions.schema import JsonObject, JsonValue
    from registry_core.schemas.atoms import Claim, Node, Step
    from registry_core.schemas.budget import Budget
    from registry_core.schemas.evaluate import Judge
    from registry_core.schemas.patterns import Patterns

__all__ = ["Facts", "Found", "Nothing", "Outcome", "Problem", "Solver", "Unknown"]

Problem: TypeAlias = "frozenset[Claim]"


class Found(NamedTuple):
    """A value of which all claims are true."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is no such value; this was proved."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """No value was found, and no proof that there is none."""

    keyword: str
    reason: str


Outcome: TypeAlias = Found | Nothing | Unknown


class Solver(Protocol):
    """What the types use of the search."""

    budget: Budget
    judge: Judge
    patterns: Patterns

    def first_of(self, values: list[JsonValue], problem: Problem) -> Outcome:
        """Return the first of *values* of which all claims are true."""
        ...

    def find(self, problem: Problem) -> Outcome:
        """Answer a problem about a part of the value."""
        ...

    def made_up(self, raw: JsonObject) -> Node:
        """Return a node for a schema that stands in no document."""
        ...

    def listed(self, claims: Iterable[Claim]) -> list[JsonValue] | None:
        """Return the few values that *claims* leave at most, or None when there is no list."""
        ...


class Facts(Protocol):
    """What has been collected about a value of one type."""

    def add(self, step: Step) -> bool:
        """Collect one step; False when it contradicts what is known."""
        ...

    def entails(self, step: Step) -> bool:
        """Return whether *step* is certainly true already."""
        ...

    def refutes(self, step: Step) -> bool:
        """Return whether it is plain that *step* contradicts what is known."""
        ...

    def copy(self) -> Self:
        """Return facts that can grow apart from these."""
        ...

    def solve(self) -> Outcome:
        """Return a value that all facts are true of."""
        ...
