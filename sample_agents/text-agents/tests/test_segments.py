"""Where words and sentences end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from text_agents.segments import sample, sentences_of, words_of

HUGE = 200_000


class TestSentences:
    @pytest.mark.parametrize(
        ("text", "sentences"),
        [
            ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
            ("Dr. Watson met Mr. J. H. Holmes.", ["Dr. Watson met Mr. J. H. Holmes."]),
            ("So did I. Then we left.", ["So did I.", "Then we left."]),
            ("It cost 3.50 euros. No more.", ["It cost 3.50 euros.", "No more."]),
            ("See e.g. Paris. It is big.", ["See e.g. Paris.", "It is big."]),
            ("Zo is 't, bijv. Amsterdam. Ja.", ["Zo is 't, bijv. Amsterdam.", "Ja."]),
            ("« Oui. » Non.", ["« Oui. » Non."]),
            ("Heading\n\nText\nover lines.", ["Heading", "Text over lines."]),
            ("etc. and so on", ["etc. and so on"]),
            ("", []),
        ],
    )
    def test_a_mark_ends_one_only_where_a_reader_stops(
        self, text: str, sentences: list[str]
    ) -> None:
        """Half sentences make bad summaries."""
        assert sentences_of(text) == sentences

    @given(st.text(alphabet="Ab.!? \n\"'é", max_size=60))
    def test_nothing_but_space_is_lost(self, text: str) -> None:
        """A sentence that vanishes is never analysed."""
        assert "".join("".join(sentences_of(text)).split()) == "".join(text.split())

    @pytest.mark.parametrize("unit", [".", '!"', "Mr. ", ". (", "a-", "\n "])
    def test_no_repetition_stalls_it(self, unit: str) -> None:
        """One hostile page must not hold a thread for hours."""
        text = unit * HUGE

        assert "".join("".join(sentences_of(text)).split()) == "".join(text.split())


class TestWords:
    def test_numbers_are_none(self) -> None:
        """They would make tables look like prose."""
        assert words_of("L'été 1888: état-major, 42") == ["L'été", "état-major"]


class TestSample:
    @given(st.text(alphabet="ab\n", max_size=400), st.integers(16, 200))
    def test_it_keeps_its_limit(self, text: str, limit: int) -> None:
        """The limit is what keeps a book as quick as a page."""
        assert len(sample(text, limit=limit)) <= max(limit, 0)

    def test_the_end_of_a_book_is_in_it(self) -> None:
        """Beginnings are licences and lists of contents."""
        text = "start\n" * 1000 + "end\n" * 1000

        assert "end" in sample(text, limit=400)
