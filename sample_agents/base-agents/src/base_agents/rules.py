"""A record against a JSON Schema: every fault, and no way out of the process.

References lead into the rules themselves or nowhere. Patterns run under a time limit and
without the interpreter's lock, so that one that never ends stops its own stage only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

import regex
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError
from jsonschema.validators import extend  # pyright: ignore[reportUnknownVariableType]
from referencing import Registry
from referencing.exceptions import Unresolvable

from base_agents.models import RecordFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import JsonValue

__all__ = ["RulesError", "faults_in"]

_Schema: TypeAlias = "bool | dict[str, JsonValue]"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PATTERN_SECONDS = 0.25
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
            themselves, or have a pattern that takes too long.

    >>> faults_in({"age": -1}, {"required": ["name"], "properties": {"age": {"minimum": 0}}})
    ... # doctest: +NORMALIZE_WHITESPACE
    (RecordFault(place='', keyword='required', expected="'name' is a required property"),
     RecordFault(place='/age', keyword='minimum', expected='0'))
    """
    _check(rules)
    own = {key: value for key, value in rules.items() if key != "$schema"}
    try:
        errors = [*_GUARDED(own, registry=Registry[object]()).iter_errors(record)]
    except Unresolvable as error:
        raise RulesError(str(error.ref), "leads to nothing inside of them") from None
    except RecursionError:
        raise RulesError("", "refer to themselves without end, or the record is too deep") from None
    return tuple(_fault(error) for error in sorted(errors, key=_order))


def _check(rules: dict[str, JsonValue]) -> None:
    if rules.get("$schema", _DIALECT) != _DIALECT:
        raise RulesError("/$schema", f"must be {_DIALECT}")
    try:
        keywords = _keywords({key: value for key, value in rules.items() if key != "$schema"})
        Draft202012Validator.check_schema(rules)
    except SchemaError as error:
        raise RulesError(error.json_path.removeprefix("$"), _shortened(error.message)) from None
    except RecursionError:
        raise RulesError("", "are too deep") from None
    # Both make the library look at a schema in ways of its own, past the guarded patterns.
    if "$schema" in keywords:
        raise RulesError("$schema", "may only stand at the top")
    if {"unevaluatedProperties", "patternProperties"} <= keywords:
        raise RulesError("unevaluatedProperties", "cannot be used beside patternProperties")


def _keywords(value: JsonValue) -> set[str]:
    """Return all keys anywhere in *value*."""
    if isinstance(value, dict):
        return set(value).union(*map(_keywords, value.values()))
    return set[str]().union(*map(_keywords, value)) if isinstance(value, list) else set()


def _matches(pattern: str, text: str) -> bool:
    try:
        return regex.search(pattern, text, timeout=_PATTERN_SECONDS) is not None
    except TimeoutError:
        raise RulesError(repr(pattern), f"took longer than {_PATTERN_SECONDS} seconds") from None
    except regex.error as error:
        raise RulesError(repr(pattern), f"is no pattern ({error})") from None


def _pattern(
    _: _Checker, pattern: str, instance: object, _schema: Mapping[str, object]
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError("")


def _pattern_properties(
    validator: _Checker,
    patterns: Mapping[str, _Schema],
    instance: object,
    _schema: Mapping[str, object],
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        members = cast("dict[str, JsonValue]", instance)
        for pattern, inner in patterns.items():
            for key, value in members.items():
                if _matches(pattern, key):
                    yield from validator.descend(value, inner, path=key, schema_path=pattern)


def _additional_properties(
    validator: _Checker,
    inner: _Schema,
    instance: object,
    schema: Mapping[str, Mapping[str, object]],
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        members = cast("dict[str, JsonValue]", instance)
        patterns = schema.get("patternProperties", {})
        for key, value in members.items():
            if key not in schema.get("properties", {}) and not any(
                _matches(pattern, key) for pattern in patterns
            ):
                yield from validator.descend(value, inner, path=key)


# The library has no types for it.
_extended = cast("Callable[..., Callable[..., _Checker]]", extend)
_GUARDED = _extended(
    Draft202012Validator,
    {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
    },
)

# Messages of other keywords repeat the record's value.
_NAMING = {"required", "dependentRequired"}


def _fault(error: ValidationError) -> RecordFault:
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in error.absolute_path)
    keyword = error.validator if isinstance(error.validator, str) else ""
    if keyword in _NAMING:
        expected = error.message
    elif keyword:
        expected = json.dumps(error.validator_value, ensure_ascii=False)
    else:
        expected = "nothing here"  # the schema of this place is false
    return RecordFault(
        place="".join(f"/{step}" for step in steps),
        keyword=keyword or "false",
        expected=_shortened(expected),
    )


def _order(error: ValidationError) -> tuple[list[tuple[bool, int, str]], str, str]:
    steps = [
        (False, step, "") if isinstance(step, int) else (True, 0, step)
        for step in error.absolute_path
    ]
    return steps, str(error.validator), error.message


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
