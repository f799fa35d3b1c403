"""How hard texts are said to be."""

from __future__ import annotations

from document_schemas import DocumentText
from text_agents.readability import measure_readability


def _text(text: str) -> DocumentText:
    return DocumentText(title="A title", source_name="a.txt", text=text)


class TestReadability:
    def test_lix_is_as_its_author_defined_it(self) -> None:
        """Words per sentence plus the percentage of words of seven letters or more."""
        found = measure_readability(_text("Readable sentences matter. Go on."))

        assert found.lix == 2.5 + 40.0

    def test_officialese_is_harder_than_a_nursery_rhyme(self) -> None:
        """The order is what a reader relies on."""
        rhyme = measure_readability(_text("The cat sat on the mat. It was fat."))
        law = measure_readability(
            _text("Notwithstanding preceding provisions, indemnification obligations survive.")
        )

        assert (rhyme.reading_level, law.reading_level) == ("very easy", "very difficult")

    def test_every_sentence_is_in_one_band(self) -> None:
        """The chart must add up to the number beside it."""
        found = measure_readability(_text("One. One two three four five six. " + "Word " * 99))

        assert found.sentence_lengths == (1, 1, 0, 0, 0, 0, 0, 0, 0, 1)
        assert found.sentences == 3

    def test_a_text_without_words_is_measured_as_nothing(self) -> None:
        """A scan of numbers is no reason to divide by zero."""
        found = measure_readability(_text("1 2 3. 4!"))

        assert (found.words, found.sentences, found.lix) == (0, 0, 0.0)
