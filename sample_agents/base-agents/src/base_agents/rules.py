"""A record against a JSON Schema: every fault, and no way out of the process.

References lead into the rules themselves or nowhere. Patterns are matched in linear time; one
that needs more, with a look-ahead or a back-reference, is refused. What the library does in
quadratic or exponential time is counted, or done another way.
"""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Annotated, Protocol, TypeAlias, cast

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError
from jsonschema.validators import extend  # pyright: ignore[reportUnknownVariableType]
from pydantic import StringConstraints, TypeAdapter
from pydantic import ValidationError as Mismatch
from pydantic_core import SchemaError as PatternError
from referencing import Registry
from referencing.exceptions import Unresolvable

from base_agents.models import RecordFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pydantic import JsonValue

__all__ = ["RulesError", "faults_in"]

_Schema: TypeAlias = "bool | dict[str, JsonValue]"
_Keywords: TypeAlias = "Mapping[str, Mapping[str, _Schema]]"
_Keyword: TypeAlias = "Callable[[_Checker, str, JsonValue, _Keywords], Iterable[ValidationError]]"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MOST_REFERENCES = 100_000
_SHOWN = 200


class RulesError(ValueError):
    """Rules cannot be used as they stand."""

    def __init__(self, place: str, reason: str) -> None:
        """Keep the *place*, a JSON pointer into the rules or a pattern, and the *reason*."""
        super().__init__(place, reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        """Place first."""
        return f"rules{f' {self.place}' if self.place else ''}: {self.reason}"


class _Checker(Protocol):
    """What we use of a validator of the library."""

    def iter_errors(self, instance: JsonValue) -> Iterator[ValidationError]:
        """Find all that is wrong."""
        ...

    def descend(
        self,
        instance: JsonValue,
        schema: _Schema,
        path: str | None = None,
        schema_path: str | None = None,
    ) -> Iterator[ValidationError]:
        """Find all that is wrong below."""
        ...


def faults_in(record: JsonValue, rules: dict[str, JsonValue]) -> tuple[RecordFault, ...]:
    """Return everything about *record* that is not as *rules* ask, by place.

    Raises:
        RulesError: If the rules are no JSON Schema 2020-12, refer to something outside of
            themselves, follow references too often, or have a pattern that is not linear.

    >>> faults_in({"age": -1}, {"required": ["name"], "properties": {"age": {"minimum": 0}}})
    ... # doctest: +NORMALIZE_WHITESPACE
    (RecordFault(place='', keyword='required', expected="'name' is a required property"),
     RecordFault(place='/age', keyword='minimum', expected='0'))
    """
    _check(rules)
    own = {key: value for key, value in rules.items() if key != "$schema"}
    try:
        errors = [*_checker(own).iter_errors(record)]
    except Unresolvable as error:
        raise RulesError(str(error.ref), "leads to nothing inside of them") from None
    except RecursionError:
        raise RulesError("", "refer to themselves without end, or the record is too deep") from None
    return tuple(_fault(error) for error in sorted(errors, key=_order))


def _check(rules: dict[str, JsonValue]) -> None:
    if rules.get("$schema", _DIALECT) != _DIALECT:
        raise RulesError("/$schema", f"must be {_DIALECT}")
    try:
        members = [*_members({key: value for key, value in rules.items() if key != "$schema"})]
        Draft202012Validator.check_schema(rules)
    except SchemaError as error:
        raise RulesError(_pointer(error.absolute_path), _shortened(error.message)) from None
    except RecursionError:
        raise RulesError("", "are too deep") from None
    # Both make the library look at a schema in a way of its own, past our keywords.
    if any(key == "$schema" and isinstance(value, str) for key, value in members):
        raise RulesError("$schema", "may only stand at the top")
    if {"unevaluatedProperties", "patternProperties"} <= {key for key, _ in members}:
        raise RulesError("unevaluatedProperties", "cannot be used beside patternProperties")


def _members(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Yield each key anywhere in *value*, with what it leads to."""
    if isinstance(value, dict):
        yield from value.items()
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _members(inner)


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> TypeAdapter[str]:
    # pydantic's own engine is an automaton: no text takes it longer than its length.
    try:
        return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
    except PatternError:
        raise RulesError(repr(pattern), "is no pattern that matches in linear time") from None


def _matches(pattern: str, text: str) -> bool:
    try:
        _matcher(pattern).validate_python(text)
    except Mismatch:
        return False
    return True


def _pattern(
    _: _Checker, pattern: str, instance: JsonValue, _schema: _Keywords
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError("")


def _properties(
    checker: _Checker, properties: Mapping[str, _Schema], instance: JsonValue, _schema: _Keywords
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for key in properties.keys() & instance.keys():
            yield from _inside(checker, instance[key], properties[key], key)


def _pattern_properties(
    checker: _Checker, patterns: Mapping[str, _Schema], instance: JsonValue, _schema: _Keywords
) -> Iterator[ValidationError]:
    for pattern, inner in patterns.items() if isinstance(instance, dict) else ():
        for key, value in instance.items() if isinstance(instance, dict) else ():
            if _matches(pattern, key):
                yield from _inside(checker, value, inner, key)


def _additional_properties(
    checker: _Checker, inner: _Schema, instance: JsonValue, schema: _Keywords
) -> Iterator[ValidationError]:
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, value in instance.items() if isinstance(instance, dict) else ():
        if key in named or any(_matches(pattern, key) for pattern in patterns):
            continue
        if inner is False:
            yield ValidationError("", path=[key])
        else:
            yield from checker.descend(value, inner, path=key)


def _unique_items(
    _: _Checker,
    wanted: bool,  # noqa: FBT001 -- the library passes it by position
    instance: JsonValue,
    _schema: _Keywords,
) -> Iterator[ValidationError]:
    if wanted and isinstance(instance, list) and len({*map(_canonical, instance)}) < len(instance):
        yield ValidationError("")


def _inside(
    checker: _Checker, value: JsonValue, schema: _Schema, key: str
) -> Iterator[ValidationError]:
    if schema is False:  # the library forgets the place of these
        yield ValidationError("", validator="false", path=[key])
    else:
        yield from checker.descend(value, schema, path=key)


def _canonical(value: JsonValue) -> str:
    """Return one text for all values that JSON Schema calls equal."""
    match value:
        case dict():
            pairs = sorted(f"{json.dumps(key)}:{_canonical(item)}" for key, item in value.items())
            return f"{{{','.join(pairs)}}}"
        case list():
            return f"[{','.join(map(_canonical, value))}]"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return json.dumps(value)


# The library has no types for these two.
_extended = cast("Callable[..., Callable[..., _Checker]]", extend)
_follow = cast("_Keyword", Draft202012Validator.VALIDATORS["$ref"])


def _checker(rules: dict[str, JsonValue]) -> _Checker:
    """Return a checker that follows so many references and no more."""
    left = count(_MOST_REFERENCES, -1)

    def reference(
        checker: _Checker, target: str, instance: JsonValue, schema: _Keywords
    ) -> Iterable[ValidationError]:
        if next(left) == 0:
            raise RulesError(target, f"is the last of {_MOST_REFERENCES} references followed")
        return _follow(checker, target, instance, schema)

    guarded = _extended(Draft202012Validator, {**_GUARDED, "$ref": reference})
    return guarded(rules, registry=Registry[object]())


_GUARDED: dict[str, object] = {
    "additionalProperties": _additional_properties,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "properties": _properties,
    "uniqueItems": _unique_items,
}

# Messages of other keywords repeat the record's value.
_NAMING = {"required", "dependentRequired"}


def _fault(error: ValidationError) -> RecordFault:
    keyword = str(error.validator or "false")
    if keyword in _NAMING:
        expected = error.message
    elif keyword == "false":
        expected = "nothing here"
    else:
        expected = json.dumps(error.validator_value, ensure_ascii=False)
    return RecordFault(
        place=_pointer(error.absolute_path), keyword=keyword, expected=_shortened(expected)
    )


def _pointer(path: Iterable[str | int]) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def _order(error: ValidationError) -> tuple[list[tuple[bool, int, str]], str, str]:
    steps = [
        (False, step, "") if isinstance(step, int) else (True, 0, step)
        for step in error.absolute_path
    ]
    return steps, str(error.validator), error.message


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
