"""Findings about a document, brought together."""

from __future__ import annotations

from document_schemas import (
    DocumentReport,
    DocumentText,
    Keywords,
    PersonalData,
    Readability,
    ReportFacts,
    Sentiment,
    Summary,
    TextLanguage,
)

from registry_core import Resources, agent
from report_agents.page import render

__all__ = ["build_report"]


@agent(
    capabilities={"reporting.document": 1.0},
    tags=["html", "report", "chart"],
    cost=0.2,
    resources=Resources(memory_mib=16),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
)
def build_report(
    text: DocumentText,
    language: TextLanguage,
    keywords: Keywords,
    sentiment: Sentiment,
    personal_data: PersonalData,
    readability: Readability,
    summary: Summary,
) -> DocumentReport:
    """Build a report on a document: one HTML page with charts that loads nothing and runs nothing.

    It is readable in light and dark, on paper, and by a screen reader.
    """
    facts = ReportFacts(
        language=language,
        keywords=keywords,
        sentiment=sentiment,
        personal_data=personal_data,
        readability=readability,
        summary=summary,
    )
    page = render(text.title, text.source_name, facts)
    return DocumentReport(
        media_type="text/html", title=text.title, content=page.encode(), facts=facts
    )
