"""A problem as a network of numbers, of which only what a search asks for is worked out.

Where ten thousand operations can run, the plans of a level of weight are made of dozens. So
each table is filled as it is read, and the time depends on how far a level goes.
"""

from __future__ import annotations

from itertools import chain, takewhile
from math import ceil, floor, inf
from typing import TYPE_CHECKING, TypeVar

from registry_core.composer.measure import exactly, to_integers
from registry_core.composer.task import Limit, Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from registry_core.composer.index import Operation, Reach, TypeId
    from registry_core.composer.problem import Budget, Objective, Problem

__all__ = ["outline"]

EntryT = TypeVar("EntryT")


def outline(problem: Problem, reach: Reach, *, objective: Objective) -> Network:
    """Return the operations within *reach*, and the needs between them.

    What is had is left out on both sides. A required operation satisfies a need of its
    own, which is part of the goal. A plan's weight orders by cost, then by count, then by
    reluctance; for the other objectives by count and reluctance.

    Raises:
        ValueError: If the problem has a latest second and the objective is ``depth``.
    """
    if objective == "depth" and problem.max_latency_seconds is not None:
        message = "layers and seconds cannot both be counted"
        raise ValueError(message)
    reading = _Reading(problem, reach)
    names, operations = reading.names, reading.operations
    weights, unit, scale = _weights(operations, objective)
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
    needs = _Told(reading.needs)
    reached = map(reading.number.__getitem__, reach.operations)
    return Network(
        names,
        needs,
        _Told(reading.gives),
        _Told(reading.users),
        _Told(reading.makers),
        # Those that need nothing but what is had were reached before all others.
        ready=tuple(takewhile(lambda number: not needs[number], reached)),
        paces=tuple(paces),
        weights=tuple(weights),
        goal=reading.goal,
        unit=unit,
        scale=scale,
        end=end,
        limits=tuple(limits),
    )


class _Told(dict[int, EntryT]):
    """A table of which each entry is worked out when somebody asks for it first."""

    __slots__ = ("_tell",)

    def __init__(self, tell: Callable[[int], EntryT]) -> None:
        super().__init__()
        self._tell = tell

    def __missing__(self, number: int) -> EntryT:
        entry = self[number] = self._tell(number)
        return entry


class _Reading:
    """What the index says of a problem, in numbers. First are the needs of required operations."""

    def __init__(self, problem: Problem, reach: Reach) -> None:
        index = problem.index
        self.names = tuple(sorted(reach.operations))
        self.operations = [index[name] for name in self.names]
        self.number = {name: number for number, name in enumerate(self.names)}
        self._index = index
        self._required = sorted(problem.required)
        had = {need for given in problem.have for need in index.satisfies(given)}
        taken = chain(problem.want, chain.from_iterable(o.needs for o in self.operations))
        self._open = [need for need in dict.fromkeys(taken) if need not in had]
        self._numbers = {
            need: number for number, need in enumerate(self._open, len(self._required))
        }
        self.goal = self._numbered(problem.want).union(range(len(self._required)))

    def needs(self, number: int) -> frozenset[int]:
        return self._numbered(self.operations[number].needs)

    def gives(self, number: int) -> frozenset[int]:
        operation, satisfies = self.operations[number], self._index.satisfies
        found = self._numbered([need for given in operation.gives for need in satisfies(given)])
        if operation.id in self._required:
            return found | {self._required.index(operation.id)}
        return found

    def users(self, need: int) -> tuple[int, ...]:
        place = need - len(self._required)
        return () if place < 0 else self._reached(self._index.consumers(self._open[place]))

    def makers(self, need: int) -> tuple[int, ...]:
        place = need - len(self._required)
        return self._reached(
            self._required[need : need + 1] if place < 0 else self._index.givers(self._open[place])
        )

    def _numbered(self, needs: Iterable[TypeId]) -> frozenset[int]:
        """Leave out what is had, and what nobody within reach needs."""
        numbers = self._numbers
        return frozenset([numbers[need] for need in needs if need in numbers])

    def _reached(self, names: Iterable[str]) -> tuple[int, ...]:
        return tuple([self.number[name] for name in names if name in self.number])


def _weights(operations: Sequence[Operation], objective: Objective) -> tuple[list[int], int, int]:
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
