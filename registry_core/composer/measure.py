"""Costs and latencies as integers, so that sums are exact and equal means equal.

A number is read as the decimal it is written as: three tenths are 0.3, which they are not
in binary. That keeps the order of plans, and with it the tie-break, the same everywhere.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["exactly", "to_integers"]


def to_integers(numbers: Iterable[float]) -> tuple[list[int], int]:
    """Return *numbers* times one common factor, as integers, and that factor.

    >>> to_integers([0.1, 2, 0.25])
    ([2, 40, 5], 20)
    """
    listed = list(numbers)
    ratios = {number: Decimal(repr(number)).as_integer_ratio() for number in {*listed}}
    scale = lcm(*(denominator for _, denominator in ratios.values()))
    whole = {number: over * (scale // under) for number, (over, under) in ratios.items()}
    return [whole[number] for number in listed], scale


def exactly(number: float) -> Fraction:
    """Return the decimal that *number* is written as.

    >>> exactly(0.3) == 3 * exactly(0.1)
    True
    """
    return Fraction(Decimal(repr(number)))
