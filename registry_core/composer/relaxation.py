"""How light a hitting set can be at best, and which members it then has or lacks.

Each clause gets a multiplier, a price for meeting it; a set may leave a clause unmet and
pay. The lightest such set is read off member by member and is never heavier than a true
one. A few subgradient steps raise it. All numbers are integers, so that no bound is wrong
by rounding.

Source:
    J. E. Beasley, "A Lagrangian heuristic for set-covering problems", 1990;
    A. Caprara, M. Fischetti, P. Toth, "A heuristic method for the set covering
    problem", 1999 (first multipliers, fixing by reduced costs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_core.composer.bits import bits, mask_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Relaxation", "relax"]

# A multiplier is a part of a weight: it is counted in 1024ths.
_FRACTION_BITS = 10
_FIRST_STEPS = 60
_STEPS = 12
_PATIENCE = 4
_HALVINGS = 3


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What is known of the sets that weigh less than a limit.

    Attributes:
        clauses: The clauses with the multipliers that gave the best bound.
        costs: What taking each member adds to the bound, in 1024ths; negative if it pays.
        hopeless: Whether no set is so light.
        out: Members that none of these sets has, as bits.
        into: Members that all of them have, as bits.
    """

    clauses: dict[int, int]
    costs: dict[int, int]
    hopeless: bool
    out: int
    into: int


def relax(clauses: Mapping[int, int], weights: Sequence[int], *, below: int) -> Relaxation:
    """Return what is known of the sets that meet *clauses* and weigh less than *below*.

    Args:
        clauses: As bits, with the multipliers to start from, or zeros.
        weights: One for each member.
        below: The limit.

    >>> relax({0b011: 0, 0b110: 0, 0b101: 0}, [1, 1, 1], below=2).hopeless
    True
    """
    lists = [list(bits(clause)) for clause in clauses]
    full = {i: weights[i] << _FRACTION_BITS for numbers in lists for i in numbers}
    now, steps = list(clauses.values()), _STEPS
    if not any(now):
        now, steps = _even_prices(lists, full), _FIRST_STEPS
    enough = below - 1 << _FRACTION_BITS
    best, bound, costs = now, -1, full
    halvings = stalled = 0
    for _ in range(steps):
        reduced = _reduced(lists, full, now)
        value = sum(now) + sum(cost for cost in reduced.values() if cost < 0)
        stalled += 1
        if value > bound:
            best, bound, costs, stalled = now, value, reduced, 0
        elif stalled == _PATIENCE:
            halvings, stalled = halvings + 1, 0
        now = _step(lists, reduced, now, (below << _FRACTION_BITS) - value >> halvings)
        if bound > enough or halvings == _HALVINGS or not now:
            break
    slack = enough - bound
    return Relaxation(
        dict(zip(clauses, best, strict=True)),
        costs,
        slack < 0,
        mask_of(i for i, cost in costs.items() if cost > slack),
        mask_of(i for i, cost in costs.items() if -cost > slack),
    )


def _even_prices(lists: list[list[int]], full: dict[int, int]) -> list[int]:
    """Share the weight of each member evenly among its clauses."""
    count = dict.fromkeys(full, 0)
    for numbers in lists:
        for i in numbers:
            count[i] += 1
    return [min(full[i] // count[i] for i in numbers) for numbers in lists]


def _reduced(lists: list[list[int]], full: dict[int, int], now: list[int]) -> dict[int, int]:
    """What each member costs when it earns the multipliers of the clauses it meets."""
    reduced = full.copy()
    for numbers, multiplier in zip(lists, now, strict=True):
        for i in numbers:
            reduced[i] -= multiplier
    return reduced


def _step(lists: list[list[int]], reduced: dict[int, int], now: list[int], gap: int) -> list[int]:
    """Raise the price of clauses that are not met and lower that of those met twice.

    Returns nothing when all are met exactly once: then the bound cannot be raised.
    """
    taken = {i for i, cost in reduced.items() if cost < 0}
    slopes = [1 - len(taken.intersection(numbers)) for numbers in lists]
    norm = sum(slope * slope for slope in slopes)
    if not norm:
        return []
    return [max(0, u + gap * slope // norm) for u, slope in zip(now, slopes, strict=True)]
