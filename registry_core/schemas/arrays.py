"""Is there an array of this length, with these items, and so many of a kind?

Items behind every prefix are all alike, so an array that is longer than its prefix, its least
length and the items that were asked for says nothing new: the lengths to try are few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from registry_core.schemas.atoms import (
    Claim,
    Contains,
    Distinct,
    Element,
    Items,
    Later,
    MaxSize,
    MinSize,
    Opaque,
    Repeats,
)
from registry_core.schemas.opacity import Opacity
from registry_core.schemas.problem import Found, Nothing, Outcome, Problem, Solver, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.definitions.schema import JsonValue
    from registry_core.schemas.atoms import Step

__all__ = ["ArrayFacts"]

_MAX_TRIED = 48
_MAX_PLAIN = 5_000


class _Want(NamedTuple):
    """An item that must turn up at *start* or later; those of one *kind* not at the same place."""

    start: int
    claim: Claim
    kind: int


class ArrayFacts:
    """Rules for items by place, bounds of length, and items that must turn up somewhere."""

    __slots__ = (
        *("_contains", "_distinct", "_elements", "_groups", "_high", "_later", "_low"),
        *("_opacity", "_repeats", "_solver"),
    )

    def __init__(self, solver: Solver) -> None:
        """Allow every array."""
        self._solver = solver
        self._groups: tuple[Items, ...] = ()
        self._low = 0
        self._high: int | None = None
        self._distinct = False
        self._repeats = False
        self._contains: tuple[Contains, ...] = ()
        self._elements: dict[int, frozenset[Claim]] = {}
        self._later: tuple[Later, ...] = ()
        self._opacity = Opacity()

    def copy(self) -> ArrayFacts:
        """Return facts that can grow apart from these."""
        twin = ArrayFacts(self._solver)
        twin._groups, twin._low, twin._high = self._groups, self._low, self._high
        twin._distinct, twin._repeats = self._distinct, self._repeats
        twin._contains, twin._later = self._contains, self._later
        twin._elements, twin._opacity = dict(self._elements), self._opacity.copy()
        return twin

    def add(self, step: Step) -> bool:  # noqa: C901, PLR0912 -- one row per step
        """Collect one step; False when it contradicts what is known."""
        match step:
            case Items():
                self._groups += (step,)
            case MinSize(count):
                self._low = max(self._low, count)
            case MaxSize(count):
                self._high = count if self._high is None else min(self._high, count)
            case Distinct():
                self._distinct = True
            case Repeats():
                self._repeats = True
                self._low = max(self._low, 2)
            case Contains():
                self._contains += (step,)
                self._low = max(self._low, step.low)
                if step.high is not None and step.high < step.low:
                    return False
            case Element(index, claim):
                self._elements[index] = self._elements.get(index, frozenset()) | {claim}
                self._low = max(self._low, index + 1)
                if self._high is None or self._low <= self._high:
                    return not isinstance(self._solver.find(self._claims_at(index)), Nothing)
            case Later(start):
                self._later += (step,)
                self._low = max(self._low, start + 1)
            case Opaque():
                return self._opacity.add(step)
            case _:
                return True
        if self._distinct and self._repeats:
            return False
        return self._high is None or self._low <= self._high

    def refutes(self, step: Step) -> bool:
        """Return whether *step* plainly contradicts what is known."""
        return not self.copy().add(step) if isinstance(step, MinSize | MaxSize) else False

    def entails(self, step: Step) -> bool:
        """Return whether *step* is certainly true already."""
        match step:
            case MinSize(count):
                return self._low >= count
            case MaxSize(count):
                return self._high is not None and self._high <= count
            case _:
                return False

    def _claims_at(self, index: int) -> Problem:
        claims = set(self._elements.get(index, ()))
        for prefix, rest in self._groups:
            node = prefix[index] if index < len(prefix) else rest
            if node is not None and not node.accepts_all:
                claims.add(Claim(node, holds=True))
        return frozenset(claims)

    @property
    def _head(self) -> int:
        """How many places are not like all that follow."""
        ends = [len(group.prefix) for group in self._groups]
        ends.extend(index + 1 for index in self._elements)
        ends.extend(later.start for later in self._later)
        return max(ends, default=0)

    def solve(self) -> Outcome:
        """Return an array that all facts are true of."""
        wants = [_Want(later.start, later.claim, -1) for later in self._later]
        for kind, contains in enumerate(self._contains):
            if contains.low > _MAX_TRIED:
                return Unknown("minContains", f"arrays of {contains.low} items are not tried")
            wants.extend([_Want(0, Claim(contains.node, holds=True), kind)] * contains.low)
        spare = len(wants) + (2 if self._repeats else 0)
        longest = max(self._low, self._head) + spare
        if self._high is not None:
            longest = min(longest, self._high)
        limited = [contains for contains in self._contains if contains.high is not None]
        plain = not (limited or self._distinct or self._repeats)
        most = _MAX_PLAIN if plain else _MAX_TRIED
        doubt: Unknown | None = None
        for length in range(self._low, longest + 1):
            if length > most:
                doubt = doubt or Unknown("minItems", f"arrays of {length} items are not tried")
                break
            self._solver.budget.charge(1 + length // 8)
            places = [self._claims_at(index) for index in range(length)]
            if length and isinstance(self._solver.find(places[-1]), Nothing):
                break
            outcome = self._fulfil(places, wants, limited)
            if isinstance(outcome, Found):
                return self._opacity.doubt or outcome
            if isinstance(outcome, Unknown):
                doubt = outcome
        return doubt or Nothing()

    def _fulfil(
        self, places: list[Problem], wants: list[_Want], limited: list[Contains]
    ) -> Outcome:
        """Give each want a place, then keep the limits, then choose the values."""
        doubt: Unknown | None = None
        for assigned in self._assignments(places, wants, {}):
            for complete in self._within_limits(assigned, limited, 0):
                outcome = self._values(complete)
                if isinstance(outcome, Found):
                    return outcome
                if isinstance(outcome, Unknown):
                    doubt = outcome
        return doubt or Nothing()

    def _assignments(
        self, places: list[Problem], wants: list[_Want], used: dict[int, frozenset[int]]
    ) -> Iterator[list[Problem]]:
        if not wants:
            yield places
            return
        want, rest = wants[0], wants[1:]
        head = self._head
        fresh_seen = False
        for index in range(want.start, len(places)):
            kinds = used.get(index, frozenset())
            if index >= head and index not in used:
                if fresh_seen:
                    continue
                fresh_seen = True
            if want.kind in kinds and want.kind >= 0:
                continue
            problem = places[index] | {want.claim}
            if isinstance(self._solver.find(problem), Nothing):
                continue
            filled = [*places[:index], problem, *places[index + 1 :]]
            yield from self._assignments(filled, rest, {**used, index: kinds | {want.kind}})

    def _within_limits(
        self, places: list[Problem], limited: list[Contains], index: int
    ) -> Iterator[list[Problem]]:
        """Decide for each place and each limited kind whether the item is of that kind."""
        if not limited:
            yield places
            return
        contains, rest = limited[0], limited[1:]
        if index == len(places):
            yield from self._within_limits(places, rest, 0)
            return
        yes, no = Claim(contains.node, holds=True), Claim(contains.node, holds=False)
        counted = sum(yes in place for place in places[:index])
        options = (yes,) if yes in places[index] else (no, yes)
        for option in options:
            if option.holds and contains.high is not None and counted >= contains.high:
                continue
            problem = places[index] | {option}
            if isinstance(self._solver.find(problem), Nothing):
                continue
            filled = [*places[:index], problem, *places[index + 1 :]]
            yield from self._within_limits(filled, limited, index + 1)

    def _values(self, places: list[Problem]) -> Outcome:
        if self._repeats:
            return self._with_a_pair(places)
        value: list[JsonValue] = []
        for place in places:
            outcome = self._solver.find(place | self._other_than(value))
            if isinstance(outcome, Found):
                value.append(outcome.value)
            elif value and len(set(places)) > 1 and isinstance(self._solver.find(place), Found):
                return Unknown("uniqueItems", "the first choices of unlike items collide")
            else:
                return outcome
        return Found(value)

    def _other_than(self, value: list[JsonValue]) -> Problem:
        if not self._distinct or not value:
            return frozenset()
        return frozenset((Claim(self._solver.made_up({"enum": [*value]}), holds=False),))

    def _with_a_pair(self, places: list[Problem]) -> Outcome:
        doubt: Unknown | None = None
        for one in range(len(places)):
            for other in range(one + 1, len(places)):
                shared = places[one] | places[other]
                outcome = self._solver.find(shared)
                if isinstance(outcome, Found):
                    value: list[JsonValue] = []
                    for index, place in enumerate(places):
                        found = outcome if index in {one, other} else self._solver.find(place)
                        if not isinstance(found, Found):
                            return found
                        value.append(found.value)
                    return Found(value)
                if isinstance(outcome, Unknown):
                    doubt = outcome
        return doubt or Nothing()
