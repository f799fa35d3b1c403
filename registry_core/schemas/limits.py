"""Whether a document may be let in at all: size, well-formed keywords, references that end.

Everything behind this door recurses over documents and trusts their keywords. Nothing here
recurses, retrieves or runs a pattern, so the door itself cannot be broken by what it turns away.
"""

from __future__ import annotations

import math
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, cast

from registry_core.errors import Fault
from registry_core.schemas.keyword_rules import explain_keyword
from registry_core.schemas.keywords import IN_PLACE, ONE, SEVERAL, UNDER_KEYS
from registry_core.schemas.pointers import below, follow, pointer_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from registry_core.definitions.schema import JsonObject, JsonValue

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_EXPANSION",
    "MAX_INSTANCE_DEPTH",
    "MAX_NODES",
    "check_document",
    "check_instance",
]

MAX_DEPTH = 64
MAX_INSTANCE_DEPTH = 128
MAX_NODES = 10_000
MAX_BYTES = 256 * 1024
MAX_EXPANSION = 10_000
"""Schemas that may judge one and the same value, each counted as often as it is reached."""

_HOLDING = ONE | SEVERAL | UNDER_KEYS


def check_document(document: object) -> tuple[Fault, ...]:
    """Return what keeps *document* from being used as a schema; nothing means it is welcome.

    Each fault's path is a JSON pointer into the document. A document that is too large is
    reported as that and not looked at further.

    >>> check_document({"type": "object", "properties": {"n": {"multipleOf": 0}}})
    (Fault('/properties/n/multipleOf', 'must be greater than 0'),)
    >>> check_document({"$ref": "https://example.org/page.json"})[0].path
    '/$ref'
    """
    if flaw := _check_size(document):
        return (flaw,)
    if not isinstance(document, dict):
        return (Fault("", "a schema document must be an object"),)
    document = cast("JsonObject", document)
    references = _references(document)
    if references == []:
        return ()
    schemas = dict(_subschemas(document))
    if references is None:
        return tuple(fault for at, held in schemas.items() for fault in _check_keywords(at, held))
    return tuple(_check_expansion(document, schemas))


def check_instance(value: object) -> Fault | None:
    """Return the fault that keeps *value* from being validated, or None.

    >>> deep = []
    >>> for _ in range(200):
    ...     deep = [deep]
    >>> check_instance(deep)
    Fault('', 'value too deep: more than 128 levels')
    """
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_INSTANCE_DEPTH:
            return Fault("", f"value too deep: more than {MAX_INSTANCE_DEPTH} levels")
        level = [child for node in level for child in _children(node)]
    return None


def _children(node: object) -> Iterable[object]:
    if isinstance(node, dict):
        return cast("dict[object, object]", node).values()
    return cast("list[object]", node) if isinstance(node, list) else ()


def _check_size(document: object) -> Fault | None:
    """Return the fault of a document that is too deep, too large or not JSON, or None."""
    nodes, size, depth, is_json = 0, 0, 0, True
    level = [document]
    while level:
        depth += 1
        nodes += len(level)
        if depth > MAX_DEPTH:
            return Fault("", f"schema too deep: more than {MAX_DEPTH} levels")
        if nodes > MAX_NODES:
            return Fault("", f"schema too large: more than {MAX_NODES} nodes")
        held: list[object] = []
        for node in level:
            if type(node) is str:
                size += len(node) if node.isascii() else _bytes_of(node)
            elif isinstance(node, dict):
                entries = cast("dict[object, object]", node)
                held += entries.values()
                names = _joined(entries)
                size += _bytes_of(names or "")
                is_json = is_json and names is not None
            elif isinstance(node, list):
                held += cast("list[object]", node)
            else:
                size += node.bit_length() // 3 + 1 if isinstance(node, int) else 4
                is_json = is_json and _is_json_leaf(node)
        if size > MAX_BYTES:
            return Fault("", f"schema too large: more than {MAX_BYTES // 1024} KiB")
        level = held
    return (
        None if is_json else Fault("", "must be JSON: objects with text keys, lists, text, numbers")
    )


def _joined(entries: dict[object, object]) -> str | None:
    """Return the keys as one text, or None when not all of them are text."""
    try:
        return "".join(cast("dict[str, object]", entries))
    except TypeError:
        return None


