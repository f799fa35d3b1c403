"""Files, told apart by the literal in ``media_type``; a command line picks the model by it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from document_schemas.content import Content

__all__ = ["HtmlPage", "MarkdownFile", "PdfFile"]


class HtmlPage(BaseModel):
    """An HTML page as its server or disk gave it, in whatever encoding it declares.

    Attributes:
        media_type: Says that this is one.
        name: File name or address, for people.
        content: The bytes.

    >>> HtmlPage(media_type="text/html", name="a.html", content=b"<p>").model_dump_json()
    '{"media_type":"text/html","name":"a.html","content":"PHA+"}'
    """

    model_config = ConfigDict(frozen=True)

    media_type: Literal["text/html"]
    name: str
    content: Content


class MarkdownFile(BaseModel):
    """A Markdown file, with or without front matter.

    Attributes:
        media_type: Says that this is one.
        name: File name, for people.
        content: The bytes.
    """

    model_config = ConfigDict(frozen=True)

    media_type: Literal["text/markdown"]
    name: str
    content: Content


class PdfFile(BaseModel):
    """A PDF file.

    Attributes:
        media_type: Says that this is one.
        name: File name, for people.
        content: The bytes.
    """

    model_config = ConfigDict(frozen=True)

    media_type: Literal["application/pdf"]
    name: str
    content: Content
