"""What a schema looks like from outside, as twelve hexadecimal digits.

Two documents of one structure share a fingerprint: titles, descriptions, defaults and the names
of shared definitions do not count, a property that happens to be called ``title`` does.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from registry_core.schemas.keywords import ANNOTATIONS, ONE, SEVERAL, UNDER_KEYS
from registry_core.schemas.pointers import follow

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject, JsonValue

__all__ = ["fingerprint", "structure"]

_UNORDERED = frozenset({"enum", "required", "type"})
_SHARED = frozenset({"$defs", "definitions"})


def fingerprint(accepts: JsonObject, emits: JsonObject) -> str:
    """Return twelve hexadecimal digits that stand for the structure of both documents.

    Args:
        accepts: What a consumer of the schema takes.
        emits: What a producer of the schema gives.

    >>> plain = {"type": "object", "properties": {"title": {"type": "string"}}}
    >>> named = {**plain, "title": "Page"}
    >>> fingerprint(plain, plain) == fingerprint(named, named)
    True
    >>> fingerprint(plain, plain) == fingerprint({"type": "object"}, plain)
    False
    """
    text = f"[{structure(accepts)},{structure(emits)}]"
    return sha256(text.encode()).hexdigest()[:12]


def structure(document: JsonObject) -> str:
    """Return *document* as text without anything that refuses no value.

    References are numbered in the order they are met, so their names do not count.

    >>> structure({"type": "integer", "title": "Age"})
    '[{"type":"integer"}]'
    """
    numbers: dict[str, int] = {}
    bodies: list[JsonValue] = [_strip(document, numbers)]
    met = 0
    while met < len(numbers):
        reference = list(numbers)[met]
        met += 1
        try:
            bodies.append(_strip(follow(document, reference), numbers))
        except LookupError:
            bodies.append(reference)
    return _canonical(bodies)


def _strip(schema: JsonValue, numbers: dict[str, int]) -> JsonValue:
    if not isinstance(schema, dict):
        return schema
    return {
        keyword: _strip_keyword(keyword, schema[keyword], numbers)
        for keyword in sorted(schema)
        if keyword not in ANNOTATIONS and keyword not in _SHARED
    }


def _strip_keyword(keyword: str, value: JsonValue, numbers: dict[str, int]) -> JsonValue:
    if keyword == "$ref" and isinstance(value, str):
        return numbers.setdefault(value, len(numbers) + 1)
    if isinstance(value, list):
        if keyword in SEVERAL:
            return [_strip(item, numbers) for item in value]
        return sorted(value, key=_canonical) if keyword in _UNORDERED else value
    if isinstance(value, dict) and keyword in UNDER_KEYS:
        return {name: _strip(value[name], numbers) for name in sorted(value)}
    return _strip(value, numbers) if keyword in ONE else value


def _canonical(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
