"""The search for one value of which all of some claims are true.

Claims about a value are split by its type and taken apart into facts. Where a claim leaves a
choice, each choice is tried. A problem that comes up again while it is being answered is answered
"nothing" there: the smallest value of which its claims are true contains no other such value.

Source:
    L. Attouche et al., "Witness generation for JSON Schema", PVLDB 15(13), 2022, for the idea
    to decide containment by looking for a value; the method here is a tableau instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from registry_core.schemas.arrays import ArrayFacts
from registry_core.schemas.atoms import Absent, Claim, Dependent, Differs, Present
from registry_core.schemas.document import Document
from registry_core.schemas.evaluate import Judge
from registry_core.schemas.numbers import NumberFacts
from registry_core.schemas.objects import ObjectFacts
from registry_core.schemas.opposites import opposites
from registry_core.schemas.patterns import Patterns
from registry_core.schemas.problem import Facts, Found, Nothing, Outcome, Problem, Unknown
from registry_core.schemas.strings import StringFacts
from registry_core.schemas.values import (
    ALL_TYPES,
    ARRAY,
    BOOLEAN,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    type_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.definitions.schema import JsonObject, JsonValue
    from registry_core.schemas.atoms import Body, Move, Node, Step

__all__ = ["ExhaustedError", "Search"]

_MAX_NESTING = 420
_FINITE: dict[int, list[JsonValue]] = {NULL: [None], BOOLEAN: [False, True]}
_INFINITE = (OBJECT, ARRAY, STRING, NUMBER)


class ExhaustedError(Exception):
    """The search has cost as much as it may."""

    def __init__(self, bound: str) -> None:
        """Keep which *bound* was reached."""
        super().__init__(bound)
        self.bound = bound


class Search:
    """Answers problems, and remembers the answers."""

    def __init__(self, max_steps: int) -> None:
        """Allow *max_steps* visits, counted over everything that is asked."""
        self._steps_left = max_steps
        self._nesting = 0
        self._answers: dict[Problem, Outcome] = {}
        self._open: dict[Problem, int] = {}
        self._lowest_met = 0
        self._scratch = Document(True)  # noqa: FBT003 -- the schema `true`
        self.patterns = Patterns(self.charge)
        self.judge = Judge(self.patterns, self.charge)

    def charge(self, steps: int) -> None:
        """Pay for *steps*.

        Raises:
            ExhaustedError: If they exceed what is left.
        """
        self._steps_left -= steps
        if self._steps_left < 0:
            raise ExhaustedError("steps")

    def made_up(self, raw: JsonObject) -> Node:
        """Return a node for a schema that stands in no document."""
        return self._scratch.made_up(raw)

    def listed(self, claims: Iterable[Claim]) -> list[JsonValue] | None:
        """Return the few values that *claims* leave at most, or None when there is no list."""
        for node, holds in claims:
            values = _listed(node.body, 4) if holds else None
            if values is not None:
                return values
        return None

    def find(self, problem: Problem) -> Outcome:
        """Return a value of which all claims of *problem* are true, or that there is none."""
        known = self._answers.get(problem)
        if known is not None:
            return known
        met = self._open.get(problem)
        if met is not None:
            self._lowest_met = min(self._lowest_met, met)
            return Nothing()
        self.charge(1)
        level = len(self._open)
        outside, self._lowest_met = self._lowest_met, level
        self._open[problem] = level
        self.enter(4)
        outcome = self._find_by_type(problem)
        self.leave(4)
        del self._open[problem]
        if self._lowest_met >= level or isinstance(outcome, Found):
            self._answers[problem] = outcome
        self._lowest_met = min(outside, self._lowest_met)
        return outcome

    def enter(self, levels: int) -> None:
        """Go *levels* frames deeper.

        Raises:
            ExhaustedError: If that is deeper than the interpreter's stack safely allows.
        """
        self._nesting += levels
        if self._nesting > _MAX_NESTING:
            raise ExhaustedError("nesting")

    def leave(self, levels: int) -> None:
        """Come back up."""
        self._nesting -= levels

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
        steps = sorted(problem, key=lambda claim: not claim.holds)
        return Tableau(self, kind, problem).solve(steps, self._facts(kind), [])

    def _facts(self, kind: int) -> Facts:
        match kind:
            case 4:
                return NumberFacts()
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


Clause: TypeAlias = "list[Move]"


class Tableau:
    """One problem for one type: claims are taken apart, choices are tried in turn."""

    __slots__ = ("_kind", "_problem", "_search")

    def __init__(self, search: Search, kind: int, problem: Problem) -> None:
        """Look for a value of type *kind*."""
        self._search = search
        self._kind = kind
        self._problem = problem

    def solve(self, steps: Iterable[Step], facts: Facts, clauses: list[Clause]) -> Outcome:
        """Return a value for *facts*, the new *steps*, and one move of each clause."""
        self._search.charge(1)
        self._search.enter(2)
        outcome = self._try(steps, facts, clauses)
        self._search.leave(2)
        return outcome

    def _try(self, steps: Iterable[Step], facts: Facts, clauses: list[Clause]) -> Outcome:
        possible = self._absorb(list(steps), facts, clauses)
        if isinstance(possible, list):
            # Whatever else holds in this branch, only these values are left; ask them everything.
            return self._search.first_of(possible, self._problem)
        if not possible:
            return Nothing()
        clauses = [clause for clause in clauses if not self._is_kept(clause, facts)]
        if not clauses:
            return facts.solve()
        chosen = min(clauses, key=len)
        rest = [clause for clause in clauses if clause is not chosen]
        doubt: Unknown | None = None
        for move in chosen:
            outcome = self.solve(move, facts.copy(), list(rest))
            if isinstance(outcome, Found):
                return outcome
            if isinstance(outcome, Unknown):
                doubt = outcome
        return doubt or Nothing()

    def _is_kept(self, clause: Clause, facts: Facts) -> bool:
        """Return whether some move of *clause* is true already, so nothing needs to be chosen."""
        return any(all(self._is_true(step, facts) for step in move) for move in clause)

    def _is_true(self, step: Step, facts: Facts) -> bool:
        if isinstance(step, Claim):
            node, holds = step
            return node.accepts_all if holds else not node.body.types & self._kind
        return facts.entails(step)

    def _absorb(
        self, steps: list[Step], facts: Facts, clauses: list[Clause]
    ) -> bool | list[JsonValue]:
        """Take *steps* apart into facts and clauses; False at a contradiction.

        A list of values means that the search is over: nothing but these is left.
        """
        for step in steps:  # grows while it is read
            self._search.charge(1)
            match step:
                case Claim(node, True):
                    body = node.body
                    if not body.types & self._kind:
                        return False
                    if body.values is not None:
                        return body.values
                    self._assert(body, steps, clauses)
                case Claim(node, False):
                    if not self._deny(node.body, steps, clauses):
                        return False
                case Dependent():
                    clauses.append(_alternatives(step))
                case _:
                    if not facts.add(step):
                        return False
        return True

    def _deny(self, body: Body, steps: list[Step], clauses: list[Clause]) -> bool:
        """Add what makes *body* false to *steps* or *clauses*; False when nothing can."""
        moves = self._denials(body)
        if moves is None:
            return True
        if len(moves) == 1:
            steps.extend(moves[0])
        else:
            clauses.append(moves)
        return bool(moves)

    def _assert(self, body: Body, steps: list[Step], clauses: list[Clause]) -> None:
        """Add what *body* says of the value to *steps*, and the choices it leaves to *clauses*."""
        steps.extend(body.atoms(self._kind))
        steps.extend(Claim(part, holds=True) for part in body.every)
        steps.extend(Claim(part, holds=False) for part in body.none_of)
        clauses.extend([(Claim(option, holds=True),) for option in part] for part in body.any_of)
        clauses.extend([_only(option, part) for option in part] for part in body.one_of)
        if body.condition:
            asked, then, otherwise = body.condition
            clauses.append(
                [
                    _branch(asked, then, asked_holds=True),
                    _branch(asked, otherwise, asked_holds=False),
                ]
            )

    def _denials(self, body: Body) -> list[Move] | None:
        """Return the moves that make *body* false, or None if it is false of the type anyway."""
        kind = self._kind
        if not body.types & kind:
            return None
        moves: list[Move] = []
        if body.values is not None:
            listed = [value for value in body.values if type_of(value) == kind]
            moves.append(tuple([self._unlike(value) for value in listed]))
        for atom in body.atoms(kind):
            moves.extend(opposites(atom))
        moves.extend((Claim(part, holds=False),) for part in body.every)
        moves.extend((Claim(part, holds=True),) for part in body.none_of)
        moves.extend(
            tuple([Claim(option, holds=False) for option in options])
            for options in (*body.any_of, *body.one_of)
        )
        for options in body.one_of:
            fitting = [option for option in options if option.body.types & kind]
            moves.extend(
                (Claim(one, holds=True), Claim(other, holds=True))
                for index, one in enumerate(fitting)
                for other in fitting[index + 1 :]
            )
        if body.condition:
            asked, then, otherwise = body.condition
            if then:
                moves.append((Claim(asked, holds=True), Claim(then, holds=False)))
            if otherwise:
                moves.append((Claim(asked, holds=False), Claim(otherwise, holds=False)))
        return moves

    def _unlike(self, value: JsonValue) -> Step:
        """Return the step that makes the value differ from *value*."""
        if isinstance(value, dict):
            members: JsonObject = {name: {"const": item} for name, item in value.items()}
            spelled: JsonObject = {
                "type": "object",
                "properties": members,
                "required": [*value],
                "additionalProperties": False,
            }
        elif isinstance(value, list):
            items: list[JsonValue] = [{"const": item} for item in value]
            spelled = {"type": "array", "minItems": len(value), "maxItems": len(value)}
            spelled["prefixItems"] = items
        else:
            return Differs(value)
        return Claim(self._search.made_up(spelled), holds=False)


def _branch(asked: Node, then: Node | None, *, asked_holds: bool) -> Move:
    consequence = (Claim(then, holds=True),) if then else ()
    return (Claim(asked, holds=asked_holds), *consequence)


def _only(option: Node, options: list[Node]) -> Move:
    others = (Claim(other, holds=False) for other in options if other is not option)
    return (Claim(option, holds=True), *others)


def _alternatives(dependent: Dependent) -> Clause:
    """Return the two ways to keep *dependent*: without the member, or with all it asks for."""
    name, others, node = dependent
    needed: list[Step] = [Present(other) for other in (name, *others)]
    if node is not None:
        needed.append(Claim(node, holds=True))
    return [(Absent(name),), tuple(needed)]
