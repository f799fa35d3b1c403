"""Change one value of a TOML text and nothing else: comments, order and layout stay.

What comes out is read again by Python's parser and must hold what was meant, or it is refused:
so a layout that this does not understand is never spoilt.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, cast

from registry_core.errors import ConfigError, Fault
from registry_core.settings.keys import key_text, part_at
from registry_core.text.inline import inline
from registry_core.text.lines import statements
from registry_core.text.toml import read_toml

if TYPE_CHECKING:
    from registry_core.text.lines import Statement
    from registry_core.text.toml import TomlTable, TomlValue

__all__ = ["with_value", "without_value"]


def with_value(subject: str, content: bytes, key: tuple[str, ...], value: TomlValue) -> bytes:
    r"""Return *content* with *key* set to *value*.

    Raises:
        ConfigError: If *content* is no TOML, or is laid out so that this cannot be done.

    >>> with_value("a.toml", b"[run] # slow\n", ("run", "timeout_seconds"), 5).decode()
    '[run] # slow\ntimeout_seconds = 5\n'
    """
    toml = read_toml(subject, content)
    text = toml.text
    if any(_is_below(found, key) for found in statements(text)):
        text = _without(text, toml.document, key)
    return _checked(subject, content, _with(text, toml.document, key, value), (key, value))


def without_value(subject: str, content: bytes, key: tuple[str, ...]) -> bytes:
    """Return *content* without *key* and what is below it; the same when it is not there.

    Raises:
        ConfigError: As :func:`with_value`.
    """
    toml = read_toml(subject, content)
    if part_at(toml.document, key) is None:
        return content
    return _checked(subject, content, _without(toml.text, toml.document, key), (key, None))


def _with(text: str, document: TomlTable, key: tuple[str, ...], value: TomlValue) -> str:
    known = list(statements(text))
    around = _around(known, key)
    if around is not None:
        return _rewritten(text, document, around, key, value)
    newline = "\r\n" if "\r\n" in text else "\n"
    for depth in range(len(key) - 1, -1, -1):
        if depth and (section := _section(known, key[:depth])):
            end = _line_end(text, section[-1].end)
            line = f"{key_text(key[depth:])} = {inline(value)}"
            return f"{_ended(text[:end], newline)}{line}{newline}{text[end:]}"
    line = f"{key_text(key[-1:])} = {inline(value)}{newline}"
    if len(key) == 1:
        return f"{line}{text}"
    gap = newline if text.strip() else ""
    return f"{_ended(text, newline)}{gap}[{key_text(key[:-1])}]{newline}{line}"


def _without(text: str, document: TomlTable, key: tuple[str, ...]) -> str:
    known = list(statements(text))
    around = _around(known, key)
    if around is not None and around.place != key:
        return _rewritten(text, document, around, key, None)
    for found in reversed(known):
        if found.place == key or _is_below(found, key):
            start = text.rfind("\n", 0, found.start) + 1
            text = text[:start] + text[_line_end(text, found.end) :]
    return text


def _around(known: list[Statement], key: tuple[str, ...]) -> Statement | None:
    """Return the assignment that *key* is part of: its own, or that of a table on one line."""
    found = (s for s in known if s.value >= 0 and s.place == key[: len(s.place)])
    return next(found, None)


def _section(known: list[Statement], table: tuple[str, ...]) -> list[Statement]:
    """Return the header of *table* and what stands under it; nothing when it has no header."""
    section: list[Statement] = []
    for found in known:
        if found.value < 0 and section:
            break
        if section or (found.value < 0 and found.place == table):
            section.append(found)
    return section


def _is_below(found: Statement, key: tuple[str, ...]) -> bool:
    return len(found.place) > len(key) and found.place[: len(key)] == key


def _rewritten(
    text: str,
    document: TomlTable,
    around: Statement,
    key: tuple[str, ...],
    value: TomlValue | None,
) -> str:
    place = cast("tuple[str, ...]", around.place)
    new = part_at(_changed(document, key, value), place)
    return f"{text[: around.value]} {inline(new)}{text[around.end :]}"


def _changed(document: TomlTable, key: tuple[str, ...], value: TomlValue | None) -> TomlTable:
    """Return *document* with *key* set to *value*, or without it."""
    first, *rest = key
    there = document.get(first)
    if rest:
        value = _changed(there if isinstance(there, dict) else {}, tuple(rest), value)
    without = {name: part for name, part in document.items() if name != first or value is not None}
    return without if value is None else {**without, first: value}


def _checked(
    subject: str,
    content: bytes,
    text: str,
    change: tuple[tuple[str, ...], TomlValue | None],
) -> bytes:
    """Return *text* as bytes, if it holds what *content* did but for the *change*."""
    before = read_toml(subject, content).document
    new = (codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b"") + text.encode()
    try:
        holds = _pruned(read_toml(subject, new).document) == _pruned(_changed(before, *change))
    except ConfigError:
        holds = False
    if not holds:
        reason = "is laid out so that only an editor can change it"
        raise ConfigError(subject, [Fault(key_text(change[0]), reason)])
    return new


def _pruned(table: TomlTable) -> TomlTable:
    """Return *table* without tables that hold nothing."""
    inner = {
        key: _pruned(value) if isinstance(value, dict) else value for key, value in table.items()
    }
    return {key: value for key, value in inner.items() if value != {}}


def _line_end(text: str, end: int) -> int:
    """Return where the next line begins; comments stay with what they are about."""
    newline = text.find("\n", end)
    return len(text) if newline < 0 else newline + 1


def _ended(text: str, newline: str) -> str:
    return text if not text or text.endswith("\n") else text + newline
