"""Clauses: "to reach the goal in time, one of these operations is needed".

A set of operations that misses the goal is grown until every further operation would
reach it. Those further operations are a clause: each plan uses one of them.

Source:
    P. Haslum, J. Slaney, S. Thiébaux, "Minimal landmarks for optimal delete-free
    planning", 2012.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from registry_core.composer.bits import bits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from registry_core.composer.task import Task

__all__ = ["Cuts"]


class Cuts:
    """Answers questions about sets of operations of one task.

    >>> from registry_core.composer.task import Task
    >>> none, first, last = frozenset(), frozenset({0}), frozenset({1})
    >>> chain = Task(
    ...     ("a", "b"), (none, first), (first, last),
    ...     paces=(0, 0), weights=(1, 1), goal=last, latest=(0, 0),
    ... )
    >>> Cuts(chain).reaches(0b11), Cuts(chain).reaches(0b10)
    (True, False)
    """

    __slots__ = ("_task", "_tick")

    def __init__(self, task: Task, *, tick: Callable[[], None] = lambda: None) -> None:
        """Ask about *task*; *tick* is called once for each clause, and may raise."""
        self._task = task
        self._tick = tick
        self._task = task

    def reaches(self, chosen: int) -> bool:
        """Whether the operations whose bits are set reach the goal in time."""
        return self._met(self._spread([inf] * len(self._task.latest), chosen, bits(chosen)))

    def smallest(self, chosen: int, order: Iterable[int]) -> int:
        """Leave out what a set that reaches the goal can do without, trying in *order*."""
        for number in order:
            if chosen >> number & 1 and self.reaches(chosen & ~(1 << number)):
                chosen &= ~(1 << number)
        return chosen

    def clauses(self, chosen: int, order: Sequence[int], allowed: int) -> tuple[list[int], int]:
        """Return clauses that *chosen* misses, and what it lacks of them to reach the goal.

        Each clause is minimal. It is grown against *order*, so the first of these tend to
        stay out of it. The lightest *allowed* member of one clause is added before the next
        is looked for; a clause without one is the last, and then there is no way to the goal.
        """
        first = self._spread([inf] * len(self._task.latest), chosen, bits(chosen))
        found: list[int] = []
        while not self._met(first):
            self._tick()
            found.append(clause := self._clause(first.copy(), chosen, order))
            members = clause & allowed
            if not members:
                return found, 0
            chosen |= members
            self._spread(first, chosen, bits(members))
        return found, chosen

    def _clause(self, first: list[float], chosen: int, order: Sequence[int]) -> int:
        """Grow a set that misses the goal as far as possible, and return what is left."""
        clause = 0
        for number in order:
            if chosen >> number & 1:
                continue
            chosen |= 1 << number
            undo: list[tuple[int, float]] = []
            self._spread(first, chosen, (number,), undo)
            if undo and self._met(first):
                clause |= 1 << number
                chosen &= ~(1 << number)
                for need, before in reversed(undo):
                    first[need] = before
        return clause

    def _met(self, first: list[float]) -> bool:
        """Whether the goal is satisfied."""
        return inf not in [first[need] for need in self._task.goal]

    def _spread(
        self,
        first: list[float],
        chosen: int,
        fresh: Iterable[int],
        undo: list[tuple[int, float]] | None = None,
    ) -> list[float]:
        """Update the *first* ticks in place for *fresh* members of *chosen*, and return them."""
        task = self._task
        needs, gives, users = task.needs, task.gives, task.users
        paces, latest = task.paces, task.latest
        queue = list(fresh)
        for number in queue:
            start = max([first[need] for need in needs[number]], default=0)
            if start == inf:
                continue
            end = start + paces[number]
            for need in gives[number]:
                if end < first[need] and end <= latest[need]:
                    if undo is not None:
                        undo.append((need, first[need]))
                    first[need] = end
                    queue += [user for user in users[need] if chosen >> user & 1]
        return first
