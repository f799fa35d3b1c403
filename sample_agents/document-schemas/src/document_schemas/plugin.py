"""What this distribution tells the registry: schemas, and a capability that file readers share."""

from __future__ import annotations

from document_schemas.files import HtmlPage, MarkdownFile, PdfFile
from document_schemas.findings import (
    Keywords,
    PersonalData,
    Readability,
    Sentiment,
    Summary,
    TextLanguage,
)
from document_schemas.report import DocumentReport
from document_schemas.text import DocumentText
from registry_core import CapabilityDefinition, capability, hookimpl

__all__ = ["registry_capabilities", "registry_schemas"]


@hookimpl
def registry_schemas() -> list[type]:
    """Offer every model that stands between two agents."""
    return [
        DocumentReport,
        DocumentText,
        HtmlPage,
        Keywords,
        MarkdownFile,
        PdfFile,
        PersonalData,
        Readability,
        Sentiment,
        Summary,
        TextLanguage,
    ]


@hookimpl
def registry_capabilities() -> list[CapabilityDefinition]:
    """Define once what agents of several plugins claim."""
    return [
        capability(
            "data_transformation.text_extraction",
            "Takes the text out of a file, without its markup.",
        )
    ]
