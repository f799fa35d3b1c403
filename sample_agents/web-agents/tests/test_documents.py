"""Real documents, read whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from document_schemas import HtmlPage, MarkdownFile
from web_agents.html import html_to_text
from web_agents.markdown import markdown_to_text

DOCUMENTS = Path(__file__).parents[3].parent / "shared" / "data" / "documents"

pytestmark = pytest.mark.skipif(not DOCUMENTS.is_dir(), reason=f"no documents in {DOCUMENTS}")


class TestBooks:
    @pytest.mark.parametrize(
        ("name", "phrase"),
        [
            ("sherlock-holmes.html", "pâté de foie"),
            ("entre-nous-fr.html", "La Sortie de l\u2019Ecole"),
            ("ontboezemingen-nl.html", "geïnstalleerd"),
        ],
    )
    def test_a_book_reads_as_its_readers_know_it(self, name: str, phrase: str) -> None:
        """An encoding read wrongly shows in every accent."""
        content = (DOCUMENTS / name).read_bytes()

        read = html_to_text(HtmlPage(media_type="text/html", name=name, content=content))

        assert phrase in read.text
        assert "\ufffd" not in read.text
        assert "<" not in read.title


class TestPlaybook:
    @pytest.mark.parametrize("number", range(1, 14))
    def test_every_play_has_its_title_and_its_checklist(self, number: int) -> None:
        """The plays keep their titles in front matter."""
        path = DOCUMENTS / "playbook" / f"{number:02}.md"

        read = markdown_to_text(
            MarkdownFile(media_type="text/markdown", name=path.name, content=path.read_bytes())
        )

        assert read.title != path.name
        assert "Checklist" in read.text
        assert "play_number" not in read.text
