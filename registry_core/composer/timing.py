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
from typing import TYPE_CHECKING, NamedTuple

from registry_core.composer.task import Network, Task

if TYPE_CHECKING:
    from collections.abc import Container

__all__ = ["earliest_ends", "earliest_plan", "finish", "keep_timely", "timeless"]


def earliest_ends(
    network: Network,
    *,
    allowed: Container[int] | None = None,
    goal_only: bool = False,
) -> dict[int, int]:
    """Return the first tick at which each operation can end, in the order of these ticks.

    Args:
        network: What to run.
        allowed: The operations that may run, or None for all.
        goal_only: Stop as soon as the goal is satisfied.
    """
    return _run(network, allowed=allowed, goal_only=goal_only).ends


def finish(network: Network, *, allowed: Container[int] | None = None) -> float:
    """Return the first tick at which the goal can be satisfied, or infinity."""
    first = _run(network, allowed=allowed, goal_only=True).first
    return max((first.get(need, inf) for need in network.goal), default=0)


def earliest_plan(network: Network, *, allowed: Container[int] | None = None) -> set[int]:
    """Return operations that satisfy the goal as early as possible; it must be reachable."""
    maker: dict[int, int] = {}
    for number in earliest_ends(network, allowed=allowed, goal_only=True):
        for need in network.gives[number]:
            maker.setdefault(need, number)
    chosen: set[int] = set()
    queue = [maker[need] for need in network.goal]
    for number in queue:
        if number not in chosen:
            chosen.add(number)
            queue += [maker[need] for need in network.needs[number]]
    return chosen


class _Run(NamedTuple):
    """When operations end and when needs are satisfied first, in the order of these ticks."""

    ends: dict[int, int]
    first: dict[int, int]


def _run(
    network: Network,
    *,
    allowed: Container[int] | None = None,
    horizon: float = inf,
    goal_only: bool = False,
) -> _Run:
    """Let everything run as early as it can, and leave out what ends after the *horizon*."""
    needs, gives, users, paces = network.needs, network.gives, network.users, network.paces
    unmet: dict[int, int] = {}
    ready = [number for number in network.ready if allowed is None or number in allowed]
    waiting = [(paces[number], number) for number in ready]
    heapify(waiting)
    last_start = horizon - min(paces, default=0)
    wanted = set(network.goal)
    ends: dict[int, int] = {}
    first: dict[int, int] = {}
    while waiting and waiting[0][0] <= horizon and (wanted or not goal_only):
        now, number = heappop(waiting)
        ends[number] = now
        for need in gives[number]:
            if need in first:
                continue
            first[need] = now
            wanted.discard(need)
            for user in users[need] if now <= last_start else ():
                left = unmet.get(user) or len(needs[user])
                if left > 1:
                    unmet[user] = left - 1
                elif allowed is None or user in allowed:
                    heappush(waiting, (now + paces[user], user))
    return _Run(ends, first)


def keep_timely(network: Network, bound: float) -> Task:
    """Return the operations that can be of use to plans that end by *bound*, and what for.

    A need is given up by those that satisfy it too late for any of its users.
    """
    needs, paces, makers = network.needs, network.paces, network.makers
    # What ends at the very last can only satisfy the goal, and is looked at from there.
    ends, first = _run(network, horizon=bound - min(paces, default=0))
    latest: dict[int, float] = {}
    gives: dict[int, set[int]] = {}
    waiting = [(-bound, need) for need in network.goal]
    heapify(waiting)
    while waiting:
        negative, need = heappop(waiting)
        if need in latest:
            continue
        latest[need] = -negative
        for number in makers[need]:
            end: float | None = ends.get(number)
            if end is None:
                start = max([first.get(before, inf) for before in needs[number]], default=0)
                end = start + paces[number]
            if end <= latest[need]:
                gives.setdefault(number, set()).add(need)
                start = latest[need] - paces[number]
                for before in needs[number]:
                    if before not in latest:
                        heappush(waiting, (-start, before))
    return _renumber(network, gives, latest)


def _renumber(network: Network, gives: dict[int, set[int]], latest: dict[int, float]) -> Task:
    """Return the task with these operations and needs only."""
    order = sorted(gives)
    position = {need: place for place, need in enumerate(latest)}
    return Task(
        tuple(network.names[i] for i in order),
        tuple(frozenset([position[n] for n in network.needs[i]]) for i in order),
        tuple(frozenset([position[n] for n in gives[i]]) for i in order),
        paces=tuple(network.paces[i] for i in order),
        weights=tuple(network.weights[i] for i in order),
        goal=frozenset([position[n] for n in network.goal]),
        latest=tuple(latest.values()),
        unit=network.unit,
        scale=network.scale,
        end=network.end,
        limits=tuple(
            limit._replace(weights=tuple(limit.weights[i] for i in order))
            for limit in network.limits
        ),
    )


def timeless(task: Task) -> Task:
    """Return the task with "in time" meaning "ever"; cheaper, where weights are compared anyway."""
    return replace(task, paces=(0,) * len(task.names), latest=(0,) * len(task.latest))
