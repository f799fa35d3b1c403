"""Whether one value satisfies one schema, and if not, where and why.

The judge that every counterexample has to pass before anyone sees it. Three answers, because a
pattern or format may be beyond us: yes, no with a `Refusal`, and a refusal that is not certain.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from registry_core.schemas.atoms import (
    AtLeast,
    AtMost,
    Contains,
    Dependent,
    Distinct,
    HasFormat,
    Items,
    Matches,
    MaxSize,
    Members,
    MinSize,
    MultipleOf,
    Names,
    Opaque,
    Present,
)
from registry_core.schemas.formats import has_format
from registry_core.schemas.numeric import exact, is_multiple
from registry_core.schemas.pointers import below
from registry_core.schemas.values import ARRAY, NUMBER, OBJECT, STRING, frozen, type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from registry_core.definitions.schema import JsonValue
    from registry_core.schemas.atoms import Atom, Body, Claim, Node
    from registry_core.schemas.budget import Budget
    from registry_core.schemas.patterns import Patterns

__all__ = ["Judge", "Refusal"]

_NAMES = {1: "null", 2: "boolean", 4: "number", 8: "string", 16: "array", 32: "object"}
_PARTS = {STRING: "characters", ARRAY: "items", OBJECT: "properties"}
_FRAMES = 7
_TOLD_VALUES, _TOLD_CHARACTERS = 3, 60


class Refusal(NamedTuple):
    """Why a value is not taken.

    Attributes:
        pointer: Where in the value.
        keyword: Which keyword says so.
        reason: What it asks for.
        certain: False when it could not be judged.
    """

    pointer: str
    keyword: str
    reason: str
    certain: bool = True


class Judge:
    """Evaluates values against schemas, at a price."""

    __slots__ = ("_budget", "_patterns")

    def __init__(self, patterns: Patterns, budget: Budget) -> None:
        """Read patterns with *patterns*; pay for each schema asked from *budget*."""
        self._patterns = patterns
        self._budget = budget

    def accepts(self, node: Node, value: JsonValue) -> bool | None:
        """Return whether *value* satisfies *node*, or None if that cannot be said."""
        refusal = self.refusal(node, value)
        if refusal is None:
            return True
        return None if not refusal.certain else False

    def agrees(self, claims: Iterable[Claim], value: JsonValue) -> bool | None:
        """Return whether all *claims* are true of *value*, or None if that cannot be said."""
        sure = True
        for node, holds in claims:
            answer = self.accepts(node, value)
            if answer is None:
                sure = False
            elif answer is not holds:
                return False
        return True if sure else None

    def refusal(self, node: Node, value: JsonValue, at: str = "") -> Refusal | None:
        """Return why *value*, which stands at pointer *at*, is refused; None if it is taken."""
        self._budget.charge(1)
        if node.accepts_all:
            return None
        if not self._budget.has_room(_FRAMES):
            return Refusal(at, "$ref", "nests too deeply to judge", certain=False)
        self._budget.enter(_FRAMES)
        found = _first(self._refusals(node.body, value, at))
        self._budget.leave(_FRAMES)
        return found

    def _refusals(self, body: Body, value: JsonValue, at: str) -> Iterator[Refusal]:
        kind = type_of(value)
        if not body.types & kind:
            yield Refusal(at, "type", _expected_types(body, kind))
            return
        if body.values is not None and not body.lists(value):
            yield Refusal(at, "enum", _expected_values(body.values))
            return
        for atom in body.atoms(kind):
            found = self._refusal_of(atom, value, at)
            if found is not None:
                yield found
        for part in body.every:
            found = self.refusal(part, value, at)
            if found is not None:
                yield found
        if body.any_of or body.one_of or body.none_of or body.condition:
            yield from self._logical(body, value, at)

    def _logical(self, body: Body, value: JsonValue, at: str) -> Iterator[Refusal]:
        for options in body.any_of:
            refusals = self._each(options, value, at)
            if None not in refusals:
                yield _closest(refusals, Refusal(at, "anyOf", "matches no alternative"))
        for options in body.one_of:
            refusals = self._each(options, value, at, limit=len(options))
            taken = refusals.count(None)
            if taken > 1:
                yield Refusal(at, "oneOf", f"matches {taken} alternatives instead of one")
            elif any(found is not None and not found.certain for found in refusals):
                yield Refusal(
                    at, "oneOf", "has an alternative that cannot be judged", certain=False
                )
            elif not taken:
                yield _closest(refusals, Refusal(at, "oneOf", "matches no alternative"))
        for excluded in body.none_of:
            found = self.refusal(excluded, value, at)
            if found is None or not found.certain:
                certain = found is None
                yield Refusal(at, "not", "matches what is excluded", certain=certain)
        if body.condition:
            yield from self._conditional(*body.condition, value, at)

    def _conditional(
        self, asked: Node, then: Node | None, otherwise: Node | None, value: JsonValue, at: str
    ) -> Iterator[Refusal]:
        answer = self.accepts(asked, value)
        branches = [then, otherwise] if answer is None else [then if answer else otherwise]
        for branch in branches:
            found = self.refusal(branch, value, at) if branch else None
            if found:
                yield found._replace(certain=found.certain and answer is not None)

    def _each(
        self, options: list[Node], value: JsonValue, at: str, limit: int = 1
    ) -> list[Refusal | None]:
        """Return what each option says, stopping after *limit* that take the value."""
        refusals: list[Refusal | None] = []
        for option in options:
            found = self.refusal(option, value, at)
            refusals.append(found)
            if found is None:
                limit -= 1
                if not limit:
                    break
        return refusals

    def _refusal_of(  # noqa: PLR0911 -- one row per type
        self, atom: Atom, value: JsonValue, at: str
    ) -> Refusal | None:
        if isinstance(atom, Opaque):
            reason = f"asks for {atom.keyword} {atom.body[:40]}"
            return Refusal(at, atom.keyword, reason, certain=False)
        match value:
            case int() | float():
                return _refusal_of_number(atom, value, at)
            case str() | list() | dict() if isinstance(atom, MinSize | MaxSize):
                return _refusal_of_size(atom, value, at)
            case str():
                return self._refusal_of_text(atom, value, at)
            case list():
                return self._refusal_of_array(atom, value, at)
            case dict():
                return self._refusal_of_object(atom, value, at)
            case _:
                return None

    def _refusal_of_text(self, atom: Atom, value: str, at: str) -> Refusal | None:
        match atom:
            case Matches(pattern):
                return _text(at, "pattern", pattern, self._patterns.matches(pattern, value))
            case HasFormat(name):
                return _text(at, "format", name, has_format(value, name))
            case _:
                return None

    def _refusal_of_array(self, atom: Atom, value: list[JsonValue], at: str) -> Refusal | None:
        match atom:
            case Distinct():
                if len({frozen(item) for item in value}) == len(value):
                    return None
                return Refusal(at, "uniqueItems", "must not have equal items")
            case Items():
                return _first(self._items(atom, value, at))
            case Contains():
                return self._contains(atom, value, at)
            case _:
                return None

    def _refusal_of_object(
        self, atom: Atom, value: dict[str, JsonValue], at: str
    ) -> Refusal | None:
        match atom:
            case Present(name):
                return None if name in value else Refusal(at, "required", f"must have {name!r}")
            case Members():
                return _first(self._members(atom, value, at))
            case Names():
                return _first(self._names(atom, value, at))
            case Dependent():
                return self._dependent(atom, value, at)
            case _:
                return None

    def _items(self, items: Items, value: list[JsonValue], at: str) -> Iterator[Refusal]:
        for index, item in enumerate(value):
            node = items.prefix[index] if index < len(items.prefix) else items.rest
            found = self.refusal(node, item, below(at, index)) if node else None
            if found:
                yield found

    def _contains(self, contains: Contains, value: list[JsonValue], at: str) -> Refusal | None:
        answers = [self.accepts(contains.node, item) for item in value]
        sure, unsure = answers.count(True), answers.count(None)
        high = contains.high
        if sure + unsure < contains.low or (high is not None and sure > high):
            return Refusal(at, "contains", "must have a different number of certain items")
        if sure < contains.low or (high is not None and sure + unsure > high):
            return Refusal(at, "contains", "has items that cannot be judged", certain=False)
        return None

    def _names(self, names: Names, value: dict[str, JsonValue], at: str) -> Iterator[Refusal]:
        for name in value:
            found = self.refusal(names.node, name, at)
            if found:
                yield found._replace(pointer=at, keyword="propertyNames")

    def _dependent(
        self, dependent: Dependent, value: dict[str, JsonValue], at: str
    ) -> Refusal | None:
        name, others, node = dependent
        if name not in value:
            return None
        missing = next((other for other in others if other not in value), None)
        if missing is not None:
            return Refusal(at, "dependentRequired", f"must have {missing!r} beside {name!r}")
        return self.refusal(node, value, at) if node else None

    def _members(self, members: Members, value: dict[str, JsonValue], at: str) -> Iterator[Refusal]:
        for name, item in value.items():
            nodes, sure = self.nodes_for(members, name)
            for node in nodes:
                if node.raw is False:
                    yield Refusal(below(at, name), "additionalProperties", "must not be there")
                    continue
                found = self.refusal(node, item, below(at, name))
                if found:
                    yield found
            if not sure:
                yield Refusal(
                    below(at, name), "patternProperties", "has a name that cannot be judged",
                    certain=False,
                )  # fmt: skip

    def nodes_for(self, members: Members, name: str) -> tuple[list[Node], bool]:
        """Return the schemas for the member *name*, and whether these are certainly all."""
        nodes: list[Node] = []
        sure = True
        known = members.named.get(name)
        if known is not None:
            nodes.append(known)
        for pattern, node in members.patterned.items():
            answer = self._patterns.matches(pattern, name)
            if answer:
                nodes.append(node)
            elif answer is None:
                sure = sure and node.accepts_all and members.rest is None
        if not nodes and members.rest is not None:
            if sure:
                nodes.append(members.rest)
            elif members.rest.accepts_all:
                sure = all(node.accepts_all for node in members.patterned.values())
        return nodes, sure


def _refusal_of_number(atom: Atom, value: float, at: str) -> Refusal | None:
    number = exact(value)
    match atom:
        case AtLeast(bound, beyond) if number < bound or (beyond and number == bound):
            limit = "more than" if beyond else "at least"
            return Refusal(at, "minimum", f"must be {limit} {bound}")
        case AtMost(bound, beyond) if number > bound or (beyond and number == bound):
            limit = "less than" if beyond else "at most"
            return Refusal(at, "maximum", f"must be {limit} {bound}")
        case MultipleOf(step) if not is_multiple(number, step):
            wanted = "an integer" if step == 1 else f"a multiple of {step}"
            return Refusal(at, "multipleOf", f"must be {wanted}")
        case _:
            return None


def _refusal_of_size(
    atom: MinSize | MaxSize, value: str | list[JsonValue] | dict[str, JsonValue], at: str
) -> Refusal | None:
    parts = _PARTS[type_of(value)]
    match atom:
        case MinSize(least) if len(value) < least:
            return Refusal(at, f"min{parts.title()}", f"must have at least {least} {parts}")
        case MaxSize(most) if len(value) > most:
            return Refusal(at, f"max{parts.title()}", f"must have at most {most} {parts}")
        case _:
            return None


def _first(refusals: Iterable[Refusal]) -> Refusal | None:
    """Return the first certain refusal, or else any."""
    doubt: Refusal | None = None
    for refusal in refusals:
        if refusal.certain:
            return refusal
        doubt = doubt or refusal
    return doubt


def _closest(refusals: list[Refusal | None], otherwise: Refusal) -> Refusal:
    """Return the refusal of the alternative that came furthest, to point at the culprit."""
    given = [refusal for refusal in refusals if refusal is not None]
    if not all(refusal.certain for refusal in given):
        return otherwise._replace(certain=False)
    if len(given) == 1:
        return given[0]
    deepest = max(given, key=lambda refusal: refusal.pointer.count("/"), default=otherwise)
    return deepest if deepest.pointer.count("/") > otherwise.pointer.count("/") else otherwise


def _expected_values(values: list[JsonValue]) -> str:
    """Return what is listed, where that is short enough to be read."""
    told = [json.dumps(value) for value in values[:_TOLD_VALUES]]
    if len(values) <= _TOLD_VALUES and sum(map(len, told)) <= _TOLD_CHARACTERS:
        return f"must be {' or '.join(told)}"
    return f"must be one of {len(values)} listed values"


def _expected_types(body: Body, kind: int) -> str:
    wanted = [name for bit, name in _NAMES.items() if body.types & bit]
    if not wanted:
        return "must not be there"
    if body.integral:
        wanted = ["integer" if name == _NAMES[NUMBER] else name for name in wanted]
    return f"must be {' or '.join(wanted)}, not {_NAMES[kind]}"


def _text(
    at: str,
    keyword: str,
    wanted: str,
    answer: bool | None,  # noqa: FBT001 -- an answer, not a switch
) -> Refusal | None:
    if answer:
        return None
    return Refusal(at, keyword, f"must be of {keyword} {wanted}", certain=answer is False)
