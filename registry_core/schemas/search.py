"""The search for one value of which all of some claims are true.

Claims about a value are split by its type and taken apart into facts. Where a claim leaves a
choice, each choice is tried. A problem that comes up again while it is being answered is answered
"nothing" there: the smallest value of which its claims are true contains no other such value.

Source:
    L. Attouche et al., "Witness generation for JSON Schema", PVLDB 15(13), 2022, for the idea
    to decide containment by looking for a value; the method here is a tableau instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.schemas.arrays import ArrayFacts
from registry_core.schemas.budget import Budget
from registry_core.schemas.document import Document
from registry_core.schemas.evaluate import Judge
from registry_core.schemas.numbers import NumberFacts
from registry_core.schemas.objects import ObjectFacts
from registry_core.schemas.patterns import Patterns
from registry_core.schemas.problem import Facts, Found, Nothing, Outcome, Problem, Unknown
from registry_core.schemas.strings import StringFacts
from registry_core.schemas.tableau import Tableau
from registry_core.schemas.values import (
    ALL_TYPES,
    ARRAY,
    BOOLEAN,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.definitions.schema import JsonObject, JsonValue
    from registry_core.schemas.atoms import Body, Claim, Node

__all__ = ["Search"]

_FRAMES = 6
_FINITE: dict[int, list[JsonValue]] = {NULL: [None], BOOLEAN: [False, True]}
_INFINITE = (OBJECT, ARRAY, STRING, NUMBER)


class Search:
    """Answers problems, and remembers the answers."""

    def __init__(self, max_steps: int) -> None:
        """Allow *max_steps* visits, counted over everything that is asked."""
        self.budget = Budget(max_steps)
        self._answers: dict[Problem, Outcome] = {}
        self._open: dict[Problem, int] = {}
        self._lowest_met = 0
        self._scratch = Document(True, first=2_000_000)  # noqa: FBT003 -- the schema `true`
        self.patterns = Patterns(self.budget.charge)
        self.judge = Judge(self.patterns, self.budget)

    def made_up(self, raw: JsonObject) -> Node:
        """Return a node for a schema that stands in no document."""
        return self._scratch.made_up(raw)

    def listed(self, claims: Iterable[Claim]) -> list[JsonValue] | None:
        """Return the few values that *claims* leave at most, or None when there is no list."""
        for claim in sorted(claims, key=_place):
            values = _listed(claim.node.body, 4) if claim.holds else None
            if values is not None:
                return values
        return None

    def find(self, problem: Problem) -> Outcome:
        """Return a value of which all claims of *problem* are true, or that there is none."""
        self.budget.charge(1)  # for known answers too: what asks for them may do so very often
        known = self._answers.get(problem)
        if known is not None:
            return known
        met = self._open.get(problem)
        if met is not None:
            self._lowest_met = min(self._lowest_met, met)
            return Nothing()
        level = len(self._open)
        outside, self._lowest_met = self._lowest_met, level
        self._open[problem] = level
        self.budget.enter(_FRAMES)
        outcome = self._find_by_type(problem)
        self.budget.leave(_FRAMES)
        del self._open[problem]
        if self._lowest_met >= level or isinstance(outcome, Found):
            self._answers[problem] = outcome
        self._lowest_met = min(outside, self._lowest_met)
        return outcome

    def _find_by_type(self, problem: Problem) -> Outcome:
        types = ALL_TYPES
        for node, holds in problem:
            if holds:
                types &= node.body.types
            elif (node, not holds) in problem:
                return Nothing()
        values = self.listed(problem)
        if values is not None:
            return self.first_of(values, problem)
        doubt: Unknown | None = None
        for kind in (*_INFINITE, *_FINITE):
            if types & kind:
                outcome = self._find_of_type(kind, problem)
                if isinstance(outcome, Found):
                    return outcome
                if isinstance(outcome, Unknown):
                    doubt = outcome
        return doubt or Nothing()

    def _find_of_type(self, kind: int, problem: Problem) -> Outcome:
        if kind in _FINITE:
            return self.first_of(_FINITE[kind], problem)
        # Sets of nodes have another order in each run; answers must not.
        steps = sorted(problem, key=_place)
        return Tableau(self, kind, problem).solve(steps, self._facts(kind), [])

    def _facts(self, kind: int) -> Facts:
        match kind:
            case 4:
                return NumberFacts(self.budget)
            case 8:
                return StringFacts(self.patterns)
            case 16:
                return ArrayFacts(self)
            case _:
                return ObjectFacts(self)

    def first_of(self, values: list[JsonValue], problem: Problem) -> Outcome:
        """Return the first of *values* of which all claims are true."""
        doubt = False
        for value in values:
            answer = self.judge.agrees(problem, value)
            if answer:
                return Found(value)
            doubt = doubt or answer is None
        return Unknown("enum", "a listed value cannot be judged") if doubt else Nothing()


def _place(claim: Claim) -> tuple[bool, int]:
    return not claim.holds, claim.node.number


def _listed(body: Body, depth: int) -> list[JsonValue] | None:
    """Return the values that *body* leaves at most, looking through *depth* references."""
    if body.values is not None:
        return body.values
    if not body.types & ~(NULL | BOOLEAN):
        return [value for kind, values in _FINITE.items() if body.types & kind for value in values]
    if depth:
        for part in body.every:
            values = _listed(part.body, depth - 1)
            if values is not None:
                return values
    return None
