"""A JSON document as TOML that people like to edit.

Python reads TOML and does not write it. What is written here is one closed shape: lists of
objects at the top become ``[[tables]]``, objects in them ``[tables.parts]``, the rest one line.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.definitions.schema import JsonObject, JsonValue

__all__ = ["toml_text"]

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def toml_text(document: JsonObject) -> str:
    """Return *document* as TOML text.

    Raises:
        ValueError: If it holds a null, which TOML does not have.

    >>> print(toml_text({"name": "two", "stages": [{"id": "read", "config": {"limit": 2}}]}))
    name = "two"
    <BLANKLINE>
    [[stages]]
    id = "read"
    <BLANKLINE>
    [stages.config]
    limit = 2
    <BLANKLINE>
    """
    return "\n".join(_table("", document)) + "\n"


def _table(name: str, table: JsonObject) -> Iterator[str]:
    later: list[tuple[str, str, JsonObject]] = []
    for key, value in table.items():
        full = f"{name}.{_key(key)}" if name else _key(key)
        if isinstance(value, dict) and "." not in name:
            later.append((full, f"[{full}]", value))
        elif not name and isinstance(value, list) and _tables(value):
            later += ((full, f"[[{full}]]", part) for part in _tables(value))
        else:
            yield f"{_key(key)} = {_lines(value)}"
    for full, header, part in later:
        yield ""
        yield header
        yield from _table(full, part)


def _tables(values: list[JsonValue]) -> list[JsonObject]:
    """Return *values* if all are objects; nothing otherwise."""
    objects = [value for value in values if isinstance(value, dict)]
    return objects if len(objects) == len(values) else []


def _lines(value: JsonValue) -> str:
    if isinstance(value, list) and value and _tables(value):
        return "\n".join(("[", *(f"  {_inline(part)}," for part in value), "]"))
    return _inline(value)


def _inline(value: JsonValue) -> str:
    match value:
        case None:
            message = "TOML has no null"
            raise ValueError(message)
        case dict():
            parts = ", ".join(f"{_key(key)} = {_inline(part)}" for key, part in value.items())
            return f"{{ {parts} }}" if parts else "{}"
        case list():
            return f"[{', '.join(map(_inline, value))}]"
        case str():
            return _quoted(value)
        case _:
            return json.dumps(value, allow_nan=False)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    # What JSON escapes, TOML reads alike; of what TOML forbids, JSON leaves one letter as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
