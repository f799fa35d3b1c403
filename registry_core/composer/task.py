"""The part of a problem that can matter, as small integers.

Operations are numbered by their sorted ids, so nothing depends on the order in which a
catalog was filled. A task counts time in ticks: each operation takes its pace, and each
need has a latest useful tick. Where it is weight that counts, an operation takes as many
ticks as it weighs: then no plan ends later than its weight, and what cannot end in time
is too heavy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor, inf
from typing import TYPE_CHECKING, NamedTuple

from registry_core.composer.measure import exactly, to_integers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.composer.index import Operation, Reach, TypeId
    from registry_core.composer.problem import Budget, Objective, Problem

__all__ = ["Limit", "Task", "extract"]


class Limit(NamedTuple):
    """What a plan's operations must not add up to more of: positive weights, and the most."""

    weights: tuple[int, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Task:
    """A problem reduced to what can matter.

    Attributes:
        names: Ids, sorted; the position of an id is the operation's number.
        needs: The needs of each operation.
        gives: The needs that each operation satisfies.
        paces: Ticks that each operation takes.
        weights: What each operation adds to a plan's weight: its cost where that is asked for,
            then a count, then its reluctance.
        goal: The needs that must be satisfied in the end.
        latest: For each need, the last tick at which satisfying it is of use.
        unit: How much weight makes one operation, or one unit of cost where that is asked for.
        scale: How many ticks make a second, or units of cost a cost of one.
        end: The tick by which the goal must be satisfied, where that was asked for.
        limits: What else must not add up to more than it may.
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
    end: float = inf
    limits: tuple[Limit, ...] = ()
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
    own, which is part of the goal. A plan's weight orders by cost, then by count, then by
    reluctance; for the other objectives by count and reluctance.

    Raises:
        ValueError: If the problem has a latest second and the objective is ``depth``.
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
    weights, unit, scale = _weights(operations, objective)
    if objective == "depth" and problem.max_latency_seconds is not None:
        message = "layers and seconds cannot both be counted"
        raise ValueError(message)
    paces, end = weights, inf
    if objective == "latency" or problem.max_latency_seconds is not None:
        paces, ticks = to_integers(operation.latency_seconds for operation in operations)
        if problem.max_latency_seconds is not None:
            last = exactly(problem.max_latency_seconds) * ticks
            end = ceil(last) - 1 if problem.sooner else floor(last)
        scale = ticks if objective == "latency" else scale
    elif objective == "depth":
        paces = [1] * len(names)
    limits = [_limit(names, budget) for budget in problem.budgets]
    if problem.max_operations is not None and objective != "stages":
        limits.append(Limit((1,) * len(names), problem.max_operations))
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
        end=end,
        limits=tuple(limits),
    )


def _weights(operations: list[Operation], objective: Objective) -> tuple[list[int], int, int]:
    """Weights, how much of it makes one operation or unit of cost, and units in a cost of one."""
    ties = [0] * len(operations)
    if any(operation.reluctance for operation in operations):
        ties, _ = to_integers(operation.reluctance for operation in operations)
    one = sum(ties) + 1
    weights = [one + tie for tie in ties]
    if objective != "cost":
        return weights, one, 1
    costs, scale = to_integers(operation.cost for operation in operations)
    unit = one * (len(operations) + 1)
    return [cost * unit + weight for cost, weight in zip(costs, weights, strict=True)], unit, scale


def _limit(names: tuple[str, ...], budget: Budget) -> Limit:
    """The same budget with uses that are whole and positive, as what is compared must be."""
    uses, scale = to_integers(budget.uses.get(name, 0) for name in names)
    most = exactly(budget.most) * scale
    room = ceil(most) - 1 if budget.strict else floor(most)
    step = len(names) + 1
    return Limit(tuple([use * step + 1 for use in uses]), room * step + step - 1)
