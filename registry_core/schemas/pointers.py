"""JSON pointers: escape, join and follow them inside one document."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue

__all__ = ["below", "follow"]


def below(pointer: str, step: str | int) -> str:
    """Return the pointer one *step* below *pointer*.

    >>> below("/properties", "a/b")
    '/properties/a~1b'
    """
    if isinstance(step, int):
        return f"{pointer}/{step}"
    return f"{pointer}/{step.replace('~', '~0').replace('/', '~1')}"


def follow(document: JsonValue, reference: str) -> JsonValue:
    """Return what a reference such as ``#/$defs/Page`` leads to in *document*.

    Raises:
        LookupError: If *reference* leaves the document or leads nowhere in it.

    >>> follow({"$defs": {"Page": True}}, "#/$defs/Page")
    True
    """
    if not reference.startswith("#"):
        raise LookupError(reference)
    pointer = reference[1:]
    if "%" in pointer:
        from urllib.parse import unquote  # rare, and slow to import

        pointer = unquote(pointer)
    if pointer and not pointer.startswith("/"):
        raise LookupError(reference)
    found = document
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~") if "~" in step else step
        if isinstance(found, dict):
            found = found[key]
        elif isinstance(found, list) and key.isdecimal():
            found = found[int(key)]
        else:
            raise LookupError(reference)
    return found
