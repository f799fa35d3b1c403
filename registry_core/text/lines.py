"""Where in a JSON or TOML text each of its values stands.

Neither parser of the standard library says. This reads texts that one of them accepted, so it
knows no faults: it only counts.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Lines", "Statement", "Steps", "has_long_key", "json_lines", "line_of", "statements"]
__all__ += ["steps_of", "toml_lines"]

Steps: TypeAlias = tuple[str | int, ...]
"""The keys and places that lead to a value."""

Lines: TypeAlias = Mapping[Steps, int]

_Token: TypeAlias = tuple[str, int, int]
"""A word, the line it begins on, and the letter it begins at."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A header or a ``key = value`` of a TOML text.

    Attributes:
        place: What it is about.
        start: The letter of the text that it begins at.
        value: The letter after the ``=``; -1 for a header.
        end: The letter after its last one; a comment behind it is not part of it.
    """

    place: Steps
    start: int
    value: int
    end: int


# What is left open ends with its line or with the text, so that no text is read twice.
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?(?:"{3,5}|\\?\Z)'
    r"|'''.*?(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]|\\.)*"?'
    r"|'[^'\n]*'?"
    r"|\#[^\n]*"
    r"|[\[\]{},:=\n]"
    r"""|[^\s\[\]{},:="'\#]+""",
    re.DOTALL,
)
_BETWEEN_KEYS = frozenset("[]{},=\n")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def json_lines(text: str) -> Lines:
    r"""Return the lines of what the JSON *text* holds, counted from 1.

    >>> json_lines('{"a": 1,\n "b": [2,\n 3]}')["b", 1]
    3
    """
    return dict(_walked((), (token for token in _tokens(text) if token[0] != "\n")))


def toml_lines(text: str) -> Lines:
    r"""Return the lines of what the TOML *text* holds, counted from 1.

    >>> toml_lines('[[stages]]\nid = "a"\n[[stages]]\nid = "b"')["stages", 1, "id"]
    4
    """
    lines: dict[Steps, int] = {(): 1}
    for place, words, equals in _placed(text):
        start = words[0][1]
        value = words[equals + 1 :] if equals else []
        around = ((place[:depth], start) for depth in range(1, len(place) + 1))
        for steps, line in (*around, *_walked(place, value)):
            lines.setdefault(steps, line)
    return lines


def statements(text: str) -> Iterator[Statement]:
    r"""Yield the headers and assignments of the TOML *text*.

    >>> [(found.place, text[found.start : found.end]) for text in ["[a] # one\nb = 1 # two"]
    ...  for found in statements(text)]
    [(('a',), '[a]'), (('a', 'b'), 'b = 1')]
    """
    for place, words, equals in _placed(text):
        word, _, last = words[-1]
        value = words[equals][2] + 1 if equals else -1
        yield Statement(place, words[0][2], value, last + len(word))


def has_long_key(text: str, parts: int) -> bool:
    """Return whether a key of the TOML *text* has more dots than *parts*; it may be no TOML yet.

    >>> has_long_key("a.b.c = 1", 1), has_long_key("a.b = 'a.b.c.d' # and so on ...", 1)
    (True, False)
    """
    dots = 0
    for word, *_ in _tokens(text):
        if word in _BETWEEN_KEYS:
            dots = 0
        elif word[0] not in "\"'":
            dots += word.count(".")
        if dots > parts:
            return True
    return False


def line_of(lines: Lines, steps: Steps) -> int:
    """Return the line of the value at *steps*, or of the nearest one around it."""
    while steps not in lines and steps:
        steps = steps[:-1]
    return lines.get(steps, 1)


def steps_of(path: str) -> Steps:
    """Return the steps of a path as faults have it.

    >>> steps_of("stages[2].policy.max_attempts")
    ('stages', 2, 'policy', 'max_attempts')
    """
    found = _STEP.finditer(path)
    return tuple(int(match[1]) if match[1] else match[2] for match in found)


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        word = match[0]
        if not word.startswith("#"):
            yield word, line, match.start()
        line += word.count("\n")


def _statements(text: str) -> Iterator[list[_Token]]:
    """Yield each header and each ``key = value``, the value over as many lines as it takes."""
    statement: list[_Token] = []
    depth = 0
    for token in _tokens(text):
        word = token[0]
        if word == "\n":
            if depth == 0 and statement:
                yield statement
                statement = []
            continue
        depth += (word in {"[", "{"}) - (word in {"]", "}"})
        statement.append(token)
    if statement:
        yield statement


def _placed(text: str) -> Iterator[tuple[Steps, list[_Token], int]]:
    """Yield the place of each statement, its tokens, and which of them is ``=``; 0 for a header."""
    tables: Counter[Steps] = Counter()
    here: Steps = ()
    for statement in _statements(text):
        words = [word for word, *_ in statement]
        if words[0] == "[":
            here = _inside((), _keys(word for word in words if word not in {"[", "]"}), tables)
            if words[1] == "[":
                tables[here] += 1
                here = (*here, tables[here] - 1)
            yield here, statement, 0
        else:
            equals = words.index("=")
            yield _inside(here, _keys(words[:equals]), tables), statement, equals


def _walked(root: Steps, tokens: Iterable[_Token]) -> Iterator[tuple[Steps, int]]:
    """Yield the steps and the line of each value in *tokens*, which are one value at *root*."""
    path = list(root)
    at_key = in_key = False
    for word, line, _ in tokens:
        match word:
            case ",":
                step = path[-1]
                at_key = isinstance(step, str)
                path[-1] = step + 1 if isinstance(step, int) else step
            case ":" | "=":
                in_key = False
            case "]" | "}":
                path.pop()
                at_key = False
            case _ if at_key:
                path[-1] = _keys([word])[0]
                at_key, in_key = False, True
                yield tuple(path), line
            case _ if not in_key:
                yield tuple(path), line
                if word in {"[", "{"}:
                    path.append(0 if word == "[" else "")
                    at_key = word == "{"
            case _:
                pass


def _inside(table: Steps, keys: Iterable[str], tables: Counter[Steps]) -> Steps:
    """Return the place of *keys* in *table*; in an array of tables, that of its last one."""
    place = table
    for key in keys:
        if place in tables:
            place = (*place, tables[place] - 1)
        place = (*place, key)
    return place


def _keys(words: Iterable[str]) -> list[str]:
    keys: list[str] = []
    for word in words:
        if word.startswith('"'):
            keys.append(_unquoted(word))
        elif word.startswith("'"):
            keys.append(word[1:-1])
        else:
            keys += filter(None, word.split("."))
    return keys or [""]


def _unquoted(word: str) -> str:
    try:
        return str(json.loads(word))
    except ValueError:  # TOML knows escapes that JSON does not
        return word[1:-1]
