"""What must be decided, as small integers.

Operations are numbered by their sorted ids, so nothing depends on the order in which a
catalog was filled. Time is counted in ticks: each operation takes its pace, and each need
of a task has a latest useful tick. Where it is weight that counts, an operation takes as many
ticks as it weighs: then no plan ends later than its weight, and what cannot end in time
is too heavy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Limit", "Network", "Table", "Task"]

EntryT_co = TypeVar("EntryT_co", covariant=True)


class Limit(NamedTuple):
    """What a plan's operations must not add up to more of: positive weights, and the most."""

    weights: tuple[int, ...]
    most: int


class Table(Protocol[EntryT_co]):
    """What is known of each operation, or of each need, by its number."""

    def __getitem__(self, number: int, /) -> EntryT_co:
        """Return what is known of *number*."""
        ...


@dataclass(frozen=True, slots=True)
class Network:
    """Operations and the needs between them, of which a table may know only what it was asked.

    Attributes:
        names: Ids, sorted; the position of an id is the operation's number.
        needs: The needs of each operation.
        gives: The needs that each operation satisfies.
        users: For each need, the operations that have it.
        makers: For each need, the operations that satisfy it.
        ready: The operations without a need.
        paces: Ticks that each operation takes.
        weights: What each operation adds to a plan's weight: its cost where that is asked for,
            then a count, then its reluctance.
        goal: The needs that must be satisfied in the end.
        unit: How much weight makes one operation, or one unit of cost where that is asked for.
        scale: How many ticks make a second, or units of cost a cost of one.
        end: The tick by which the goal must be satisfied, where that was asked for.
        limits: What else must not add up to more than it may.
    """

    names: tuple[str, ...]
    needs: Table[frozenset[int]]
    gives: Table[frozenset[int]]
    users: Table[tuple[int, ...]]
    makers: Table[tuple[int, ...]]
    ready: tuple[int, ...]
    paces: tuple[int, ...]
    weights: tuple[int, ...]
    goal: frozenset[int]
    unit: int = 1
    scale: int = 1
    end: float = inf
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Task(Network):
    """A network that is known wholly, and holds only what can matter.

    Attributes:
        latest: For each need, the last tick at which satisfying it is of use.
    """

    needs: tuple[frozenset[int], ...]
    gives: tuple[frozenset[int], ...]
    users: tuple[tuple[int, ...], ...] = field(init=False)
    makers: tuple[tuple[int, ...], ...] = field(init=False)
    ready: tuple[int, ...] = field(init=False)
    latest: tuple[float, ...] = field(kw_only=True)

    def __post_init__(self) -> None:
        """Note of each need who has it and who satisfies it."""
        object.__setattr__(self, "users", _inverse(self.needs, len(self.latest)))
        object.__setattr__(self, "makers", _inverse(self.gives, len(self.latest)))
        ready = (number for number, needs in enumerate(self.needs) if not needs)
        object.__setattr__(self, "ready", tuple(ready))


def _inverse(sets: Iterable[Iterable[int]], count: int) -> tuple[tuple[int, ...], ...]:
    """For each of *count* needs the operations whose set has it, ascending."""
    found: list[list[int]] = [[] for _ in range(count)]
    for number, needs in enumerate(sets):
        for need in needs:
            found[need].append(number)
    return tuple(map(tuple, found))
