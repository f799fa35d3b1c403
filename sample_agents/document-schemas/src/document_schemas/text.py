"""The text of a document, whatever file it came from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["DocumentText"]


class DocumentText(BaseModel):
    """Plain text with its title.

    Attributes:
        title: What the document calls itself, else the name of its file.
        source_name: Name of the file it came from.
        text: Paragraphs, an empty line between two; no markup.
    """

    model_config = ConfigDict(frozen=True)

    title: str
    source_name: str
    text: str
