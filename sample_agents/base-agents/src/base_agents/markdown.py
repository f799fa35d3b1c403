"""Plain text and rows as CommonMark, so that nothing in them is read as markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from base_agents.outcome import text_of
from base_agents.tables import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from base_agents.models import Row

__all__ = ["document", "line", "paragraph", "table"]

_MEANINGFUL = re.compile(r"([\\`*_\[\]<>#|&~])")
_LEADING = re.compile(r"^(\d*+)([-+=:.)])")
_BREAKS = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")


def line(text: str) -> str:
    r"""Return *text* on one line, escaped.

    >>> line("a *b*\nc | d")
    'a \\*b\\* c \\| d'
    """
    plain = _BREAKS.sub(" ", text).strip()
    return _LEADING.sub(r"\1\\\2", _MEANINGFUL.sub(r"\\\1", plain))


def paragraph(text: str) -> str:
    """Return *text* escaped; what stood on lines of its own still does."""
    return "\\\n".join(escaped for part in text.splitlines() if (escaped := line(part)))


def table(rows: Sequence[Row]) -> str:
    """Return *rows* as a table, its columns in the order of their first appearance.

    >>> print(table([{"fruit": "fig", "count": 2}, {"fruit": "pear"}]))
    | fruit | count |
    | --- | --- |
    | fig | 2 |
    | pear |  |
    """
    columns = columns_of(rows)
    lines = [
        [line(column) for column in columns],
        ["---"] * len(columns),
        *([_cell(row, column) for column in columns] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) if columns else ""


def document(title: str, sections: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Return a document of sections, each a plain heading and blocks of Markdown."""
    blocks = [f"# {line(title)}".rstrip()]
    for heading, content in sections:
        blocks.append(f"## {line(heading)}".rstrip())
        blocks.extend(block for block in content if block)
    return "\n\n".join(blocks) + "\n"


def _cell(row: Row, column: str) -> str:
    value = row.get(column)
    return "" if value is None else line(text_of(value))
