"""The best plans for a problem, in order, with a proof.

Plans come by value, then by how many operations they have, then by their sorted ids; the
order in which operations were indexed has no say. What a plan is, and why the order can
be trusted, is told in docs/explanation/planning.md.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import islice
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from registry_core.composer.assembly import assemble
from registry_core.composer.bits import bits, mask_of
from registry_core.composer.enumeration import Enumeration
from registry_core.composer.reachability import find_missing
from registry_core.composer.reduction import simplify
from registry_core.composer.solution import Exceeded, Found, Solution
from registry_core.composer.task import earliest, earliest_plan, extract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from registry_core.composer.assembly import Assembly
    from registry_core.composer.index import Reach
    from registry_core.composer.problem import Objective, Problem
    from registry_core.composer.solution import SolveResult
    from registry_core.composer.task import Task

__all__ = ["iterate", "solve"]


def solve(
    problem: Problem,
    *,
    objective: Objective = "stages",
    limit: int = 1,
    time_budget_seconds: float | None = 1.0,
    clock: Callable[[], float] = monotonic,
) -> SolveResult:
    """Return the *limit* best plans, or what stops every plan.

    When the time ends before the first plan is certain, the best one met so far is given
    with what is proved of it; when it ends later, those found until then.

    Args:
        problem: The question.
        objective: Least operations, parallel layers, seconds or cost.
        limit: Most plans to return.
        time_budget_seconds: After which the search ends, or None to let it end by itself.
        clock: Seconds that never go back.

    >>> from registry_core.composer.index import Operation
    >>> from registry_core.composer.problem import Problem
    >>> solve(Problem.of([Operation("a", (1,), (2,))], have=[1], want=[3])).missing
    (3,)
    """
    reach = problem.index.reach(problem.have, problem.excluded)
    if unreachable := find_missing(problem, reach):
        return unreachable
    run = _Run(problem, reach, objective, _alarm(time_budget_seconds, clock))
    found = tuple(islice(run.plans(), limit))
    return Found(found, run.complete) if found else Exceeded(run.fewest, run.complete)


def iterate(
    problem: Problem,
    *,
    objective: Objective = "stages",
    time_budget_seconds: float | None = None,
    clock: Callable[[], float] = monotonic,
) -> Iterator[Solution]:
    """Yield all plans lazily, best first; nothing when there is none.

    The arguments are those of `solve`. Each plan is searched for when it is asked for, and
    the time in between counts.
    """
    reach = problem.index.reach(problem.have, problem.excluded)
    if find_missing(problem, reach) is None:
        yield from _Run(problem, reach, objective, _alarm(time_budget_seconds, clock)).plans()


class _OutOfTimeError(Exception):
    """The time budget is spent."""


def _alarm(time_budget_seconds: float | None, clock: Callable[[], float]) -> Callable[[], None]:
    """Return what raises once the budget, counted from now, is spent."""
    deadline = inf if time_budget_seconds is None else clock() + time_budget_seconds

    def tick() -> None:
        if clock() >= deadline:
            raise _OutOfTimeError

    return tick


@dataclass(slots=True)
class _Run:
    """One search, and how it ended.

    Attributes:
        complete: Whether it is certain that no further plan exists.
        fewest: No plan has fewer operations.
    """

    problem: Problem
    reach: Reach
    objective: Objective
    tick: Callable[[], None]
    complete: bool = False
    fewest: int = 0

    def plans(self) -> Iterator[Solution]:
        """Yield plans in order, for as long as there is time."""
        most = self.problem.max_operations
        if most is not None and self.objective != "stages":
            smaller = replace(self, objective="stages")
            first = next(smaller.plans(), None)
            self.fewest = smaller.fewest
            if first is None:
                self.complete = smaller.complete
                return
        task = extract(self.problem, self.reach, objective=self.objective)
        task = simplify(task, sum(task.paces))
        finish = _finish(task, -1)
        level = self._level(task, finish or 0)
        given = False
        try:
            while finish is not None:
                for plan in level:
                    if _finish(task, _translate(plan, level.task, task)) == finish:
                        given = True
                        yield self._solution(level, plan, finish, proved=True)
                finish = _next_finish(task, finish, self.tick)
                if finish is not None:
                    level = self._level(task, finish)
            self.complete = True
        except _OutOfTimeError:
            if not given and (most is None or level.best.bit_count() <= most):
                yield self._solution(level, level.best, finish or 0, proved=False)
        if self.objective == "stages":
            self.fewest = level.bound

    def _level(self, task: Task, finish: int) -> Enumeration:
        """The plans that end by a tick; ordered among themselves by weight."""
        return Enumeration(simplify(task, finish), most=self.problem.max_operations, tick=self.tick)

    def _solution(self, level: Enumeration, plan: int, finish: int, *, proved: bool) -> Solution:
        """Wire a plan; unless it is proved, with the bound that was."""
        task = level.task
        names = [task.names[number] for number in bits(plan)]
        wired = assemble(self.problem, names, objective=self.objective)
        value, bound = self._measure(wired, level, finish)
        if proved:
            bound = value
        return Solution(
            wired.layers,
            wired.bindings,
            wired.cost,
            wired.latency_seconds,
            value,
            lower_bound=bound,
            proved=bound == value,
        )

    def _measure(self, wired: Assembly, level: Enumeration, finish: int) -> tuple[float, float]:
        """The value of a plan, and what no plan to come is below."""
        task = level.task
        match self.objective:
            case "stages":
                return sum(map(len, wired.layers)), level.bound
            case "depth":
                return len(wired.layers), finish
            case "latency":
                return wired.latency_seconds, finish / task.scale
            case "cost":
                return wired.cost, level.bound // task.unit / task.scale


def _finish(task: Task, allowed: int) -> int | None:
    """The first tick at which the goal can be satisfied by the *allowed* operations."""
    first, _ = earliest(task, allowed=allowed)
    finish = max([first[need] for need in task.goal], default=0)
    return None if finish == inf else int(finish)


def _translate(plan: int, inner: Task, outer: Task) -> int:
    """The numbers in *outer* of a plan's operations in *inner*, as bits."""
    return mask_of(bisect_left(outer.names, inner.names[number]) for number in bits(plan))


def _next_finish(task: Task, finish: int, tick: Callable[[], None]) -> int | None:
    """The next tick after *finish* at which some set of operations reaches the goal first.

    Such a set lacks an operation of every plan that ends by *finish*. So plans are broken
    one after the other, those first that leave the earliest finish.
    """
    waiting = [(finish, 0)]
    seen = {0}
    while waiting:
        tick()
        now, excluded = heappop(waiting)
        if now > finish:
            return now
        for number in bits(earliest_plan(task, allowed=~excluded)):
            without = excluded | 1 << number
            if without not in seen:
                seen.add(without)
                later = _finish(task, ~without)
                if later is not None:
                    heappush(waiting, (later, without))
    return None
