"""What document agents pass to each other.

A file becomes a :class:`DocumentText`, each analysis of it a result of its own, and all of
them one :class:`DocumentReport`. Agents meet here by structure, so every model keeps a set of
required fields that no other model has: nothing can be mistaken for something else. All
models are open when read, so that a producer of tomorrow may say more than a consumer of
today understands.
"""

from __future__ import annotations

from document_schemas.content import Content
from document_schemas.files import HtmlPage, MarkdownFile, PdfFile
from document_schemas.findings import (
    Keyword,
    Keywords,
    PersonalData,
    PersonalDatum,
    PersonalDatumKind,
    Readability,
    ReadingLevel,
    Sentiment,
    SentimentLabel,
    Summary,
    TextLanguage,
)
from document_schemas.report import DocumentReport, ReportFacts
from document_schemas.text import DocumentText

__all__ = [
    "Content",
    "DocumentReport",
    "DocumentText",
    "HtmlPage",
    "Keyword",
    "Keywords",
    "MarkdownFile",
    "PdfFile",
    "PersonalData",
    "PersonalDatum",
    "PersonalDatumKind",
    "Readability",
    "ReadingLevel",
    "ReportFacts",
    "Sentiment",
    "SentimentLabel",
    "Summary",
    "TextLanguage",
]
