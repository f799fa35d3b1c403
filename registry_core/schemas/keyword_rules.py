"""What each keyword of JSON Schema may be set to.

One row per keyword, one sentence per mistake. Keywords without a row are not ours to judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.schemas.keywords import SEVERAL, UNDER_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.definitions.schema import JsonValue

__all__ = ["JUDGED", "MAX_ENUM", "TYPES", "explain_keyword"]

MAX_ENUM = 1_000

TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
"""What a value can be."""


def explain_keyword(keyword: str, value: JsonValue) -> str:
    """Return what is wrong with *value* as the setting of *keyword*, or nothing.

    >>> explain_keyword("type", {})
    'must be one of array, boolean, integer, null, number, object, string, or a list of them'
    >>> explain_keyword("minLength", 3)
    ''
    """
    rule = _RULES.get(keyword)
    return rule(value) if rule else ""


def _type(value: JsonValue) -> str:
    if isinstance(value, str) and value in TYPES:
        return ""
    names = value if isinstance(value, list) else [value]
    known = all(isinstance(name, str) and name in TYPES for name in names)
    if names and known and len(set(map(str, names))) == len(names):
        return ""
    return f"must be one of {', '.join(sorted(TYPES))}, or a list of them"


def _enum(value: JsonValue) -> str:
    if not isinstance(value, list):
        return "must be a list of values"
    return f"has more than {MAX_ENUM} values" if len(value) > MAX_ENUM else ""


def _number(value: JsonValue) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "" if is_number else "must be a number"


def _bound(value: JsonValue) -> str:
    # Draft 4 wrote the exclusive bounds as flags beside `minimum` and `maximum`.
    return "" if isinstance(value, bool) else _number(value)


def _divisor(value: JsonValue) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "must be a number"
    return "" if value > 0 else "must be greater than 0"


def _count(value: JsonValue) -> str:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or not isinstance(value, int | float) or value < 0:
        return "must be a whole number, 0 or more"
    return ""


def _flag(value: JsonValue) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _text(value: JsonValue) -> str:
    return "" if isinstance(value, str) else "must be text"


def _pattern(value: JsonValue) -> str:
    from registry_core.schemas.regex_syntax import pattern_fault  # few documents have a pattern

    return pattern_fault(value) if isinstance(value, str) else "must be text"


def _patterned(value: JsonValue) -> str:
    if not isinstance(value, dict):
        return "must be an object of schemas"
    from registry_core.schemas.regex_syntax import pattern_fault

    faults = ((pattern, pattern_fault(pattern)) for pattern in value)
    return next((f"{fault}: {pattern!a}" for pattern, fault in faults if fault), "")


def _names(value: JsonValue) -> str:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return "must be a list of names"
    return "" if len(set(map(str, value))) == len(value) else "names something twice"


def _names_by_name(value: JsonValue) -> str:
    if not isinstance(value, dict):
        return "must be an object of lists of names"
    return next((message for names in value.values() if (message := _names(names))), "")


def _reference(value: JsonValue) -> str:
    if isinstance(value, str) and (value == "#" or value.startswith("#/")):
        return ""
    return f"must be a reference inside this document, such as '#/$defs/Page', not {value!a}"


def _no_dynamic(_: JsonValue) -> str:
    return "is not supported: use $ref"


def _map(value: JsonValue) -> str:
    return "" if isinstance(value, dict) else "must be an object of schemas"


def _list(value: JsonValue) -> str:
    return "" if isinstance(value, list) and value else "must be a list of at least one schema"


_RULES: dict[str, Callable[[JsonValue], str]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "patternProperties": _patterned,
    "required": _names,
    "dependentRequired": _names_by_name,
    "uniqueItems": _flag,
    "format": _text,
    "multipleOf": _divisor,
    "$ref": _reference,
    "$dynamicRef": _no_dynamic,
    "$recursiveRef": _no_dynamic,
    **dict.fromkeys(("minimum", "maximum"), _number),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), _bound),
    **dict.fromkeys(
        (
            *("minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains"),
            *("minProperties", "maxProperties"),
        ),
        _count,
    ),
    **dict.fromkeys(UNDER_KEYS - {"patternProperties"}, _map),
    **dict.fromkeys(SEVERAL - {"items"}, _list),
}

JUDGED = frozenset(_RULES)
"""The keywords that have a rule."""
