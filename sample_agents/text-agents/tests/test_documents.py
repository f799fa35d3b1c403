"""Whole books, as they come."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from document_schemas import DocumentText
from text_agents.keywords import extract_keywords
from text_agents.language import detect_language
from text_agents.summary import summarise

DOCUMENTS = Path(__file__).parents[3].parent / "shared" / "data" / "documents"

pytestmark = pytest.mark.skipif(not DOCUMENTS.is_dir(), reason=f"no documents in {DOCUMENTS}")


def _text(text: str) -> DocumentText:
    return DocumentText(title="A title", source_name="a.txt", text=text)


def _book(name: str, encoding: str) -> str:
    markup = (DOCUMENTS / name).read_text(encoding=encoding)
    return html.unescape(re.sub(r"<style.*?</style>|<[^>]*>", "", markup, flags=re.DOTALL))


class TestBooks:
    @pytest.mark.parametrize(
        ("name", "encoding", "code", "keyword"),
        [
            ("sherlock-holmes.html", "iso-8859-1", "en", "Sherlock Holmes"),
            ("ontboezemingen-nl.html", "utf-8", "nl", "Clara"),
            ("entre-nous-fr.html", "utf-8", "fr", "Marie"),
        ],
    )
    def test_a_book_is_known_by_its_language_and_its_people(
        self, name: str, encoding: str, code: str, keyword: str
    ) -> None:
        """Half a megabyte of prose is what these agents are for."""
        text = _text(_book(name, encoding))

        language = detect_language(text)
        keywords = extract_keywords(text, language)
        summary = summarise(text)

        assert language.language_code == code
        assert keyword in {one.phrase for one in keywords.keywords}
        assert len(summary.summary_sentences) == 5
