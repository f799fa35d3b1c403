"""Shrink a task without losing or gaining a plan.

A need is a landmark of an operation when it is satisfied in every run in which that
operation can start. Landmarks show which operation is never the first to satisfy a need,
and which needs follow from others. What only follows can go: for every set of operations
the smaller task is met in time exactly when the larger one is.

Source:
    E. Keyder, S. Richter, M. Helmert, "Sound and complete landmarks for and/or graphs",
    2010; A. Imai, A. Fukunaga, "On a practical, integer-linear programming model for
    delete-free tasks", 2015 (the reductions).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from registry_core.composer.bits import bits, mask_of
from registry_core.composer.timing import earliest_ends, keep_timely

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.composer.task import Network, Task

__all__ = ["dominators", "landmark_clauses", "landmarks", "simplify"]


def simplify(network: Network, bound: float) -> Task:
    """Return an equivalent task for plans that end by the tick *bound*."""
    task = keep_timely(network, bound)
    while True:
        smaller = keep_timely(_prune(task), bound)
        if _size(smaller) == _size(task):
            return smaller
        task = smaller


def _size(task: Task) -> tuple[int, int, int]:
    """What every step towards the end makes smaller."""
    return len(task.names), sum(map(len, task.gives)), sum(map(len, task.needs))


def landmarks(task: Task) -> tuple[list[int], list[int]]:
    """Return the landmarks of each operation, and of each need, as bits.

    The landmarks of a need include the need itself.
    """
    order = list(earliest_ends(task))
    every = (1 << len(task.latest)) - 1
    of_needs = [every] * len(task.latest)
    of_operations = [every] * len(task.names)
    changed = True
    while changed:
        changed = False
        for number in order:
            mask = 0
            for need in task.needs[number]:
                mask |= of_needs[need]
            of_operations[number] = mask
            for need in task.gives[number]:
                kept = of_needs[need] & (mask | 1 << need)
                if kept != of_needs[need]:
                    of_needs[need] = kept
                    changed = True
    return of_operations, of_needs


def landmark_clauses(task: Task) -> list[int]:
    """Return, for each need that every plan satisfies, the operations that can, as bits."""
    _, of_needs = landmarks(task)
    makers = _masks(task.gives, len(task.latest))
    every = 0
    for need in task.goal:
        every |= of_needs[need]
    return [makers[need] for need in bits(every)]


def _masks(gives: Iterable[Iterable[int]], count: int) -> list[int]:
    """For each need the operations that satisfy it, as bits."""
    masks = [0] * count
    for number, given in enumerate(gives):
        for need in given:
            masks[need] |= 1 << number
    return masks


def _prune(task: Task) -> Task:
    """Drop the gives that are never first, and the needs that follow from others."""
    of_operations, of_needs = landmarks(task)
    gives = [
        frozenset([need for need in gives if not landmark >> need & 1])
        for gives, landmark in zip(task.gives, of_operations, strict=True)
    ]
    makers = _masks(gives, len(task.latest))
    return replace(
        task,
        needs=tuple(_independent(needs, of_needs, makers) for needs in task.needs),
        gives=tuple(gives),
        goal=_independent(task.goal, of_needs, makers),
    )


def _independent(needs: Iterable[int], of_needs: list[int], makers: list[int]) -> frozenset[int]:
    """Leave out each need that is satisfied, and no later, whenever another one is."""
    kept = set(needs)
    for need in sorted(kept):
        for other in kept:
            if other != need and (
                of_needs[other] >> need & 1 or makers[other] | makers[need] == makers[need]
            ):
                kept.discard(need)
                break
    return frozenset(kept)


def dominators(task: Task) -> list[int]:
    """Return for each operation those that can stand in for it at less weight, as bits.

    The stand-in can start whenever the operation can, takes no longer, and satisfies all
    that the operation does, and uses up no more of what is limited. Of equal weights the smaller
    number is the lighter one. So a plan with the operation is never as good as the one with its
    stand-in.
    """
    of_operations, _ = landmarks(task)
    makers = _masks(task.gives, len(task.latest))
    needed = [mask_of(needs) for needs in task.needs]
    found: list[int] = []
    for number, gives in enumerate(task.gives):
        equals = -1
        for need in gives:
            equals &= makers[need]
        rank = (task.weights[number], number)
        mask = 0
        for other in bits(equals):
            if (
                (task.weights[other], other) < rank
                and task.paces[other] <= task.paces[number]
                and not needed[other] & ~of_operations[number]
                and all(limit.weights[other] <= limit.weights[number] for limit in task.limits)
            ):
                mask |= 1 << other
        found.append(mask)
    return found
