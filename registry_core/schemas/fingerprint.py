"""What a schema looks like from outside, as twelve hexadecimal digits.

Two documents of one structure share a fingerprint: titles, descriptions, defaults and the names
of shared definitions do not count, a property that happens to be called ``title`` does.
"""

from __future__ import annotations

import json
from hashlib import sha256
from json.encoder import encode_basestring_ascii as _quoted
from typing import TYPE_CHECKING

from registry_core.schemas.keywords import ANNOTATIONS, ONE, SEVERAL, UNDER_KEYS
from registry_core.schemas.pointers import follow

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject, JsonValue

__all__ = ["fingerprint", "keyword_text", "structure"]

_UNORDERED = frozenset({"enum", "required", "type"})
_SILENT = ANNOTATIONS | {"$defs", "definitions"}


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
    bodies = [_text(document, numbers)]
    met = 0
    while met < len(numbers):
        reference = list(numbers)[met]
        met += 1
        try:
            bodies.append(_text(follow(document, reference), numbers))
        except LookupError:
            bodies.append(_canonical(reference))
    return f"[{','.join(bodies)}]"


def _text(schema: JsonValue, numbers: dict[str, int]) -> str:
    if not isinstance(schema, dict):
        return _canonical(schema)
    members = [
        f"{_quoted(keyword)}:{keyword_text(keyword, schema[keyword], numbers)}"
        for keyword in sorted(schema)
        if keyword not in _SILENT
    ]
    return f"{{{','.join(members)}}}"


def keyword_text(keyword: str, value: JsonValue, numbers: dict[str, int]) -> str:
    """Return the *value* of a *keyword* as the structure has it.

    Args:
        keyword: Its name.
        value: What stands there.
        numbers: Of the places that were referred to so far; gets those that come to it.
    """
    if isinstance(value, str):
        is_place = keyword == "$ref"
        return str(numbers.setdefault(value, len(numbers) + 1)) if is_place else _quoted(value)
    if isinstance(value, list):
        if keyword in SEVERAL:
            return f"[{','.join([_text(item, numbers) for item in value])}]"
        if keyword in _UNORDERED:
            return f"[{','.join(sorted(map(_canonical, value)))}]"
    elif isinstance(value, dict):
        if keyword in UNDER_KEYS:
            members = [f"{_quoted(name)}:{_text(value[name], numbers)}" for name in sorted(value)]
            return f"{{{','.join(members)}}}"
        if keyword in ONE:
            return _text(value, numbers)
    return _canonical(value)


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