def _bytes_of(text: str) -> int:
    """Return about how many bytes *text* takes as JSON."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def _is_json_leaf(node: object) -> bool:
    return (
        math.isfinite(node)
        if isinstance(node, float)
        else node is None or isinstance(node, str | int)
    )


def _subschemas(document: JsonObject) -> Iterator[tuple[str, JsonValue]]:
    """Yield every schema of *document* with its pointer, the document first."""
    waiting: list[tuple[str, JsonValue]] = [("", document)]
    while waiting:
        at, schema = waiting.pop()
        yield at, schema
        if isinstance(schema, dict):
            for keyword, value in schema.items():
                waiting.extend(_held_by(keyword, value, below(at, keyword)))


def _held_by(keyword: str, value: JsonValue, at: str) -> Iterator[tuple[str, JsonValue]]:
    """Yield the schemas that *keyword* holds, each with its pointer."""
    if isinstance(value, list):
        if keyword in SEVERAL:
            yield from ((below(at, index), item) for index, item in enumerate(value))
    elif isinstance(value, dict) and keyword in UNDER_KEYS:
        for name, held in value.items():
            if keyword != "dependencies" or not isinstance(held, list):
                yield below(at, name), held
    elif keyword in ONE:
        yield at, value


def _references(document: JsonObject) -> list[str] | None:
    """Return the references in *document*, or None when a keyword of it is not well-formed.

    This alone is what nearly every document meets, so it makes no pointers.
    """
    references: list[str] = []
    waiting: list[JsonValue] = [document]
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, bool):
            continue
        if not isinstance(schema, dict) or ("$id" in schema and schema is not document):
            return None
        for keyword, value in schema.items():
            if explain_keyword(keyword, value):
                return None
            if keyword in _HOLDING:
                waiting.extend(_schemas_in(keyword, value))
            elif keyword == "$ref" and isinstance(value, str):
                references.append(value)
    return references


def _schemas_in(keyword: str, value: JsonValue) -> Iterable[JsonValue]:
    """Return the schemas that *keyword* holds."""
    if isinstance(value, dict) and keyword in UNDER_KEYS and keyword != "dependencies":
        return value.values()
    return [held for _, held in _held_by(keyword, value, "")]


def _check_keywords(at: str, schema: JsonValue) -> Iterator[Fault]:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield Fault(at, "must be a schema: an object or a boolean")
        return
    if at and "$id" in schema:
        yield Fault(below(at, "$id"), "is only for the whole document: references would move")
    for keyword, value in schema.items():
        if message := explain_keyword(keyword, value):
            yield Fault(below(at, keyword), message)


def _check_expansion(document: JsonObject, schemas: dict[str, JsonValue]) -> Iterator[Fault]:
    """Yield a fault for a reference that leads nowhere, never ends, or multiplies without bound."""
    asked: dict[str, list[str]] = {}
    for at, schema in schemas.items():
        edges = list(_same_value(at, schema))
        asked[at] = [there for there, _ in edges]
        for there, place in edges:
            if there not in schemas:
                yield Fault(place, f"leads nowhere: {follow(document, f'#{place}')}")
                return
    try:
        order = list(TopologicalSorter(asked).static_order())
    except CycleError as cycle:
        at = min(cycle.args[1])
        yield Fault(at, f"schema cycle at {at or '#'}: it refers to itself for the same value")
        return
    visits: dict[str, int] = {}
    for at in order:
        visits[at] = 1 + sum(visits[there] for there in asked[at])
        if visits[at] > MAX_EXPANSION:
            yield Fault(at, f"expands to more than {MAX_EXPANSION} schemas for one value")
            return


def _same_value(at: str, schema: JsonValue) -> Iterator[tuple[str, str]]:
    """Yield where the schemas stand that judge the same value, and where that is written."""
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        place = below(at, keyword)
        if keyword == "$ref" and isinstance(value, str):
            yield _pointer(value), place
        elif keyword in IN_PLACE:
            yield from ((there, place) for there, _ in _held_by(keyword, value, place))


def _pointer(reference: str) -> str:
    try:
        return pointer_of(reference)
    except LookupError:
        return reference
