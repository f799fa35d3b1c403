"""The steps a task is made of, each a plain function of a JSON value.

Whoever reads an instruction, rules or a model, can only say which of these steps to take;
what a step does is decided here and never differs.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from base_agents.outcome import text_of

if TYPE_CHECKING:
    from pydantic import JsonValue

__all__ = [
    "Count",
    "CountEach",
    "Dedupe",
    "Extract",
    "Join",
    "Kind",
    "Pick",
    "Recase",
    "Reverse",
    "Sort",
    "Split",
    "Step",
    "StepError",
    "Take",
    "carry_out",
]

Kind: TypeAlias = Literal["numbers", "words", "emails", "urls", "dates"]

# No text makes one of these try again what it has tried: they stay linear.
_KINDS: dict[Kind, re.Pattern[str]] = {
    "numbers": re.compile(r"(?<![\w.])-?\d{1,15}+(?:\.\d{1,15}+)?+(?!\d)"),
    "words": re.compile(r"[^\W\d_]++(?:['\u2019-][^\W\d_]++)*+"),
    "emails": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+@(?:[\w-]{1,63}+\.){1,8}[^\W\d_]{2,63}+"),
    "urls": re.compile(r"https?://[^\s<>\"'()]+(?<![.,;:!?])"),
    "dates": re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)"),
}
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s++")


class StepError(ValueError):
    """A step cannot be taken on what the step before gave."""

    def __init__(self, step: Step, needs: str) -> None:
        """Keep the *step* and what it *needs*."""
        super().__init__(step, needs)
        self.step = step
        self.needs = needs

    def __str__(self) -> str:
        """Name both."""
        return f"step {str(self.step)!r} needs {self.needs}"


@dataclass(frozen=True, slots=True)
class Split:
    """Cut texts into a list, at ``lines``, ``words``, ``sentences`` or a text of one's own."""

    at: str

    def __str__(self) -> str:
        """As an instruction."""
        return f"split by {self.at if self.at in _CUTS else text_of([self.at])[1:-1]}"


@dataclass(frozen=True, slots=True)
class Sort:
    """Order a list, numbers before texts; objects by the *field* they all have."""

    descending: bool = False
    field: str = ""

    def __str__(self) -> str:
        """As an instruction."""
        return f"sort{f' by {self.field}' if self.field else ''}{' descending' * self.descending}"


@dataclass(frozen=True, slots=True)
class Dedupe:
    """Keep the first of items that are equal."""

    def __str__(self) -> str:
        """As an instruction."""
        return "drop duplicates"


@dataclass(frozen=True, slots=True)
class Count:
    """Count the items of a list, or the words of a text."""

    def __str__(self) -> str:
        """As an instruction."""
        return "count"


@dataclass(frozen=True, slots=True)
class CountEach:
    """Count how often each item stands in a list, the commonest first."""

    def __str__(self) -> str:
        """As an instruction."""
        return "count each"


@dataclass(frozen=True, slots=True)
class Extract:
    """Take the pieces of one *kind* out of all texts, in order."""

    kind: Kind

    def __str__(self) -> str:
        """As an instruction."""
        return f"extract {self.kind}"


@dataclass(frozen=True, slots=True)
class Pick:
    """Take one field out of each object of a list; objects without it are left out."""

    field: str

    def __str__(self) -> str:
        """As an instruction."""
        return f"pick {self.field}"


@dataclass(frozen=True, slots=True)
class Take:
    """Keep so many items of a list, from its beginning or its end."""

    count: int
    last: bool = False

    def __str__(self) -> str:
        """As an instruction."""
        return f"keep {'last' if self.last else 'first'} {self.count}"


@dataclass(frozen=True, slots=True)
class Reverse:
    """Turn a list round."""

    def __str__(self) -> str:
        """As an instruction."""
        return "reverse"


@dataclass(frozen=True, slots=True)
class Join:
    """Make one text of a list."""

    separator: str

    def __str__(self) -> str:
        """As an instruction."""
        return f"join with {text_of([self.separator])[1:-1]}"


