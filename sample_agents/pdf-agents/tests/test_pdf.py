"""What can be read of a PDF, and what is said when nothing can."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from document_schemas import PdfFile
from pdf_agents.pdf import UnreadablePdfError, pdf_to_text

FILES = Path(__file__).parent / "files"
DOCUMENTS = Path(__file__).parents[3].parent / "shared" / "data" / "documents"


def _file(path: Path) -> PdfFile:
    return PdfFile(media_type="application/pdf", name=path.name, content=path.read_bytes())


class TestText:
    @pytest.mark.parametrize("name", ["two-pages.pdf", "open-to-all.pdf"])
    def test_all_pages_are_read_in_order(self, name: str) -> None:
        """A contract's last page matters most; many files are encrypted with no password."""
        read = pdf_to_text(_file(FILES / name))

        assert read.title == "Two pages"
        assert read.text == "Hello from\npage one.\n\nGoodbye from page two."


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "reason"),
        [("locked.pdf", "password"), ("scanned.pdf", "OCR")],
    )
    def test_what_cannot_be_read_says_why(self, name: str, reason: str) -> None:
        """An empty text would be analysed as if it were the document."""
        with pytest.raises(UnreadablePdfError, match=reason) as refusal:
            pdf_to_text(_file(FILES / name))

        assert refusal.value.name == name

    def test_any_damage_has_one_name(self) -> None:
        """Whoever catches a broken file should not have to know how its parser is built."""
        whole = (FILES / "two-pages.pdf").read_bytes()

        for cut in range(0, len(whole), 7):
            damaged = whole[:cut] + b"\x00<<[" + whole[cut + 9 :]
            file = PdfFile(media_type="application/pdf", name="damaged.pdf", content=damaged)
            with suppress(UnreadablePdfError):
                pdf_to_text(file)


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason=f"no documents in {DOCUMENTS}")
class TestHandbook:
    def test_its_41_pages_are_read_whole(self) -> None:
        """Real files are longer than samples, and have no title."""
        read = pdf_to_text(_file(DOCUMENTS / "techfar-handbook.pdf"))

        assert read.title == "techfar-handbook.pdf"
        assert len(read.text) > 100_000
        assert "Agile software development is a method" in read.text
