"""The part of a problem that can matter, as small integers.

Operations are numbered by their sorted ids, so nothing depends on the order in which a
catalog was filled. A task counts time in ticks: each operation takes its pace, and each
need has a latest useful tick. Where it is weight that counts, an operation takes as many
ticks as it weighs: then no plan ends later than its weight, and what cannot end in time
is too heavy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from registry_core.composer.measure import to_integers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.composer.index import Reach, TypeId
    from registry_core.composer.problem import Objective, Problem

__all__ = ["Task", "extract"]


@dataclass(frozen=True, slots=True)
class Task:
    """A problem reduced to what can matter.

    Attributes:
        names: Ids, sorted; the position of an id is the operation's number.
        needs: The needs of each operation.
        gives: The needs that each operation satisfies.
        paces: Ticks that each operation takes.
        weights: What each operation adds to a plan's weight; a count where costs are no matter.
        goal: The needs that must be satisfied in the end.
        latest: For each need, the last tick at which satisfying it is of use.
        unit: How much weight makes one unit of cost.
        scale: How many ticks make a second, or units of cost a cost of one.
        users: For each need, the operations that have it.
        makers: For each need, the operations that satisfy it.
    """

    names: tuple[str, ...]
    needs: tuple[frozenset[int], ...]
    gives: tuple[frozenset[int], ...]
    paces: tuple[int, ...]
    weights: tuple[int, ...]
    goal: frozenset[int]
    latest: tuple[int, ...]
    unit: int = 1
    scale: int = 1
    users: tuple[tuple[int, ...], ...] = field(init=False)
    makers: tuple[tuple[int, ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Note of each need who has it and who satisfies it."""
        object.__setattr__(self, "users", _inverse(self.needs, len(self.latest)))
        object.__setattr__(self, "makers", _inverse(self.gives, len(self.latest)))


def _inverse(sets: Iterable[Iterable[int]], count: int) -> tuple[tuple[int, ...], ...]:
    """For each of *count* needs the operations whose set has it, ascending."""
    found: list[list[int]] = [[] for _ in range(count)]
    for number, needs in enumerate(sets):
        for need in needs:
            found[need].append(number)
    return tuple(map(tuple, found))


def extract(problem: Problem, reach: Reach, *, objective: Objective) -> Task:
    """Return the operations that can contribute to the goal, and the needs between them.

    What is had is left out on both sides. A required operation satisfies a need of its
    own, which is part of the goal. A plan's weight orders by cost, then by count; for the
    other objectives it is the count.
    """
    index = problem.index
    reached = frozenset(reach.operations)
    had = {need for given in problem.have for need in index.satisfies(given)}
    open_needs: dict[TypeId, int] = {}
    gives: dict[str, set[int]] = {}
    queue = [need for need in problem.want if need not in had]
    for position, name in enumerate(sorted(problem.required)):
        gives[name] = {-1 - position}
        queue += index[name].needs
    for need in queue:
        if need in had or need in open_needs:
            continue
        number = open_needs[need] = len(open_needs)
        for name in index.givers(need):
            if name in gives:
                gives[name].add(number)
            elif name in reached:
                gives[name] = {number}
                queue += index[name].needs
    return _number(problem, open_needs, gives, had, objective)


def _number(
    problem: Problem,
    open_needs: dict[TypeId, int],
    gives: dict[str, set[int]],
    had: set[TypeId],
    objective: Objective,
) -> Task:
    """Put the operations in the order of their ids, and ask for the required ones."""
    names = tuple(sorted(gives))
    operations = [problem.index[name] for name in names]
    own = len(problem.required)
    weights, unit, scale = [1] * len(names), 1, 1
    if objective == "cost":
        costs, scale = to_integers(operation.cost for operation in operations)
        unit = len(names) + 1
        weights = [cost * unit + 1 for cost in costs]
    paces = weights
    if objective == "latency":
        paces, scale = to_integers(operation.latency_seconds for operation in operations)
    wanted = frozenset([open_needs[n] + own for n in problem.want if n not in had])
    return Task(
        names,
        tuple(
            frozenset([open_needs[n] + own for n in o.needs if n not in had]) for o in operations
        ),
        tuple(frozenset([number + own for number in gives[name]]) for name in names),
        paces=tuple(paces),
        weights=tuple(weights),
        goal=wanted.union(range(own)),
        latest=(0,) * (own + len(open_needs)),
        unit=unit,
        scale=scale,
    )
