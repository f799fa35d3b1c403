"""The law that the search is held to, by trying every subset of a small problem."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from registry_core.composer.index import Operation
from registry_core.composer.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from registry_core.composer.index import TypeId
    from registry_core.composer.problem import Objective
    from registry_core.composer.solution import Solution

__all__ = ["Ranked", "SmallProblem", "rank", "small_problem"]


class Ranked(NamedTuple):
    """A plan as it is ordered."""

    value: float
    size: int
    ids: tuple[str, ...]

    @classmethod
    def of(cls, solution: Solution) -> Ranked:
        """Return what a solution is ordered by."""
        return cls(solution.value, len(solution.operations), tuple(sorted(solution.operations)))


class SmallProblem(NamedTuple):
    """A problem with its operations, in the order in which they were indexed."""

    problem: Problem
    operations: tuple[Operation, ...]
    satisfies: dict[TypeId, list[TypeId]]


def rank(small: SmallProblem, objective: Objective) -> list[Ranked]:
    """Return all plans, best first.

    A set of operations is a plan when it reaches what is wanted, and no proper subset does
    so at the same value or a better one.
    """
    problem = small.problem
    allowed = [o for o in small.operations if o.id not in problem.excluded]
    values: dict[frozenset[str], Fraction] = {}
    for size in range(len(allowed) + 1):
        for chosen in combinations(allowed, size):
            value = _value(problem, chosen, objective)
            if value is not None:
                values[frozenset(o.id for o in chosen)] = value
    most = len(allowed) if problem.max_operations is None else problem.max_operations
    plans = [
        (value, len(ids), tuple(sorted(ids)))
        for ids, value in values.items()
        if len(ids) <= most
        and not any(other < ids and as_good <= value for other, as_good in values.items())
    ]
    return [Ranked(float(value), size, ids) for value, size, ids in sorted(plans)]


def _value(problem: Problem, chosen: Sequence[Operation], objective: Objective) -> Fraction | None:
    """What a set is worth, or None when it does not reach what is wanted."""
    match objective:
        case "stages":
            total = Fraction(len(chosen))
            return None if _finish(problem, chosen, lambda _: Fraction(0)) is None else total
        case "cost":
            total = sum((Fraction(repr(o.cost)) for o in chosen), Fraction(0))
            return None if _finish(problem, chosen, lambda _: Fraction(0)) is None else total
        case "depth":
            return _finish(problem, chosen, lambda _: Fraction(1))
        case "latency":
            return _finish(problem, chosen, lambda o: Fraction(repr(o.latency_seconds)))


def _finish(
    problem: Problem, chosen: Sequence[Operation], pace: Callable[[Operation], Fraction]
) -> Fraction | None:
    """When the last wanted need is satisfied, found by relaxing until nothing changes."""
    first = {need: Fraction(0) for t in problem.have for need in problem.index.satisfies(t)}
    ended: dict[str, Fraction] = {}
    before: tuple[object, object] | None = None
    while before != (first, ended):
        before = (dict(first), dict(ended))
        for operation in chosen:
            if all(need in first for need in operation.needs):
                end = max([first[n] for n in operation.needs], default=Fraction(0))
                end += pace(operation)
                ended[operation.id] = min(end, ended.get(operation.id, end))
                for given in operation.gives:
                    for need in problem.index.satisfies(given):
                        first[need] = min(end, first.get(need, end))
    if not first.keys() >= set(problem.want) or not ended.keys() >= problem.required:
        return None
    ends = [*(first[n] for n in problem.want), *(ended[name] for name in problem.required)]
    return max(ends, default=Fraction(0))


def small_problem(seed: int) -> SmallProblem:
    """Return a random problem of at most eight operations, some of them with options."""
    random = Random(seed)  # noqa: S311 -- repeatable, not secret
    types = random.randint(2, 8)
    satisfies: dict[TypeId, list[TypeId]] = {}
    if random.random() < 0.7:
        for given in range(types):
            if random.random() < 0.5:
                others = random.sample(range(types), random.randint(0, min(2, types)))
                satisfies[given] = [*([given] if random.random() < 0.8 else []), *others]
    names = random.sample("abcdefghijkl", random.randint(1, 8))
    numbers = (0, 0.1, 0.2, 0.3, 1, 1, 2)
    operations = tuple(
        Operation(
            name,
            tuple(random.choices(range(types), k=random.choice((0, 1, 1, 1, 2, 2, 3)))),
            tuple(random.choices(range(types), k=random.choice((1, 1, 2)))),
            cost=random.choice(numbers),
            latency_seconds=random.choice(numbers),
        )
        for name in names
    )
    problem = Problem.of(
        operations,
        have=random.choices(range(types), k=random.choice((0, 1, 1, 2))),
        want=random.choices(range(types), k=random.choice((1, 1, 2, 3))),
        satisfies=satisfies,
        max_operations=random.randint(0, 4) if random.random() < 0.2 else None,
    )
    excluded = frozenset(random.sample(names, int(random.random() < 0.15)))
    required = frozenset(random.sample(names, int(random.random() < 0.15)))
    return SmallProblem(
        replace(problem, excluded=excluded, required=required), operations, satisfies
    )
