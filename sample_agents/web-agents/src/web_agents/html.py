"""HTML to text, block by block."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING

from document_schemas import DocumentText, HtmlPage
from selectolax.lexbor import LexborHTMLParser

from registry_core import Example, Resources, agent
from web_agents.charset import decode_html

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

__all__ = ["html_to_text", "text_of_markup"]

_UNSEEN = frozenset(
    {
        *("canvas", "datalist", "head", "iframe", "math", "noscript", "object", "script"),
        *("select", "style", "svg", "template"),
    }
)
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "center", "details", "div"),
        *("fieldset", "footer", "form", "header", "hr", "legend", "main", "nav", "p", "pre"),
        *("section", "summary"),
        *("h1", "h2", "h3", "h4", "h5", "h6"),
        *("dd", "dl", "dt", "li", "menu", "ol", "ul"),
        *("caption", "figcaption", "figure", "table", "tr"),
    }
)
_SPACES = re.compile(r"[ \t\n\r\f]+")
_BLANKS = re.compile(r"[ \t]+")
_LINE_END = re.compile(r" ?\n ?")
_MARGIN = re.compile(r"\n{2,}")


@agent(
    capabilities={"data_transformation.text_extraction": 0.9},
    tags=["html", "web"],
    cost=1.0,
    resources=Resources(memory_mib=128, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={
                "page": {
                    "media_type": "text/html",
                    "name": "cafe.html",
                    "content": b64encode(
                        b'<meta charset="iso-8859-1"><title>Caf\xe9</title><p>Open<p>today'
                    ).decode(),
                }
            },
            output={"title": "Café", "source_name": "cafe.html", "text": "Open\n\ntoday"},
        )
    ],
)
def html_to_text(page: HtmlPage) -> DocumentText:
    """Take the text out of a web page, in the encoding the page declares.

    Blocks become paragraphs; scripts, styles, forms' options and the like are left out. The
    title is that of the page, else its first heading, else its name.
    """
    tree = LexborHTMLParser(decode_html(page.content))
    title = _first_text(tree, "title") or _first_text(tree, "h1") or page.name
    body = tree.body
    return DocumentText(
        title=title, source_name=page.name, text=_text_of(body) if body is not None else ""
    )


def text_of_markup(markup: str) -> str:
    r"""Return the text of a piece of HTML.

    >>> text_of_markup("<p>One<br>line <b>more</b>.<p>Two")
    'One\nline more.\n\nTwo'
    """
    body = LexborHTMLParser(markup).body
    return _text_of(body) if body is not None else ""


def _first_text(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return _SPACES.sub(" ", node.text(separator=" ")).strip() if node is not None else ""


def _text_of(root: LexborNode) -> str:
    joined = _BLANKS.sub(" ", "".join(_pieces(root)))
    return _MARGIN.sub("\n\n", _LINE_END.sub("\n", joined)).strip()


def _pieces(root: LexborNode) -> Iterator[str]:
    """Yield text, and line ends where a block begins or ends.

    Walks by links instead of recursion: pages nest deeper than Python's stack.
    """
    node, verbatim = root, 0
    while True:
        tag = node.tag or ""
        if node.is_text_node:
            text = node.text_content or ""
            yield text if verbatim else _SPACES.sub(" ", text)
        elif tag == "br":
            yield "\n"
        elif tag in _BLOCKS:
            yield "\n\n"
        elif tag in {"td", "th"}:
            yield " "
        inner = None if tag in _UNSEEN else node.child
        if inner is not None:
            verbatim += tag == "pre"
            node = inner
            continue
        while node.next is None or node.mem_id == root.mem_id:
            parent = node.parent
            if node.mem_id == root.mem_id or parent is None:
                return
            node = parent
            if node.tag in _BLOCKS:
                yield "\n\n"
            verbatim -= node.tag == "pre"
        node = node.next
