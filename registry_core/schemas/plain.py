"""Schemas that are plain: judged and taken down in one walk.

Nearly all that is installed is plain, and two walks over it, one for its faults and one for its
fingerprint, would take most of a cold start. What is odd, be it wrong or only rare, is left to
`limits`, which has the words, and to `fingerprint`.
"""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from json.encoder import encode_basestring_ascii as _quoted
from typing import TYPE_CHECKING, cast

from registry_core.definitions.validating import nesting_of
from registry_core.schemas.fingerprint import keyword_text
from registry_core.schemas.keyword_rules import JUDGED, TYPES, explain_keyword
from registry_core.schemas.keywords import ANNOTATIONS, ONE, SEVERAL, UNDER_KEYS
from registry_core.schemas.limits import MAX_BYTES, MAX_DEPTH, MAX_NODES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from registry_core.definitions.schema import JsonObject, JsonValue, SchemaDefinition

__all__ = ["is_plain", "is_small", "plain_structure"]

_LEAF = ANNOTATIONS | {"type"}
_NOTHING: frozenset[str] = frozenset()
_LEAVES: Mapping[object, str] = {name: f'{{"type":"{name}"}}' for name in TYPES}
_TYPE_NAMES: Mapping[object, str] = {name: f'"{name}"' for name in TYPES}


class _OddError(Exception):
    """The schema is to be looked at more closely. Stays in here."""


def is_small(data: bytes) -> bool:
    """Return whether no schema document in the manifest *data* can be too large or too deep.

    >>> is_small(b'{"format": 1}'), is_small(b"[" * 99 + b"]" * 99)
    (True, False)
    """
    # Of a value no more is counted than twice its text, and a comma or a bracket is before each.
    few = len(data) <= MAX_NODES or sum(map(data.count, (b",", b"[", b"{"))) < MAX_NODES
    # A document lies in three brackets of a manifest, and what is in no bracket is one level more.
    flat = nesting_of(data, MAX_DEPTH + 2) <= MAX_DEPTH + 2
    return 2 * len(data) <= MAX_BYTES and few and flat


def is_plain(schema: SchemaDefinition) -> bool:
    """Return whether *schema*, from a small text, has no fault that :func:`faults_in_schema` finds.

    False says nothing.
    """
    accepts, emits = plain_structure(schema.accepts), plain_structure(schema.emits)
    text = f"[{accepts},{emits}]".encode()
    return bool(accepts and emits) and sha256(text).hexdigest()[:12] == schema.fingerprint


def plain_structure(document: JsonObject) -> str | None:
    """Return the structure of a small *document* that has no fault; None when it is not plain.

    >>> plain_structure({"type": "integer", "title": "Age"})
    '[{"type":"integer"}]'
    >>> plain_structure({"type": "integer", "minimum": "one"}) is None
    True
    """
    try:
        return f"[{_text(document)}]"
    except (_OddError, LookupError, TypeError):
        return None


def _text(schema: JsonValue) -> str:
    if not isinstance(schema, dict):
        return _flag(schema)
    members = [
        f'"{keyword}":{_SETTINGS[keyword](schema[keyword])}'
        for keyword in sorted(schema)
        if keyword not in ANNOTATIONS
    ]
    return f"{{{','.join(members)}}}"


def _flag(schema: JsonValue) -> str:
    if not isinstance(schema, bool):
        raise _OddError
    return "true" if schema else "false"


def _several(schemas: JsonValue) -> str:
    if not isinstance(schemas, list) or not schemas:
        raise _OddError
    return f"[{','.join(map(_text, schemas))}]"


def _properties(schemas: JsonValue) -> str:
    if not isinstance(schemas, dict):
        raise _OddError
    leaves = cast("dict[str, dict[str, str]]", schemas)  # TypeError if one is no object
    if _LEAF.issuperset(_NOTHING.union(*leaves.values())):
        members = [f"{_quoted(name)}:{_LEAVES[leaves[name]['type']]}" for name in sorted(leaves)]
    else:
        members = [f"{_quoted(name)}:{_text(schemas[name])}" for name in sorted(schemas)]
    return f"{{{','.join(members)}}}"


def _type(value: JsonValue) -> str:
    return _setting("type", value) if isinstance(value, list) else _TYPE_NAMES[value]


def _names(value: JsonValue) -> str:
    if not isinstance(value, list):
        raise _OddError
    names = set(map(_quoted, cast("list[str]", value)))
    if len(names) < len(value):
        raise _OddError
    return f"[{','.join(sorted(names))}]"


def _setting(keyword: str, value: JsonValue) -> str:
    if explain_keyword(keyword, value):
        raise _OddError
    return keyword_text(keyword, value, {})


_SETTINGS: Mapping[str, Callable[[JsonValue], str]] = {
    **{
        keyword: partial(_setting, keyword)
        for keyword in {"const", *JUDGED} - UNDER_KEYS - {"$ref"}
    },
    **dict.fromkeys(ONE, _text),
    **dict.fromkeys(SEVERAL - {"items"}, _several),
    "properties": _properties,
    "required": _names,
    "type": _type,
}
