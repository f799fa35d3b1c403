"""Is there a number in these bounds, on this grid, and off those?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from registry_core.schemas.atoms import AtLeast, AtMost, Differs, MultipleOf, Opaque
from registry_core.schemas.numeric import as_json, exact, is_multiple, least_common_multiple
from registry_core.schemas.opacity import Opacity
from registry_core.schemas.problem import Found, Nothing, Outcome, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.schemas.atoms import Step
    from registry_core.schemas.budget import Budget
    from registry_core.schemas.numeric import Exact

__all__ = ["NumberFacts"]

_TRIES = 4_000
_POINTS_PER_STEP = 8


class NumberFacts:
    """An interval with a grid, gaps and forbidden grids."""

    __slots__ = ("_avoided", "_budget", "_forbidden", "_high", "_low", "_opacity", "_step")

    def __init__(self, budget: Budget) -> None:
        """Allow every number; trying them is paid for from *budget*."""
        self._budget = budget
        self._low: AtLeast | None = None
        self._high: AtMost | None = None
        self._step: Exact | None = None
        self._avoided: tuple[Exact, ...] = ()
        self._forbidden: frozenset[Exact] = frozenset()
        self._opacity = Opacity()

    def copy(self) -> NumberFacts:
        """Return facts that can grow apart from these."""
        twin = NumberFacts(self._budget)
        twin._low, twin._high, twin._step = self._low, self._high, self._step
        twin._avoided, twin._forbidden = self._avoided, self._forbidden
        twin._opacity = self._opacity.copy()
        return twin

    def add(self, step: Step) -> bool:
        """Collect one step; False when no number is left."""
        match step:
            case AtLeast():
                if self._low is None or step > self._low:
                    self._low = step
            case AtMost(bound, beyond):
                if self._high is None or (bound, not beyond) < (self._high[0], not self._high[1]):
                    self._high = step
            case MultipleOf(grid, holds):
                if not holds:
                    self._avoided += (grid,)
                else:
                    self._step = least_common_multiple(self._step, grid) if self._step else grid
            case Differs(value):
                if isinstance(value, int | float):
                    self._forbidden |= {exact(value)}
            case Opaque():
                return self._opacity.add(step)
            case _:
                return True
        return not self._is_empty()

    def refutes(self, step: Step) -> bool:
        """Return whether *step* plainly contradicts what is known."""
        return isinstance(step, AtLeast | AtMost) and not self.copy().add(step)

    def entails(self, step: Step) -> bool:
        """Return whether *step* is certainly true already."""
        match step:
            case AtLeast():
                return self._low is not None and self._low >= step
            case AtMost(bound, beyond):
                high = self._high
                return high is not None and (high[0], not high[1]) <= (bound, not beyond)
            case MultipleOf(grid, True):
                return self._step is not None and is_multiple(self._step, grid)
            case _:
                return False

    def _is_empty(self) -> bool:
        if self._step and any(is_multiple(self._step, grid) for grid in self._avoided):
            return True
        if self._low is None or self._high is None:
            return False
        low, high = self._low.bound, self._high.bound
        return low > high or (low == high and (self._low.beyond or self._high.beyond))

    def solve(self) -> Outcome:
        """Return a number that all facts are true of."""
        if self._step is None:
            if self._low and self._high and self._low.bound == self._high.bound:
                return self._answer(iter((self._low.bound,)), complete=True)
            return self._answer(self._scattered(), complete=False)
        first, last = self._grid_ends(self._step)
        step = self._step
        if first is not None and last is not None:
            count = last - first + 1
            points = (step * index for index in range(first, min(last + 1, first + _TRIES)))
            return self._answer(points, complete=count <= _TRIES)
        start = first if first is not None else last if last is not None else 0
        direction = -1 if first is None and last is not None else 1
        points = (step * (start + direction * index) for index in range(_TRIES))
        return self._answer(points, complete=False)

    def _answer(self, points: Iterator[Exact], *, complete: bool) -> Outcome:
        unwritable = False
        for count, point in enumerate(points):
            if count % _POINTS_PER_STEP == _POINTS_PER_STEP - 1:
                self._budget.charge(1)
            if self._holds(point):
                number = as_json(point)
                if number is not None:
                    return self._opacity.doubt or Found(number)
                unwritable = True
        if complete and not unwritable:
            return Nothing()
        return Unknown("multipleOf", "no number was found among the first candidates")

    def _holds(self, point: Exact) -> bool:
        low, high = self._low, self._high
        if low and (point < low.bound or (low.beyond and point == low.bound)):
            return False
        if high and (point > high.bound or (high.beyond and point == high.bound)):
            return False
        if point in self._forbidden:
            return False
        return not any(is_multiple(point, grid) for grid in self._avoided)

    def _grid_ends(self, step: Exact) -> tuple[int | None, int | None]:
        """Return the first and the last multiple of *step* in bounds, counted in steps."""
        first = last = None
        if self._low:
            first = math.ceil(self._low.bound / step) if step != 1 else math.ceil(self._low.bound)
            if self._low.beyond and first * step == self._low.bound:
                first += 1
        if self._high:
            last = (
                math.floor(self._high.bound / step) if step != 1 else math.floor(self._high.bound)
            )
            if self._high.beyond and last * step == self._high.bound:
                last -= 1
        return first, last

    def _scattered(self) -> Iterator[Exact]:
        """Yield points of an interval without a grid: readable ones first, then ever finer."""
        low = self._low.bound if self._low else None
        high = self._high.bound if self._high else None
        from fractions import Fraction

        if low is None or high is None:
            anchor = low if low is not None else high if high is not None else 0
            sign = 1 if low is not None or high is None else -1
            base = math.ceil(anchor) if sign > 0 else math.floor(anchor)
            yield anchor
            for index in range(_TRIES // 40):
                yield base + sign * index
                for part in (Fraction(1, 2), Fraction(1, 10), Fraction(3, 8), Fraction(1, 128)):
                    yield base + sign * (index + part)
            return
        yield from (low, high)
        for index in range(min(100, max(math.floor(high) - math.ceil(low) + 1, 0))):
            yield math.ceil(low) + index
        for parts in (2, 10, 8, 128, 1000):
            for index in range(1, parts):
                yield low + Fraction(index * (high - low), parts)