@dataclass(frozen=True, slots=True)
class Recase:
    """Write all texts in one case."""

    upper: bool

    def __str__(self) -> str:
        """As an instruction."""
        return f"{'upper' if self.upper else 'lower'} case"


Step = Split | Sort | Dedupe | Count | CountEach | Extract | Pick | Take | Reverse | Join | Recase


def carry_out(step: Step, value: JsonValue) -> JsonValue:  # noqa: C901, PLR0911 -- one row a step
    """Return what *step* makes of *value*.

    Raises:
        StepError: If *value* is nothing that the step can be taken on.

    >>> carry_out(CountEach(), ["b", "a", "b"])
    [{'value': 'b', 'count': 2}, {'value': 'a', 'count': 1}]
    """
    match step:
        case Split(at):
            return [piece for text in _texts(step, value) for piece in _cut(text, at)]
        case Extract(kind):
            return [
                _number(found[0]) if kind == "numbers" else found[0]
                for text in _texts(step, value)
                for found in _KINDS[kind].finditer(text)
            ]
        case Recase(upper):
            cased = [text.upper() if upper else text.lower() for text in _texts(step, value)]
            return cased[0] if isinstance(value, str) else [*cased]
        case Count() if isinstance(value, str):
            return len(_KINDS["words"].findall(value))
        case Count():
            return len(_items(step, value))
        case CountEach():
            return _counted(_items(step, value))
        case Sort(descending, field):
            return _sorted(step, _items(step, value), field, descending=descending)
        case Dedupe():
            return [*_distinct(_items(step, value)).values()]
        case Pick(field):
            items = _items(step, value)
            return [item[field] for item in items if isinstance(item, dict) and field in item]
        case Take(count, last):
            items = _items(step, value)
            return items[max(0, len(items) - count) :] if last else items[:count]
        case Reverse():
            return _items(step, value)[::-1]
        case Join(separator):
            return separator.join(map(text_of, _items(step, value)))


def _items(step: Step, value: JsonValue) -> list[JsonValue]:
    if isinstance(value, list):
        return value
    raise StepError(step, "a list: split or extract first")


def _texts(step: Step, value: JsonValue) -> list[str]:
    if isinstance(value, str):
        return [value]
    texts = [item for item in _items(step, value) if isinstance(item, str)]
    if len(texts) < len(_items(step, value)):
        raise StepError(step, "a text, or a list of nothing but texts")
    return texts


_CUTS = ("lines", "words", "sentences")


def _cut(text: str, at: str) -> list[str]:
    match at:
        case "lines":
            pieces = text.splitlines()
        case "words":
            pieces = _KINDS["words"].findall(text)
        case "sentences":
            pieces = _SENTENCE_END.split(text)
        case _:
            pieces = text.split(at)
    stripped = (piece.strip() for piece in pieces)
    return [piece for piece in stripped if piece]


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _distinct(items: list[JsonValue]) -> dict[str, JsonValue]:
    """Return the first of the items that are equal, by their JSON: 1 is no "1" and no true."""
    first: dict[str, JsonValue] = {}
    for item in items:
        first.setdefault(text_of([item]), item)
    return first


def _counted(items: list[JsonValue]) -> list[JsonValue]:
    values = _distinct(items)
    counts = Counter(text_of([item]) for item in items)
    return [
        {"value": values[key], "count": count}
        for key, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _sorted(step: Step, items: list[JsonValue], field: str, *, descending: bool) -> list[JsonValue]:
    keys = [item.get(field) if field and isinstance(item, dict) else item for item in items]
    if field and not all(isinstance(item, dict) and field in item for item in items):
        raise StepError(step, f"a list of objects that all have {field!r}")
    order = sorted(range(len(items)), key=lambda i: _rank(keys[i]), reverse=descending)
    return [items[i] for i in order]


def _rank(value: JsonValue) -> tuple[int, float, str, str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, value, "", ""
    if isinstance(value, str):
        return 1, 0, value.casefold(), value
    return 2, 0, text_of(value), ""
