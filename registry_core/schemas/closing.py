"""Which objects of a producer hold no undeclared members.

An object type's fields are all it gives, but its schema rarely says so. Only objects that stand
on their own are closed: where several schemas judge one value together, each declares a part, and
closing the parts would leave nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.schemas.keywords import ONE, SEVERAL, UNDER_KEYS
from registry_core.schemas.pointers import follow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.definitions.schema import JsonObject, JsonValue

__all__ = ["closable"]

_ALTERNATIVES = frozenset({"$ref", "anyOf", "oneOf"})
_TOGETHER = frozenset({"allOf", "dependentSchemas", "else", "if", "not", "then"})
_ASIDE = frozenset({"contains", "propertyNames"})
_SHELVES = frozenset({"$defs", "definitions"})
_SAID = frozenset({"additionalProperties", "unevaluatedProperties"})


def closable(document: JsonObject) -> frozenset[int]:
    """Return the identities of the schemas in *document* that may be closed.

    >>> page = {"properties": {"text": {"type": "string"}}}
    >>> closable({"items": page}) == {id(page)}, closable({"allOf": [page]})
    (True, frozenset())
    """
    alone: set[int] = set()
    shared: set[int] = set()
    waiting: list[tuple[JsonValue, bool]] = [(document, True)]
    while waiting:
        schema, is_alone = waiting.pop()
        seen = alone if is_alone else shared
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        waiting.extend(_parts(document, schema, is_alone=is_alone))
        if "properties" not in schema or schema.keys() & (_ALTERNATIVES | _TOGETHER | _SAID):
            shared.add(id(schema))
    return frozenset(alone - shared)


def _parts(
    document: JsonObject, schema: JsonObject, *, is_alone: bool
) -> Iterator[tuple[JsonValue, bool]]:
    """Yield the schemas inside *schema*, and whether each is the only judge of its value."""
    one_judge = is_alone and not schema.keys() & _TOGETHER
    for keyword, value in schema.items():
        if keyword in _TOGETHER or keyword in _ASIDE:
            stays = False
        elif keyword in _ALTERNATIVES:
            stays = one_judge and "properties" not in schema
        else:
            stays = one_judge
        for part in _held_by(document, keyword, value):
            yield part, stays


def _held_by(document: JsonObject, keyword: str, value: JsonValue) -> Iterator[JsonValue]:
    if keyword == "$ref" and isinstance(value, str):
        try:
            yield follow(document, value)
        except LookupError:
            return
    elif isinstance(value, list) and keyword in SEVERAL:
        yield from value
    elif isinstance(value, dict) and keyword in UNDER_KEYS - _SHELVES:
        yield from value.values()
    elif keyword in ONE:
        yield value
