"""What is measured about a text."""

from __future__ import annotations

from pathlib import Path

import pytest
from base_agents.prose import Prose, measure
from hypothesis import given
from hypothesis import strategies as st

BOOK = Path(__file__).parents[3].parent / "shared" / "data" / "documents" / "sherlock-holmes.html"


class TestMeasure:
    @pytest.mark.requirement("R86")
    def test_a_known_text_has_the_numbers_one_gets_by_hand(self) -> None:
        """13 words, 3 sentences, 14 syllables: 206.835 - 1.015 * 13/3 - 84.6 * 14/13."""
        prose = measure("The cat sat on the mat. It was not happy! The mat fell.")

        assert prose == Prose(
            words=13,
            sentences=3,
            terms=(("mat", 2), ("cat", 1), ("fell", 1), ("happy", 1), ("sat", 1)),
            reading_ease=111.3,
            feeling=-1.0,
        )

    @pytest.mark.requirement("R86")
    @pytest.mark.parametrize(
        ("text", "feeling"),
        [
            ("What a lovely day.", 1.0),
            ("That was not good, and the tea was awful.", -1.0),
            ("It wasn\u2019t bad.", 1.0),
            ("Good tea, bad cups.", 0.0),
            ("The bus leaves at nine.", 0.0),
        ],
    )
    def test_feeling_words_count_and_a_negation_turns_them(self, text: str, feeling: float) -> None:
        """What was "not good" is not praised."""
        assert measure(text).feeling == feeling

    @pytest.mark.parametrize("text", ["", " \n", "... 12 %"])
    def test_a_text_without_words_has_no_reading_ease(self, text: str) -> None:
        """Nothing divided by nothing is neither easy nor hard."""
        assert measure(text) == Prose(0, 0, (), None, 0.0)

    def test_words_without_a_full_stop_are_one_sentence(self) -> None:
        """Headlines and cells of tables have none."""
        assert measure("Tea for two").sentences == 1

    @given(st.text(max_size=200))
    def test_numbers_agree_with_each_other(self, text: str) -> None:
        """They stand side by side in reports."""
        prose = measure(text)

        assert (prose.words == 0) == (prose.sentences == 0) == (prose.reading_ease is None)
        assert sum(count for _, count in prose.terms) <= prose.words
        assert -1 <= prose.feeling <= 1

    @pytest.mark.skipif(not BOOK.is_file(), reason="the folder of real documents is not there")
    def test_a_novel_reads_like_one(self) -> None:
        """Tags are words to this measure, so only the names of its persons are sure."""
        prose = measure(BOOK.read_text(encoding="cp1252"))

        assert "holmes" in [term for term, _ in prose.terms[:30]]
        assert prose.reading_ease is not None
