"""PDF to text, page by page."""

from __future__ import annotations

import re
from io import BytesIO

from document_schemas import DocumentText, PdfFile
from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from registry_core import Resources, agent

__all__ = ["UnreadablePdfError", "pdf_to_text"]

# Offsets, numbers and trees that are not what they should be: each is the file's fault.
_BREAKAGE = (
    *(PyPdfError, ArithmeticError, AssertionError, AttributeError, LookupError),
    *(RecursionError, TypeError, ValueError),
)
_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z\u00df-\u00f6\u00f8-\u00ff])")
_LINE_END = re.compile(r"[ \t]*\n[ \t]*")
_MARGIN = re.compile(r"\n{2,}")


class UnreadablePdfError(ValueError):
    """A PDF has no text to give; says why."""

    def __init__(self, name: str, reason: str) -> None:
        """Keep the *name* of the file and the *reason*."""
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        """The file first."""
        return f"{self.name}: {self.reason}"


@agent(
    capabilities={"data_transformation.text_extraction": 0.8},
    tags=["pdf"],
    cost=3.0,
    resources=Resources(memory_mib=256, cpu_cores=1, max_concurrency=4),
    timeout_seconds=120,
    idempotent=True,
    mutates=False,
)
def pdf_to_text(file: PdfFile) -> DocumentText:
    """Take the text out of a PDF file, all pages in order.

    Words that a line end broke are mended. The title is that of the document, else the
    file's name.

    Raises:
        UnreadablePdfError: If it is broken, needs a password, or holds no text.
    """
    try:
        reader = _open(file)
        title = (reader.metadata.title if reader.metadata else None) or file.name
        pages = [_tidy(page.extract_text()) for page in reader.pages]
    except UnreadablePdfError:
        raise
    except _BREAKAGE as error:
        raise UnreadablePdfError(file.name, "is broken or not a PDF") from error
    text = "\n\n".join(page for page in pages if page)
    if not text:
        reason = f"has no text on its pages ({len(pages)}): if scanned, it takes OCR to read"
        raise UnreadablePdfError(file.name, reason)
    return DocumentText(title=title.strip(), source_name=file.name, text=text)


def _open(file: PdfFile) -> PdfReader:
    reader = PdfReader(BytesIO(file.content))
    if reader.is_encrypted:
        try:
            opened = reader.decrypt("")
        except DependencyError as error:
            reason = "is encrypted with AES: install pypdf[crypto] to read it"
            raise UnreadablePdfError(file.name, reason) from error
        if not opened:
            raise UnreadablePdfError(file.name, "needs a password")
    return reader


def _tidy(text: str) -> str:
    mended = _BROKEN_WORD.sub("", _LINE_END.sub("\n", text))
    return _MARGIN.sub("\n\n", mended).strip()
