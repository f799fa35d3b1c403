"""The best plans for a problem, in order, with a proof.

Plans come by value, then by how many operations they have, then by their sorted ids; the
order in which operations were indexed has no say. What a plan is, and why the order can
be trusted, is told in docs/explanation/planning.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import islice, takewhile
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from registry_core.composer.assembly import assemble
from registry_core.composer.bits import bits
from registry_core.composer.enumeration import Enumeration
from registry_core.composer.index import Reach
from registry_core.composer.outline import outline
from registry_core.composer.problem import Objective, Problem
from registry_core.composer.reachability import find_missing
from registry_core.composer.reduction import simplify
from registry_core.composer.solution import Exceeded, Found, Solution, Unreachable
from registry_core.composer.timing import earliest_plan, finish, keep_timely, timeless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.composer.solution import SolveResult
    from registry_core.composer.task import Network

__all__ = ["Search", "begin", "iterate", "solve"]


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

    Raises:
        ValueError: If the problem has a latest second and the objective is ``depth``.

    >>> from registry_core.composer.index import Operation
    >>> from registry_core.composer.problem import Problem
    >>> solve(Problem.of([Operation("a", (1,), (2,))], have=[1], want=[3])).missing
    (3,)
    """
    search = begin(
        problem, objective=objective, time_budget_seconds=time_budget_seconds, clock=clock
    )
    if isinstance(search, Unreachable):
        return search
    found = tuple(islice(search.plans(), limit))
    return Found(found, search.complete) if found else Exceeded(search.fewest, search.complete)


