"""A report on a document: for programs, and as a page for people."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from document_schemas.content import Content
from document_schemas.findings import (
    Keywords,
    PersonalData,
    Readability,
    Sentiment,
    Summary,
    TextLanguage,
)

__all__ = ["DocumentReport", "ReportFacts"]


class ReportFacts(BaseModel):
    """Everything a report says, for programs.

    Attributes:
        language: What it is written in.
        keywords: What it is about.
        sentiment: How it feels.
        personal_data: Whom it identifies.
        readability: How hard it is to read.
        summary: What it says.
    """

    model_config = ConfigDict(frozen=True)

    language: TextLanguage
    keywords: Keywords
    sentiment: Sentiment
    personal_data: PersonalData
    readability: Readability
    summary: Summary


class DocumentReport(BaseModel):
    """A report as one HTML file that needs nothing else; without a name, so it is no HtmlPage.

    Attributes:
        media_type: Says what *content* is.
        title: Title of the document.
        content: The file.
        facts: What it says, for programs.
    """

    model_config = ConfigDict(frozen=True)

    media_type: Literal["text/html"]
    title: str
    content: Content
    facts: ReportFacts
