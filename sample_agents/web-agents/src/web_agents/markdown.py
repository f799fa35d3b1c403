"""Markdown to text: what a reader reads, without the marks."""

from __future__ import annotations

import re
from base64 import b64encode
from itertools import pairwise
from typing import TYPE_CHECKING

from document_schemas import DocumentText, MarkdownFile
from markdown_it import MarkdownIt

from registry_core import Example, Resources, agent
from web_agents.charset import decode_text
from web_agents.html import text_of_markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from markdown_it.token import Token

__all__ = ["markdown_to_text"]

_FRONT_MATTER = re.compile(r"(?ms)\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?$\n?")
_TITLE = re.compile(r"(?m)^title[ \t]*:[ \t]*(['\"]?)(?P<title>.+?)\1[ \t]*\r?$")


@agent(
    capabilities={"data_transformation.text_extraction": 1.0},
    tags=["markdown"],
    cost=0.5,
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={
                "file": {
                    "media_type": "text/markdown",
                    "name": "note.md",
                    "content": b64encode(b"# Note\n\nBuy *two* [pens](a.html).").decode(),
                }
            },
            output={"title": "Note", "source_name": "note.md", "text": "Note\n\nBuy two pens."},
        )
    ],
)
def markdown_to_text(file: MarkdownFile) -> DocumentText:
    """Take the text out of a Markdown file (CommonMark with tables).

    Front matter is left out; its one-line ``title`` is the title, else the first heading is,
    else the file's name. Marks of lists, links and emphasis are gone, code stays.
    """
    source = decode_text(file.content)
    matter = _FRONT_MATTER.match(source)
    tokens = MarkdownIt("commonmark").enable("table").parse(source[matter.end() if matter else 0 :])
    declared = _TITLE.search(matter[1]) if matter else None
    title = declared["title"] if declared else _first_heading(tokens)
    return DocumentText(
        title=title or file.name,
        source_name=file.name,
        text="\n\n".join(block for block in _blocks(tokens) if block),
    )


def _first_heading(tokens: list[Token]) -> str:
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            return _inline(following.children or ())
    return ""


def _blocks(tokens: Iterable[Token]) -> Iterator[str]:
    row: list[str] | None = None
    for token in tokens:
        match token.type:
            case "tr_open":
                row = []
            case "tr_close" if row is not None:
                yield " ".join(row)
                row = None
            case "inline" if row is not None:
                row.append(_inline(token.children or ()))
            case "inline":
                yield _inline(token.children or ())
            case "fence" | "code_block":
                yield token.content.rstrip("\n")
            case "html_block":
                yield text_of_markup(token.content)
            case _:
                pass


def _inline(tokens: Iterable[Token]) -> str:
    parts: list[str] = []
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                parts.append(token.content)
            case "softbreak":
                parts.append(" ")
            case "hardbreak":
                parts.append("\n")
            case "image":
                parts.append(_inline(token.children or ()))
            case _:
                pass
    return "".join(parts).strip()
