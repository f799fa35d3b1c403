"""The part of a problem that can matter, as small integers.

Operations are numbered by their sorted ids, so nothing depends on the order in which a
catalog was filled. A task counts time in ticks: each operation takes its pace, and each
need has a latest useful tick. Where it is weight that counts, an operation takes as many
ticks as it weighs: then no plan ends later than its weight, and what cannot end in time
is too heavy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from registry_core.composer.measure import to_integers

if TYPE_CHECKING:
    from registry_core.composer.index import Reach, TypeId
    from registry_core.composer.problem import Objective, Problem

__all__ = ["Task", "earliest", "earliest_plan", "extract", "restrict", "timeless"]


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
        unit: How much weight makes one unit of cost.
        scale: How many ticks make a second, or units of cost a cost of one.
        latest: For each need, the last tick at which satisfying it is of use.
    """

    names: tuple[str, ...]
    needs: tuple[frozenset[int], ...]
    gives: tuple[frozenset[int], ...]
    paces: tuple[int, ...]
    weights: tuple[int, ...]
    goal: frozenset[int]
    unit: int
    scale: int
    latest: tuple[int, ...]


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
    return Task(
        names,
        tuple(frozenset(open_needs[n] + own for n in o.needs if n not in had) for o in operations),
        tuple(frozenset(number + own for number in gives[name]) for name in names),
        tuple(paces),
        tuple(weights),
        frozenset({open_needs[n] + own for n in problem.want if n not in had}).union(range(own)),
        unit,
        scale,
        (0,) * (own + len(open_needs)),
    )


def earliest(task: Task, *, allowed: int = -1) -> tuple[list[float], list[int]]:
    """Return the first tick at which each need can be satisfied, and an order to run in.

    Only the operations whose bits are set in *allowed* are used; a need that they cannot
    satisfy has no first tick, which reads as infinity.

    Source:
        D. E. Knuth, "A generalization of Dijkstra's algorithm", 1977.
    """
    users: list[list[int]] = [[] for _ in task.latest]
    unmet = list(map(len, task.needs))
    first = [inf] * len(task.latest)
    order: list[int] = []
    finished: list[tuple[int, int]] = []
    for number, needs in enumerate(task.needs):
        if allowed >> number & 1:
            for need in needs:
                users[need].append(number)
            if not needs:
                finished.append((task.paces[number], number))
    heapify(finished)
    while finished:
        now, number = heappop(finished)
        order.append(number)
        for need in task.gives[number]:
            if first[need] == inf:
                first[need] = now
                for user in users[need]:
                    unmet[user] -= 1
                    if not unmet[user]:
                        heappush(finished, (now + task.paces[user], user))
    return first, order


def restrict(task: Task, bound: int) -> Task:
    """Return the task with the latest useful tick of each need, if all must end by *bound*."""
    latest = [-1] * len(task.latest)
    makers: list[list[int]] = [[] for _ in task.latest]
    for number, gives in enumerate(task.gives):
        for need in gives:
            makers[need].append(number)
    waiting = [(-bound, need) for need in sorted(task.goal)]
    while waiting:
        negative, need = heappop(waiting)
        if latest[need] < -negative:
            latest[need] = -negative
            for number in makers[need]:
                start = -negative - task.paces[number]
                for before in task.needs[number]:
                    if latest[before] < start:
                        heappush(waiting, (-start, before))
    return replace(task, latest=tuple(latest))


def earliest_plan(task: Task, *, allowed: int = -1) -> int:
    """Return operations that reach the goal as early as possible, as bits; it is reachable."""
    _, order = earliest(task, allowed=allowed)
    maker: dict[int, int] = {}
    for number in order:
        for need in task.gives[number]:
            maker.setdefault(need, number)
    chosen = 0
    queue = [maker[need] for need in sorted(task.goal)]
    for number in queue:
        if not chosen >> number & 1:
            chosen |= 1 << number
            queue += [maker[need] for need in task.needs[number]]
    return chosen


def timeless(task: Task) -> Task:
    """Return the task with "in time" meaning "ever"; cheaper, where weights are compared anyway."""
    return replace(task, paces=(0,) * len(task.names), latest=(0,) * len(task.latest))
