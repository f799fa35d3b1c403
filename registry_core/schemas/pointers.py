"""JSON pointers: escape, join and follow them inside one document."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue

__all__ = ["below", "follow", "pointer_of"]


def below(pointer: str, step: str | int) -> str:
    """Return the pointer one *step* below *pointer*.

    >>> below("/properties", "a/b")
    '/properties/a~1b'
    """
    if isinstance(step, int):
        return f"{pointer}/{step}"
    return f"{pointer}/{step.replace('~', '~0').replace('/', '~1')}"


def pointer_of(reference: str) -> str:
    """Return the JSON pointer that *reference* holds.

    Raises:
        LookupError: If *reference* is not a pointer into the document it stands in.

    >>> pointer_of("#/$defs/Page%20One")
    '/$defs/Page One'
    """
    pointer = reference[1:]
    if not reference.startswith("#") or (pointer and not pointer.startswith("/")):
        raise LookupError(reference)
    if "%" in pointer:
        from urllib.parse import unquote  # rare, and slow to import

        return unquote(pointer)
    return pointer


def follow(document: JsonValue, reference: str) -> JsonValue:
    """Return what a reference such as ``#/$defs/Page`` leads to in *document*.

    Raises:
        LookupError: If *reference* leaves the document or leads nowhere in it.

    >>> follow({"$defs": {"Page": True}}, "#/$defs/Page")
    True
    """
    found = document
    for step in pointer_of(reference).split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~") if "~" in step else step
        if isinstance(found, dict):
            found = found[key]
        elif isinstance(found, list) and key.isdecimal():
            found = found[int(key)]
        else:
            raise LookupError(reference)
    return found
