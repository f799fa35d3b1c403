"""A JSON document as TOML that people like to edit.

Python reads TOML and does not write it. What is written here is one closed shape: lists of
objects at the top become ``[[tables]]``, objects in them ``[tables.parts]``, the rest one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.text.inline import inline, key_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.definitions.schema import JsonObject, JsonValue

__all__ = ["toml_text"]


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
        full = f"{name}.{key_word(key)}" if name else key_word(key)
        if isinstance(value, dict) and "." not in name:
            later.append((full, f"[{full}]", value))
        elif not name and isinstance(value, list) and _tables(value):
            later += ((full, f"[[{full}]]", part) for part in _tables(value))
        else:
            yield f"{key_word(key)} = {_lines(value)}"
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
        return "\n".join(("[", *(f"  {inline(part)}," for part in value), "]"))
    return inline(value)
