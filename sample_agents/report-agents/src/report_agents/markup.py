"""HTML that is escaped unless it was made here.

Text becomes markup only as the child of an :func:`element`, and is escaped on its way in, so
there is no place where escaping could be forgotten.
"""

from __future__ import annotations

import re
from html import escape

__all__ = ["Markup", "element", "joined"]

_VOID = frozenset({"line", "meta", "rect"})
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str | float) -> Markup:
    """Return an element; an attribute's trailing underscore is dropped, others become hyphens.

    >>> element("p", "1 < 2 ", element("b", "so"), class_="note")
    '<p class="note">1 &lt; 2 <b>so</b></p>'
    """
    start = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_safe(_written(value))}"'
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Markup(f"<{name}{start}/>")
    return Markup(f"<{name}{start}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """Return the children one after another, text among them escaped."""
    return Markup("".join(one if isinstance(one, Markup) else _safe(one) for one in children))


def _safe(text: str) -> str:
    return escape(_UNWRITABLE.sub("\ufffd", text))


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
