"""JSON values as JSON Schema compares them: 1 equals 1.0, and neither equals true."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue

__all__ = [
    "ALL_TYPES",
    "ARRAY",
    "BOOLEAN",
    "NULL",
    "NUMBER",
    "OBJECT",
    "STRING",
    "TYPE_BITS",
    "Frozen",
    "frozen",
    "same",
    "type_of",
]

NULL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT = 1, 2, 4, 8, 16, 32
ALL_TYPES = 63

TYPE_BITS = {
    "null": NULL,
    "boolean": BOOLEAN,
    "integer": NUMBER,
    "number": NUMBER,
    "string": STRING,
    "array": ARRAY,
    "object": OBJECT,
}
"""Bits of the types that schemas name; an integer is a number with more to it."""

_TYPES: dict[type, int] = {
    type(None): NULL,
    bool: BOOLEAN,
    int: NUMBER,
    float: NUMBER,
    str: STRING,
    list: ARRAY,
    dict: OBJECT,
}

Frozen: TypeAlias = "tuple[int, object]"


def type_of(value: JsonValue) -> int:
    """Return the one bit that stands for the type of *value*."""
    return _TYPES[type(value)]


def frozen(value: JsonValue) -> Frozen:
    """Return a hashable stand-in: equal stand-ins, equal JSON values.

    >>> frozen(1) == frozen(1.0), frozen(1) == frozen(True)
    (True, False)
    """
    if isinstance(value, list):
        return ARRAY, tuple([frozen(item) for item in value])
    if isinstance(value, dict):
        return OBJECT, frozenset([(name, frozen(item)) for name, item in value.items()])
    return _TYPES[type(value)], value


def same(one: JsonValue, other: JsonValue) -> bool:
    """Return whether both are the same JSON value."""
    if isinstance(one, list | dict) or isinstance(other, list | dict):
        return frozen(one) == frozen(other)
    return one == other and isinstance(one, bool) == isinstance(other, bool)
