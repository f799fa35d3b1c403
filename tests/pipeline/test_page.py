"""A plan as a page that can be sent to anybody."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from registry_core.pipeline.page import page
from tests.pipeline.test_drawing import HOSTILE, plan

VOID = {"meta"}


class Reader(HTMLParser):
    """What a browser makes of a page: its tags, their attributes, and what it shows."""

    def __init__(self, document: str) -> None:
        """Read *document* to its end."""
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what begins."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is empty, as many parts of a drawing are."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        """Check that what ends is what began last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text of cells."""
        if self.open and self.open[-1] in {"td", "th"}:
            self.cells[-1] += data


class TestPage:
    def test_it_fetches_and_runs_nothing_whatever_the_names_are(self) -> None:
        """It is opened by whoever reviews the plan, with their session beside it."""
        document = page(plan(feel=HOSTILE), rejected=[HOSTILE], scores={HOSTILE: HOSTILE})

        seen = Reader(document)

        assert seen.open == []
        assert seen.tags.isdisjoint({"script", "link", "img", "iframe", "a", "object", "form"})
        assert seen.attributes.isdisjoint({"src", "href", "onclick", "onload", "action"})
        assert "default-src 'none'" in document
        assert "url(" not in document
        assert "@import" not in document

    @pytest.mark.requirement("R91")
    def test_what_the_drawing_shows_stands_there_as_text_with_the_reasons(self) -> None:
        """Some readers hear the page."""
        seen = Reader(page(plan()))

        rows = " | ".join(seen.cells)
        assert "tune | kit/tune@1 | tone | feel (Tone) | same" in rows
        assert "result |  | Report | report (Report) | same" in rows
        assert re.search(r"report \| kit/report@1 \| page \| what is given \(Page\)", rows)

    def test_who_was_not_chosen_is_folded_away(self) -> None:
        """The plan comes first."""
        document = page(plan(), rejected=["kit/slow@1 gives Report: costs 2 more"])

        assert "<details><summary>Not in the plan (1)</summary>" in document
        assert "<details>" not in page(plan())

    def test_scores_are_a_table_of_their_own(self) -> None:
        """They belong to agents and not to edges."""
        assert Reader(page(plan(), scores={"kit/tune@1": "0.9 = all"})).cells[-2:] == [
            "kit/tune@1",
            "0.9 = all",
        ]

    def test_it_says_its_language_and_its_drawing_is_an_image(self) -> None:
        """Screen readers go by both."""
        document = page(plan())

        assert document.startswith('<!DOCTYPE html>\n<html lang="en">')
        assert 'role="img"' in document
        assert "<title>p: Page \N{RIGHTWARDS ARROW} Report</title>" in document
