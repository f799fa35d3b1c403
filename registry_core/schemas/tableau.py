"""Claims about a value of one type, taken apart until only facts are left.

Where a claim leaves a choice, it becomes a *clause*; the moves of a clause are tried in turn,
those of the shortest clause first, and a clause that is kept anyway is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from registry_core.schemas.atoms import Absent, Claim, Dependent, Differs, Present
from registry_core.schemas.opposites import opposites
from registry_core.schemas.problem import Found, Nothing, Outcome, Unknown
from registry_core.schemas.values import type_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.definitions.schema import JsonObject, JsonValue
    from registry_core.schemas.atoms import Body, Move, Node, Step
    from registry_core.schemas.problem import Facts, Problem, Solver

__all__ = ["Clause", "Tableau"]

_FRAMES = 3
_MAX_RIVALS = 40

Clause: TypeAlias = "list[Move]"


class Tableau:
    """One problem for one type: claims are taken apart, choices are tried in turn."""

    __slots__ = ("_kind", "_problem", "_rivals", "_solver")

    def __init__(self, solver: Solver, kind: int, problem: Problem) -> None:
        """Look for a value of type *kind*."""
        self._solver = solver
        self._kind = kind
        self._problem = problem
        self._rivals: list[Claim] | None = None

    def solve(self, steps: Iterable[Step], facts: Facts, clauses: list[Clause]) -> Outcome:
        """Return a value for *facts*, the new *steps*, and one move of each clause."""
        self._solver.budget.charge(1)
        self._solver.budget.enter(_FRAMES)
        outcome = self._try(steps, facts, clauses)
        self._solver.budget.leave(_FRAMES)
        return outcome

    def _try(self, steps: Iterable[Step], facts: Facts, clauses: list[Clause]) -> Outcome:
        possible = self._absorb(list(steps), facts, clauses)
        if isinstance(possible, list):
            # Whatever else holds in this branch, only these values are left; ask them everything.
            return self._solver.first_of(possible, self._problem)
        if not possible:
            return Nothing()
        clauses = [clause for clause in clauses if not self._is_kept(clause, facts)]
        if not clauses:
            return facts.solve()
        chosen = clauses[0] if len(clauses) == 1 else min(clauses, key=_urgency)
        rest = [clause for clause in clauses if clause is not chosen]
        refused: dict[Node, bool] = {}
        doubt: Unknown | None = None
        for move in chosen:
            if self._is_hopeless(move, facts, refused):
                continue
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
            return step.node.accepts_all if step.holds else self._is_refused(step.node, facts)
        return facts.entails(step)

    def _is_refused(self, node: Node, facts: Facts, depth: int = 3) -> bool:
        """Return whether it is plain that the value does not satisfy *node*."""
        body = node.body
        if not body.types & self._kind:
            return True
        self._solver.budget.charge(1)
        if any(facts.refutes(atom) for atom in body.atoms(self._kind)):
            return True
        return depth > 0 and any(self._is_refused(part, facts, depth - 1) for part in body.every)

    def _is_hopeless(self, move: Move, facts: Facts, refused: dict[Node, bool]) -> bool:
        """Return whether *move* can be seen to lead nowhere without trying it."""
        wanted = [step for step in move if isinstance(step, Claim) and step.holds]
        for node, _ in wanted:
            if node not in refused:
                refused[node] = self._is_refused(node, facts)
            if refused[node]:
                return True
        return len(wanted) == 1 and self._is_covered(wanted[0])

    def _is_covered(self, claim: Claim) -> bool:
        """Return whether a single rival takes all that *claim* gives.

        Without this, proving that n alternatives fit into n others without tags to tell them
        apart would try every way in which all of the others can fail together.
        """
        rivals = self._find_rivals()
        return len(rivals) > 1 and any(
            isinstance(self._solver.find(frozenset((claim, rival))), Nothing) for rival in rivals
        )

    def _find_rivals(self) -> list[Claim]:
        """Return the alternatives that the value must all miss."""
        if self._rivals is None:
            denied = (claim.node for claim in self._problem if not claim.holds)
            waiting = sorted(denied, key=_number)
            self._rivals = []
            for node in waiting:  # grows while it is read
                options = self._union(node.body)
                if options and len(waiting) <= _MAX_RIVALS:
                    waiting.extend(options)
                else:
                    self._rivals.append(Claim(node, holds=False))
        return self._rivals

    def _union(self, body: Body) -> list[Node]:
        """Return the nodes of which *body* is the union for this type; none if it says more."""
        says_more = (
            body.values is not None
            or not body.types & self._kind
            or body.one_of
            or body.none_of
            or body.condition
            or body.atoms(self._kind)
        )
        parts = [*body.any_of, *([part] for part in body.every)]
        return [] if says_more or len(parts) != 1 else parts[0]

    def _absorb(
        self, steps: list[Step], facts: Facts, clauses: list[Clause]
    ) -> bool | list[JsonValue]:
        """Take *steps* apart into facts and clauses; False at a contradiction.

        A list of values means that the search is over: nothing but these is left.
        """
        for step in steps:  # grows while it is read
            self._solver.budget.charge(1)
            if isinstance(step, Claim):
                body = step.node.body
                if not step.holds:
                    if not self._deny(body, steps, clauses):
                        return False
                elif not body.types & self._kind:
                    return False
                elif body.values is not None:
                    return body.values
                else:
                    self._assert(body, steps, clauses)
            elif isinstance(step, Dependent):
                clauses.append(_alternatives(step))
            elif not facts.add(step):
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
        for options in body.any_of:
            fitting = [option for option in options if option.body.types & self._kind]
            clauses.append([(Claim(option, holds=True),) for option in fitting])
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
        return Claim(self._solver.made_up(spelled), holds=False)


def _number(node: Node) -> int:
    return node.number


def _urgency(clause: Clause) -> tuple[bool, int]:
    """Return what to choose first: what the value is like, then what has the fewest moves."""
    first = clause[0][0] if clause and clause[0] else None
    return not (isinstance(first, Claim) and first.holds), len(clause)


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
