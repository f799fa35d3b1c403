"""The law that the search is held to, by trying every subset of a small problem."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from registry_core.composer.index import Operation
from registry_core.composer.problem import Budget, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from registry_core.composer.index import TypeId
    from registry_core.composer.problem import Objective
    from registry_core.composer.solution import Solution

__all__ = ["Ranked", "SmallProblem", "drawn", "rank", "small_problem"]


class Ranked(NamedTuple):
    """A plan as it is ordered."""

    value: float
    size: int
    reluctance: Fraction
    ids: tuple[str, ...]

    @classmethod
    def of(cls, problem: Problem, solution: Solution) -> Ranked:
        """Return what a solution is ordered by."""
        ids = tuple(sorted(solution.operations))
        return cls(solution.value, len(ids), _sum(problem.index[i].reluctance for i in ids), ids)


class SmallProblem(NamedTuple):
    """A problem with its operations, in the order in which they were indexed."""

    problem: Problem
    operations: tuple[Operation, ...]
    satisfies: dict[TypeId, list[TypeId]]


def drawn(seed: int, objective: Objective) -> SmallProblem:
    """Return the random problem of *seed*, as far as *objective* can be asked of it."""
    small = small_problem(seed)
    if objective != "depth":
        return small
    return small._replace(problem=replace(small.problem, max_latency_seconds=None))


def rank(small: SmallProblem, objective: Objective) -> list[Ranked]:
    """Return all plans, best first.

    A set of operations is a plan when it reaches what is wanted, in time where that is limited,
    and no proper subset does so at the same value or a better one. Of these, those count that
    keep within the budgets.
    """
    problem = small.problem
    allowed = [o for o in small.operations if o.id not in problem.excluded]
    values: dict[frozenset[str], Fraction] = {}
    for size in range(len(allowed) + 1):
        for chosen in combinations(allowed, size):
            value = _value(problem, chosen, objective)
            if value is not None and _in_time(problem, chosen):
                values[frozenset(o.id for o in chosen)] = value
    most = len(allowed) if problem.max_operations is None else problem.max_operations
    plans = [
        (value, len(ids), _sum(problem.index[i].reluctance for i in ids), tuple(sorted(ids)))
        for ids, value in values.items()
        if len(ids) <= most
        and _affordable(problem, ids)
        and not any(other < ids and as_good <= value for other, as_good in values.items())
    ]
    return [Ranked(float(value), size, ties, ids) for value, size, ties, ids in sorted(plans)]


def _sum(numbers: Iterable[float]) -> Fraction:
    return sum((Fraction(repr(number)) for number in numbers), Fraction(0))


def _affordable(problem: Problem, ids: Iterable[str]) -> bool:
    for budget in problem.budgets:
        used, most = _sum(budget.uses.get(i, 0) for i in ids), Fraction(repr(budget.most))
        if used > most or (budget.strict and used == most):
            return False
    return True


def _in_time(problem: Problem, chosen: Sequence[Operation]) -> bool:
    if problem.max_latency_seconds is None:
        return True
    latest = Fraction(repr(problem.max_latency_seconds))
    end = _finish(problem, chosen, lambda o: Fraction(repr(o.latency_seconds)))
    return end is not None and (end < latest if problem.sooner else end <= latest)


def _value(problem: Problem, chosen: Sequence[Operation], objective: Objective) -> Fraction | None:
    """What a set is worth, or None when it does not reach what is wanted."""
    match objective:
        case "stages":
            total = Fraction(len(chosen))
            return None if _finish(problem, chosen, lambda _: Fraction(0)) is None else total
        case "cost":
            total = _sum(o.cost for o in chosen)
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
            reluctance=random.choice((0, 0, 0.1, 0.2)),
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
    problem = replace(problem, excluded=excluded, required=required)
    return SmallProblem(_limited(random, problem, names), operations, satisfies)


def _limited(random: Random, problem: Problem, names: Sequence[str]) -> Problem:
    """The same problem, sometimes with budgets and a latest second."""
    budgets = tuple(
        Budget(
            f"budget {number}",
            {name: random.choice((0, 0.1, 0.3, 1, 2)) for name in names},
            random.choice((0, 0.3, 0.4, 1, 2.1, 3)),
            strict=random.random() < 0.3,
        )
        for number in range(random.choice((0, 0, 0, 1, 2)))
    )
    latest = random.choice((None, None, None, 0, 0.3, 0.5, 1, 2.2))
    return replace(
        problem, budgets=budgets, max_latency_seconds=latest, sooner=random.random() < 0.3
    )
