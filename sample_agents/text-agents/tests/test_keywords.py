"""Which phrases a text is said to be about."""

from __future__ import annotations

from itertools import pairwise

from document_schemas import DocumentText, TextLanguage
from text_agents.keywords import extract_keywords

BRIDGE = (
    "The suspension bridge was closed last year. Engineers found rust in the cables of the"
    " suspension bridge, and the city council paid for new cables. When the suspension bridge"
    " opened again, the city council held a party."
)

ENGLISH = TextLanguage(language_code="en", language_name="English", confidence=1.0)


def _text(text: str) -> DocumentText:
    return DocumentText(title="A title", source_name="a.txt", text=text)


class TestKeywords:
    def test_the_subject_comes_first_and_is_counted(self) -> None:
        """A reader judges the list by its first line."""
        found = extract_keywords(_text(BRIDGE), ENGLISH).keywords

        assert found[0].phrase.lower() == "suspension bridge"
        assert (found[0].relevance, found[0].occurrences) == (1.0, 3)

    def test_the_most_relevant_come_first(self) -> None:
        """Whoever takes three takes the best three."""
        found = extract_keywords(_text(BRIDGE), ENGLISH).keywords

        assert all(one.relevance >= next_.relevance for one, next_ in pairwise(found))

    def test_no_phrase_repeats_another(self) -> None:
        """Twelve ways to say one thing are one keyword."""
        found = extract_keywords(_text(BRIDGE), ENGLISH).keywords
        phrases = [one.phrase.lower() for one in found]

        assert "bridge" not in phrases
        assert len(set(phrases)) == len(phrases)

    def test_phrases_count_as_whole_words_across_lines(self) -> None:
        """Wrapped text has line ends inside phrases; 'bridgehead' is no bridge."""
        text = BRIDGE + " The suspension\nbridge has no suspension bridgehead."

        assert extract_keywords(_text(text), ENGLISH).keywords[0].occurrences == 4

    def test_a_text_of_nothing_has_none(self) -> None:
        """An empty file is not an error."""
        assert extract_keywords(_text(" \n "), ENGLISH).keywords == ()
