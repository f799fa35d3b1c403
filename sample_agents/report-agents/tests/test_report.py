"""What the report shows, and that no text can change what it is."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from document_schemas import (
    DocumentReport,
    DocumentText,
    Keyword,
    Keywords,
    PersonalData,
    PersonalDatum,
    Readability,
    Sentiment,
    Summary,
    TextLanguage,
)
from hypothesis import given
from hypothesis import strategies as st
from report_agents.report import build_report

ATTACK = "</style></title><script>alert(1)</script>\"'><img src=x onerror=y>&"


class _Outline(HTMLParser):
    """The elements and attributes of a page, and whether each end tag has its start."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.handle_startendtag(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _report(
    words: str = "Plain words",
    *,
    found: bool = True,
    unmeasured_because: str = "",
) -> DocumentReport:
    keyword = Keyword(phrase=words, relevance=1.0, occurrences=2)
    datum = PersonalDatum(kind="phone number", masked=words, occurrences=2)
    return build_report(
        DocumentText(title=words, source_name=words, text=words),
        TextLanguage(language_code=words, language_name=words, confidence=0.9),
        Keywords(keywords=(keyword,) if found else (), characters_sampled=1),
        Sentiment(
            sentiment="positive",
            polarity=0.2,
            positive_share=0.5,
            negative_share=0.1,
            course=(0.5, -0.2) if found else (),
            unmeasured_because=unmeasured_because,
        ),
        PersonalData(personal_data=(datum,) if found else ()),
        Readability(
            reading_level="easy",
            lix=30.5,
            words=1234 if found else 0,
            sentences=3,
            words_per_sentence=8.5,
            letters_per_word=4.5,
            reading_minutes=5.4,
            sentence_lengths=(2, 1, 0, 0, 0, 0, 0, 0, 0, 0) if found else (),
        ),
        Summary(summary_sentences=(words,) if found else ()),
    )


def _outline(report: DocumentReport) -> _Outline:
    return _Outline(report.content.decode())


class TestPage:
    def test_it_shows_what_was_found(self) -> None:
        """A reader sees the page and nothing else."""
        text = _outline(_report("Baker Street")).text

        for fact in ("Baker Street", "1,234 words", "5 min", "LIX 30.5", "2 found", "90% sure"):
            assert fact in text

    def test_programs_get_the_same_facts(self) -> None:
        """Nobody should have to parse the page."""
        report = _report("Baker Street")

        assert report.facts.keywords.keywords[0].phrase == "Baker Street"
        assert report.title == "Baker Street"

    @pytest.mark.parametrize("reason", ["", "the lexicon is English"])
    def test_nothing_found_is_said_and_not_drawn(self, reason: str) -> None:
        """An empty chart looks like a broken page."""
        text = _outline(_report(found=False, unmeasured_because=reason)).text

        assert "None found" in text
        assert reason in text

    def test_it_is_complete_in_itself(self) -> None:
        """A report is mailed, archived and opened offline."""
        outline = _outline(_report())

        loading = {"src", "href", "srcset", "xlink:href", "action"}
        assert loading.isdisjoint(name for name, _ in outline.attributes)
        assert {"script", "link", "img", "iframe"}.isdisjoint(outline.names)
        assert b"@import" not in _report().content
        assert b"url(" not in _report().content


class TestEscaping:
    @given(st.one_of(st.just(ATTACK), st.text(max_size=60)))
    def test_no_text_can_become_markup(self, words: str) -> None:
        """Titles come from strangers' pages, and reports are opened in browsers."""
        plain, hostile = _outline(_report("x")), _outline(_report(words))

        assert hostile.names == plain.names
        assert [name for name, _ in hostile.attributes] == [name for name, _ in plain.attributes]
        assert hostile.open == plain.open

    def test_the_same_findings_give_the_same_bytes(self) -> None:
        """A cache and a diff both rely on it."""
        assert _report() == _report()
