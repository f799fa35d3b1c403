"""The lightest set that meets every clause, and of the lightest the first.

A clause is a set of operation numbers of which one is needed, as the bits of an integer.
Exact: branch and bound over independent components, after the reductions of set covering,
with the bounds of `relaxation`. Clauses go through it as keys of their multipliers there,
so that a branch starts from what its parent found. What was proved of a component is kept:
the search asks again with one clause more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_core.composer.bits import bits, mask_of
from registry_core.composer.relaxation import relax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["HittingSets"]


@dataclass(frozen=True, slots=True)
class _Proof:
    """What is known of a component: its lightest set, or a weight that none is below."""

    lightest: int | None
    at_least: int


class HittingSets:
    """Lightest hitting sets under one choice of weights.

    >>> sets = HittingSets([1, 1, 1])
    >>> list(bits(sets.lightest([0b011, 0b110]) or 0))
    [1]
    """

    __slots__ = ("_proofs", "_tick", "_weights")

    def __init__(self, weights: Sequence[int], *, tick: Callable[[], None] = lambda: None) -> None:
        """Keep the weights.

        Args:
            weights: One for each number, positive.
            tick: Called once for each branch; may raise to end the search.
        """
        self._weights = weights
        self._tick = tick
        self._proofs: dict[frozenset[int], _Proof] = {}

    def weigh(self, members: int) -> int:
        """Sum of the weights of the *members*."""
        return sum(map(self._weights.__getitem__, bits(members)))

    def lightest(self, clauses: Iterable[int], *, below: int | None = None) -> int | None:
        """A lightest set that meets all *clauses*, or None if there is none *below*."""
        return self._solve(dict.fromkeys(clauses, 0), below)

    def first(self, clauses: Iterable[int]) -> int | None:
        """Of the lightest sets the one whose sorted numbers come first, or None.

        Decides one member after the other, each time with a lightest set at hand: what is in
        it can be ruled in, and what is not needs another one that is as light.
        """
        start = dict.fromkeys(clauses, 0)
        best = self._solve(start, None)
        if best is None:
            return None
        chosen = 0
        waiting = [(start, best)]
        while waiting:
            clauses, best = waiting.pop()
            forced, left = self._reduce(clauses, in_order=True) or (0, {})
            chosen |= forced
            mine = best & _union(left)
            if not all(clause & mine for clause in left) or self.weigh(mine | forced) != self.weigh(
                best
            ):
                mine = self._solve(left, None) or 0
            for part in _components(left):
                best = mine & _union(part)
                relaxed = relax(part, self._weights, below=self.weigh(best) + 1)
                out, into = relaxed.out, relaxed.into
                if not out | into:
                    low = min(clause & -clause for clause in part)
                    best = self._with(low, relaxed.clauses, best)
                    out, into = (0, low) if best & low else (low, 0)
                chosen |= into
                waiting.append((_narrow(relaxed.clauses, out, into), best & ~into))
        return chosen

    def _with(self, member: int, clauses: dict[int, int], best: int) -> int:
        """A set that has *member* and is as light as *best*, or else *best*."""
        if best & member:
            return best
        room = self.weigh(best) - self.weigh(member)
        rest = self._solve(_narrow(clauses, 0, member), room + 1)
        return best if rest is None else rest | member

    def _solve(self, clauses: dict[int, int], below: int | None) -> int | None:
        """Like `lightest`, for clauses with the multipliers to start from."""
        reduced = self._reduce(clauses)
        if reduced is None:
            return None
        chosen, clauses = reduced
        if below is not None:
            below -= self.weigh(chosen)
            if below <= 0:
                return None
        parts = _components(clauses)
        parts.sort(key=len)
        for part in parts:
            found = self._component(part, below)
            if found is None:
                return None
            chosen |= found
            if below is not None:
                below -= self.weigh(found)
        return chosen

    def _component(self, clauses: dict[int, int], below: int | None) -> int | None:
        """Like `_solve`, for reduced clauses that hang together."""
        key = frozenset(clauses)
        proof = self._proofs.get(key)
        if proof is None or (proof.lightest is None and (below is None or below > proof.at_least)):
            self._tick()
            proof = self._prove(clauses, below)
            self._proofs[key] = proof
        if proof.lightest is None or (below is not None and proof.at_least >= below):
            return None
        return proof.lightest

    def _prove(self, clauses: dict[int, int], below: int | None) -> _Proof:
        """Find the lightest set of a component, or prove that none is *below*."""
        best = None
        limit = below
        greedy = self._greedy(clauses)
        weight = self.weigh(greedy)
        if limit is None or weight < limit:
            best, limit = greedy, weight
        relaxed = relax(clauses, self._weights, below=limit)
        if relaxed.hopeless:
            return _Proof(best, limit)
        branches = [(relaxed.out, relaxed.into)]
        if not relaxed.out | relaxed.into:
            pivot = 1 << _pivot(clauses, relaxed.costs)
            branches = [(0, pivot), (pivot, 0)]
        for out, into in branches:
            rest = self._solve(_narrow(relaxed.clauses, out, into), limit - self.weigh(into))
            if rest is not None:
                best = rest | into
                limit = self.weigh(best)
        return _Proof(best, limit)

    def _reduce(
        self, clauses: dict[int, int], *, in_order: bool = False
    ) -> tuple[int, dict[int, int]] | None:
        """Settle forced members, implied clauses and dominated members until nothing changes.

        With *in_order* the first of the lightest sets stays the first.
        """
        chosen = 0
        while True:
            kept: dict[int, int] = {}
            forced = 0
            for clause in sorted(clauses, key=int.bit_count):
                if clause & forced:
                    continue
                if clause & (clause - 1) == 0:
                    if not clause:
                        return None
                    forced |= clause
                    continue
                for small in kept:
                    if small & clause == small:
                        break
                else:
                    kept[clause] = clauses[clause]
            chosen |= forced
            clauses = {c: u for c, u in kept.items() if not c & forced} if forced else kept
            idle = self._dominated(clauses, in_order=in_order)
            if not idle:
                return chosen, clauses
            clauses = {clause & ~idle: u for clause, u in clauses.items()}

    def _dominated(self, clauses: Iterable[int], *, in_order: bool) -> int:
        """Members for which another one, no heavier, meets the same clauses and perhaps more."""
        meets: dict[int, int] = {}
        for position, clause in enumerate(clauses):
            for number in bits(clause):
                meets[number] = meets.get(number, 0) | 1 << position
        weights = self._weights
        lightest: dict[int, int] = {}
        idle = 0
        for number in sorted(
            meets, key=lambda i: (weights[i], 0 if in_order else -meets[i].bit_count(), i)
        ):
            met = meets[number]
            if met in lightest:
                idle |= 1 << number
                continue
            for other in lightest:
                if met & other == met:
                    idle |= 1 << number
                    break
            else:
                lightest[met] = number
        return idle

    def _greedy(self, clauses: Iterable[int]) -> int:
        """A light set, without proof."""
        weights = self._weights
        left = list(clauses)
        chosen: list[int] = []
        while left:
            count: dict[int, int] = {}
            for clause in left:
                for number in bits(clause):
                    count[number] = count.get(number, 0) + 1
            pick = min(count, key=lambda i: (weights[i] / count[i], i))
            chosen.append(pick)
            left = [clause for clause in left if not clause >> pick & 1]
        members = mask_of(chosen)
        for number in chosen:
            without = members & ~(1 << number)
            if all(clause & without for clause in clauses):
                members = without
        return members


def _narrow(clauses: dict[int, int], out: int, into: int) -> dict[int, int]:
    """What is left of *clauses* when some members are ruled out and some ruled in."""
    return {clause & ~out: u for clause, u in clauses.items() if not clause & into}


def _union(clauses: Iterable[int]) -> int:
    """All members."""
    members = 0
    for clause in clauses:
        members |= clause
    return members


def _components(clauses: dict[int, int]) -> list[dict[int, int]]:
    """Split into parts that share no member."""
    parts: list[tuple[int, dict[int, int]]] = []
    for clause, multiplier in clauses.items():
        members, own = clause, {clause: multiplier}
        apart: list[tuple[int, dict[int, int]]] = []
        for part in parts:
            if part[0] & clause:
                members |= part[0]
                own |= part[1]
            else:
                apart.append(part)
        parts = [*apart, (members, own)]
    return [own for _, own in parts]


def _pivot(clauses: Iterable[int], reduced: dict[int, int]) -> int:
    """The member to branch on: in most clauses, then of least reduced cost."""
    count = dict.fromkeys(reduced, 0)
    for clause in clauses:
        for number in bits(clause):
            count[number] += 1
    return min(count, key=lambda i: (-count[i], reduced[i], i))
