"""When things can happen in a task at the earliest, and when at the latest to be of use.

Forward, an operation starts when the last of its needs is satisfied; backward, a need is of
use as long as one of its users can still end in time. Both touch what is in time only.

Source:
    D. E. Knuth, "A generalization of Dijkstra's algorithm", 1977.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import heapify, heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from registry_core.composer.task import Task

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["earliest_ends", "earliest_plan", "finish", "keep_timely", "timeless"]


def earliest_ends(
    task: Task,
    *,
    allowed: Collection[int] | None = None,
    horizon: float = inf,
    goal_only: bool = False,
) -> dict[int, int]:
    """Return the first tick at which each operation can end, in the order of these ticks.

    Args:
        task: What to run.
        allowed: The operations that may run, or None for all.
        horizon: Leave out what ends later.
        goal_only: Stop as soon as the goal is satisfied.
    """
    unmet = [-1] * len(task.names)
    for number in range(len(unmet)) if allowed is None else allowed:
        unmet[number] = len(task.needs[number])
    waiting = [(task.paces[number], number) for number, left in enumerate(unmet) if not left]
    heapify(waiting)
    wanted = set(task.goal)
    satisfied: set[int] = set()
    ends: dict[int, int] = {}
    while waiting and waiting[0][0] <= horizon and (wanted or not goal_only):
        now, number = heappop(waiting)
        ends[number] = now
        for need in task.gives[number] - satisfied:
            satisfied.add(need)
            wanted.discard(need)
            for user in task.users[need]:
                unmet[user] -= 1
                if not unmet[user]:
                    heappush(waiting, (now + task.paces[user], user))
    return ends


def finish(task: Task, *, allowed: Collection[int] | None = None) -> float:
    """Return the first tick at which the goal can be satisfied, or infinity."""
    ends = earliest_ends(task, allowed=allowed, goal_only=True)
    return max((_first(task, ends, need) for need in task.goal), default=0)


def earliest_plan(task: Task, *, allowed: Collection[int] | None = None) -> set[int]:
    """Return operations that satisfy the goal as early as possible; it must be reachable."""
    maker: dict[int, int] = {}
    for number in earliest_ends(task, allowed=allowed, goal_only=True):
        for need in task.gives[number]:
            maker.setdefault(need, number)
    chosen: set[int] = set()
    queue = [maker[need] for need in task.goal]
    for number in queue:
        if number not in chosen:
            chosen.add(number)
            queue += [maker[need] for need in task.needs[number]]
    return chosen


def _first(task: Task, ends: dict[int, int], need: int) -> float:
    return min((ends[number] for number in task.makers[need] if number in ends), default=inf)


def keep_timely(task: Task, bound: int) -> Task:
    """Return the operations that can be of use to plans that end by *bound*, and what for.

    A need is given up by those that satisfy it too late for any of its users.
    """
    ends = earliest_ends(task, horizon=bound)
    latest: dict[int, int] = {}
    gives: dict[int, set[int]] = {}
    waiting = [(-bound, need) for need in task.goal]
    heapify(waiting)
    while waiting:
        negative, need = heappop(waiting)
        if need in latest:
            continue
        latest[need] = -negative
        for number in task.makers[need]:
            if ends.get(number, inf) <= latest[need]:
                gives.setdefault(number, set()).add(need)
                start = latest[need] - task.paces[number]
                for before in task.needs[number]:
                    if before not in latest:
                        heappush(waiting, (-start, before))
    return _renumber(task, gives, latest)


def _renumber(task: Task, gives: dict[int, set[int]], latest: dict[int, int]) -> Task:
    """Return the task with these operations and needs only."""
    order = sorted(gives)
    position = {need: place for place, need in enumerate(latest)}
    return Task(
        tuple(task.names[i] for i in order),
        tuple(frozenset([position[n] for n in task.needs[i]]) for i in order),
        tuple(frozenset([position[n] for n in gives[i]]) for i in order),
        paces=tuple(task.paces[i] for i in order),
        weights=tuple(task.weights[i] for i in order),
        goal=frozenset([position[n] for n in task.goal]),
        latest=tuple(latest.values()),
        unit=task.unit,
        scale=task.scale,
        end=task.end,
        limits=tuple(
            limit._replace(weights=tuple(limit.weights[i] for i in order)) for limit in task.limits
        ),
    )


def timeless(task: Task) -> Task:
    """Return the task with "in time" meaning "ever"; cheaper, where weights are compared anyway."""
    return replace(task, paces=(0,) * len(task.names), latest=(0,) * len(task.latest))
