"""All plans of one task, lightest first, each once.

A plan is a set of operations that reaches the goal in time, and none of whose proper
subsets does. Plans are ordered by weight, then by the numbers of their operations.

The lightest plan is an implicit hitting set: take the lightest set that meets every known
clause; if it reaches the goal no plan is lighter, and if not it yields new clauses. The
next plans come from splitting what is left: a plan other than the last one lacks one of
its operations. Clauses are true of every plan, so each part starts where the others got.

Source:
    E. L. Lawler, "A procedure for computing the K best solutions", 1972;
    P. Haslum, J. Slaney, S. Thiébaux, "Minimal landmarks for optimal delete-free
    planning", 2012.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from registry_core.composer.bits import bits, mask_of
from registry_core.composer.cuts import Cuts
from registry_core.composer.hitting import HittingSets
from registry_core.composer.reduction import dominators, landmark_clauses
from registry_core.composer.timing import earliest_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from registry_core.composer.task import Task

__all__ = ["Enumeration"]


class _Part(NamedTuple):
    """The plans with all of some operations and none of others, ordered by a lower bound.

    The members are the first of the lightest sets of this part once it is settled, and until
    then a set that none of its plans comes before.
    """

    weight: int
    members: tuple[int, ...]
    settled: bool
    included: int
    excluded: int


class Enumeration:
    """The plans of a task, and how far the search for the first of them has got.

    Attributes:
        task: Whose numbers the bits stand for.
        best: The lightest plan met so far, as bits.
        bound: No plan is lighter.
    """

    def __init__(
        self,
        task: Task,
        *,
        heaviest: int | None = None,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Start with a plan that runs everything as early as it can.

        Args:
            task: Simplified, with a goal that can be reached in time.
            heaviest: Largest weight that a plan may have.
            tick: Called often; may raise to end the search.
        """
        self.task = task
        self._heaviest = heaviest
        self._tick = tick
        self._cuts = Cuts(task, tick=tick)
        self._sets = HittingSets(task.weights, tick=tick)
        self._limits = [(HittingSets(weights, tick=tick), most) for weights, most in task.limits]
        self._clauses = landmark_clauses(task)
        self._dominators = dominators(task)
        self.bound = 0
        self.best = self._shrink(range(len(task.names)))

    def __iter__(self) -> Iterator[int]:
        """Yield plans as bits, lightest first."""
        parts = [_Part(0, (), settled=False, included=0, excluded=0)]
        while parts:
            part = heappop(parts)
            if not part.settled:
                members = self._settle(part.included, part.excluded)
                if members is not None:
                    weight = self.weigh(members)
                    heappush(
                        parts,
                        part._replace(weight=weight, members=tuple(bits(members)), settled=True),
                    )
                continue
            if self._is_plan(part):
                yield mask_of(part.members)
            included = part.included
            for number in part.members:
                if not part.included >> number & 1:
                    excluded = part.excluded | 1 << number
                    heappush(
                        parts,
                        part._replace(settled=False, included=included, excluded=excluded),
                    )
                    included |= 1 << number

    def weigh(self, plan: int) -> int:
        """Sum of the weights."""
        return self._sets.weigh(plan)

    def _settle(self, included: int, excluded: int) -> int | None:
        """The first of the lightest sets of a part that reach the goal, or None."""
        allowed = self._allowed(included, excluded)
        whole = not included | excluded
        for choose in (self._sets.lightest, self._sets.first):
            while True:
                self._tick()
                clauses = [clause & allowed for clause in self._clauses if not clause & included]
                members = choose(clauses)
                if members is None:
                    return None
                members |= included
                if whole:
                    self.bound = self.weigh(members)
                if self._too_heavy(members) or self._too_much(clauses, included):
                    return None
                if self._cuts.reaches(members):
                    break
                found, reaching = self._cuts.clauses(members, self._reluctance(), allowed)
                self._clauses += found
                if not reaching:
                    return None
                if whole:
                    self.best = min(
                        self.best, self._shrink(frozenset(bits(reaching))), key=self.weigh
                    )
        return members

    def _too_heavy(self, members: int) -> bool:
        """Whether a set weighs more than a plan may."""
        return self._heaviest is not None and self.weigh(members) > self._heaviest

    def _too_much(self, clauses: list[int], included: int) -> bool:
        """Whether every plan with what is *included* is beyond a limit."""
        return any(
            sets.weigh(sets.lightest(clauses) or 0) + sets.weigh(included) > most
            for sets, most in self._limits
        )

    def _allowed(self, included: int, excluded: int) -> int:
        """Leave out what is excluded, and what something lighter stands in for."""
        allowed = 0
        for number, stand_ins in enumerate(self._dominators):
            if not stand_ins & ~excluded:
                allowed |= 1 << number
        return (allowed | included) & ~excluded

    def _reluctance(self) -> list[int]:
        """Operations by how many clauses they are in, most first, so that clauses overlap less."""
        count = [0] * len(self.task.names)
        for clause in self._clauses:
            for number in bits(clause):
                count[number] += 1
        return sorted(range(len(count)), key=lambda i: (-count[i], i))

    def _is_plan(self, part: _Part) -> bool:
        """Whether nothing can be left out; only what was included by force might be."""
        members = mask_of(part.members)
        if any(sets.weigh(members) > most for sets, most in self._limits):
            return False
        return not any(self._cuts.reaches(members & ~(1 << i)) for i in bits(part.included))

    def _shrink(self, allowed: Container[int]) -> int:
        """A plan of *allowed* operations, from which the heaviest are left out first."""
        weights = self.task.weights
        needed = {clause for clause in self._clauses if clause & (clause - 1) == 0}
        plan = mask_of(earliest_plan(self.task, allowed=allowed))
        order = sorted(
            (number for number in bits(plan) if 1 << number not in needed),
            key=lambda i: (-weights[i], -i),
        )
        return self._cuts.smallest(plan, order)
