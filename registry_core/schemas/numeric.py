"""JSON numbers as exact values: 0.1 is one tenth, and 1.0 is the integer 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["Exact", "as_json", "exact", "is_multiple", "least_common_multiple"]

Exact: TypeAlias = "int | Fraction"


def exact(number: float) -> Exact:
    """Return the value that the shortest decimal text of *number* stands for.

    >>> exact(0.5) * 4, exact(2.0)
    (Fraction(2, 1), 2)
    """
    if isinstance(number, int):
        return number
    if number.is_integer():
        return int(number)
    from fractions import Fraction  # imports decimal; most schemas need neither

    return Fraction(repr(number))


def as_json(value: Exact) -> int | float | None:
    """Return the JSON number that is exactly *value*, or None if no float is."""
    if value.denominator == 1:
        return value.numerator
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if exact(number) == value else None


def is_multiple(value: Exact, step: Exact) -> bool:
    """Return whether *value* is a whole number of *step*."""
    return value % step == 0


def least_common_multiple(one: Exact, other: Exact) -> Exact:
    """Return the smallest positive number that is a multiple of both."""
    numerator = math.lcm(one.numerator, other.numerator)
    denominator = math.gcd(one.denominator, other.denominator)
    if denominator == 1:
        return numerator
    from fractions import Fraction

    return Fraction(numerator, denominator)