def begin(
    problem: Problem,
    *,
    objective: Objective = "stages",
    time_budget_seconds: float | None = None,
    clock: Callable[[], float] = monotonic,
) -> Search | Unreachable:
    """Return the search for all plans, or what stops every plan.

    The arguments are those of `solve`. The time counts from now on.
    """
    reach = problem.index.reach(problem.have, problem.excluded)
    if unreachable := find_missing(problem, reach):
        return unreachable
    return Search(problem, reach, objective, _alarm(time_budget_seconds, clock))


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
    search = begin(
        problem, objective=objective, time_budget_seconds=time_budget_seconds, clock=clock
    )
    if isinstance(search, Search):
        yield from search.plans()


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
class Search:
    """One search, level by level: all plans up to a bound, in order, then those up to the next.

    For depth and latency a level holds the plans that end at one tick. For stages and cost
    the bound is on the weight, so that a level leaves out what only heavy plans use.

    Attributes:
        complete: Whether it is certain that no further plan exists.
        fewest: No plan has fewer operations, as far as was proved.
        given: Whether a plan was given.
        known: The weight of a plan, given or not.
        together: What all operations of the latest level weigh.
    """

    problem: Problem
    reach: Reach
    objective: Objective
    tick: Callable[[], None]
    complete: bool = False
    fewest: int = 0
    given: bool = False
    known: int = 0
    together: int = 0

    def plans(self) -> Iterator[Solution]:
        """Yield plans in order, for as long as there is time."""
        if not self._may_be_small_enough():
            return
        network = outline(self.problem, self.reach, objective=self.objective)
        level: Enumeration | None = None
        done = bound = -1
        try:
            for bound in self._bounds(network):
                level = self._level(network, bound)
                self.known = level.weigh(level.best)
                self.together = sum(level.task.weights)
                for plan in level:
                    rank = self._rank(level, plan)
                    if rank <= done:
                        continue
                    if not self._is_small_enough(plan):
                        self.fewest, self.complete = plan.bit_count(), True
                        return
                    self.given = True
                    yield self._solution(level, plan, rank)
                done = bound
            self.complete = True
        except _OutOfTimeError:
            if level is not None and not self.given:
                yield from self._best_so_far(level, done, bound)

    @property
    def _timed(self) -> bool:
        return self.objective in {"depth", "latency"}

    def _may_be_small_enough(self) -> bool:
        """Compare the fewest operations of any plan with the most that are allowed."""
        if self.problem.max_operations is None or self.objective == "stages":
            return True
        stages = replace(self, objective="stages")
        found = next(stages.plans(), None)
        self.fewest, self.complete = stages.fewest, stages.complete and found is None
        return found is not None

    def _is_small_enough(self, plan: int) -> bool:
        most = self.problem.max_operations
        return most is None or plan.bit_count() <= most

    def _best_so_far(self, level: Enumeration, done: int, bound: int) -> Iterator[Solution]:
        """Yield the best plan met in a level that was cut short, with what is proved of it."""
        at_least = bound
        if not self._timed:
            further = level.bound if level.task.end < inf else min(level.bound, bound + 1)
            at_least = max(done + 1, further)
        if self._is_allowed(level):
            yield self._solution(level, level.best, at_least)
        elif self.objective == "stages":
            self.fewest = at_least // level.task.unit

    def _is_allowed(self, level: Enumeration) -> bool:
        """Whether the best plan met so far keeps within every limit."""
        used = [sum(limit.weights[i] for i in bits(level.best)) for limit in level.task.limits]
        within = all(use <= limit.most for use, limit in zip(used, level.task.limits, strict=True))
        return within and self._is_small_enough(level.best)

    def _level(self, network: Network, bound: int) -> Enumeration:
        level = simplify(network, bound)
        in_time = self._timed or network.end < inf
        return Enumeration(
            level if in_time else timeless(level),
            heaviest=None if in_time else bound,
            tick=self.tick,
        )

    def _rank(self, level: Enumeration, plan: int) -> int:
        """What the levels are counted in: the tick at which a plan ends, or its weight."""
        if self._timed:
            return int(finish(level.task, allowed=frozenset(bits(plan))))
        return level.weigh(plan)

    def _bounds(self, network: Network) -> Iterator[int]:
        """Yield the bound of each level, ascending.

        Until a plan is given the weights double, but not beyond a plan that is known; each
        level without a plan is a proof that there is none so light.
        """
        if self._timed:
            yield from takewhile(lambda end: end <= network.end, _finishes(network, self.tick))
            return
        bound = int(finish(network))
        if network.end < inf:
            if bound <= network.end:
                yield int(network.end)
            return
        yield bound
        heaviest = inf
        while bound < heaviest:
            # Adding up all that can matter is a look at all of it: where a level holds more than
            # its bound there is no need to.
            if self.together <= bound and heaviest == inf:
                heaviest = sum(keep_timely(network, inf).weights)
                continue
            if not self.given and self.known > bound:
                bound = min(2 * bound, self.known)
            else:
                bound = int(min(bound + bound // 4 + 1, heaviest))
            yield bound

    def _solution(self, level: Enumeration, plan: int, at_least: int) -> Solution:
        """Wire a plan, of which it is proved that no better one has less than *at_least*."""
        task = level.task
        names = [task.names[number] for number in bits(plan)]
        in_time = self.problem.max_latency_seconds is not None
        wired = assemble(self.problem, names, objective="latency" if in_time else self.objective)
        value: float
        bound: float
        match self.objective:
            case "stages":
                value, bound = len(names), at_least // task.unit
            case "depth":
                value, bound = len(wired.layers), at_least
            case "latency":
                value, bound = wired.latency_seconds, at_least / task.scale
            case "cost":
                value, bound = wired.cost, at_least // task.unit / task.scale
        return Solution(
            wired.layers,
            wired.bindings,
            wired.cost,
            wired.latency_seconds,
            value,
            lower_bound=bound,
            proved=bound == value,
        )


def _finishes(network: Network, tick: Callable[[], None]) -> Iterator[int]:
    """Yield every tick at which some plan ends, ascending.

    A plan that does not end as early as possible lacks an operation of one that does. So the
    plans are split by the first operation of an early plan that they lack, over and over.
    """
    latest = int(finish(network))
    yield latest
    task = keep_timely(network, inf)
    every = frozenset(range(len(task.names)))
    waiting: list[tuple[float, list[int], list[int]]] = [(latest, [], [])]
    while waiting:
        tick()
        end, excluded, included = heappop(waiting)
        if end > latest:
            latest = int(end)
            yield latest
        early = earliest_plan(task, allowed=every.difference(excluded))
        kept = list(included)
        for number in sorted(early.difference(included)):
            without = [*excluded, number]
            later = finish(task, allowed=every.difference(without))
            if later < inf:
                heappush(waiting, (later, without, kept.copy()))
            kept.append(number)
