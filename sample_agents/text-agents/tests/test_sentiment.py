"""How texts are said to feel."""

from __future__ import annotations

import pytest
from document_schemas import DocumentText, TextLanguage
from text_agents.sentiment import analyse_sentiment

ENGLISH = TextLanguage(language_code="en", language_name="English", confidence=1.0)
DUTCH = TextLanguage(language_code="nl", language_name="Dutch", confidence=1.0)


def _text(text: str) -> DocumentText:
    return DocumentText(title="A title", source_name="a.txt", text=text)


class TestSentiment:
    @pytest.mark.parametrize(
        ("text", "sentiment"),
        [
            ("What a wonderful day. I love it!", "positive"),
            ("This is terrible. They hate us.", "negative"),
            ("The train leaves at eight.", "neutral"),
        ],
    )
    def test_plain_feelings_are_heard(self, text: str, sentiment: str) -> None:
        """Anything less would be of no use."""
        assert analyse_sentiment(_text(text), ENGLISH).sentiment == sentiment

    def test_the_course_tells_where_it_turns(self) -> None:
        """A mean of joy and grief says nothing."""
        text = "It was wonderful. " * 30 + "It was horrible. " * 30

        course = analyse_sentiment(_text(text), ENGLISH).course

        assert len(course) == 24
        assert course[0] > 0 > course[-1]

    def test_another_language_is_neutral_and_says_why(self) -> None:
        """Dutch by an English lexicon would be noise in the shape of a number."""
        found = analyse_sentiment(_text("Wat een dag!"), DUTCH)

        assert (found.sentiment, found.polarity, found.course) == ("neutral", 0.0, ())
        assert "Dutch" in found.unmeasured_because

    def test_an_empty_text_says_why_too(self) -> None:
        """No sentences is no reason to fail a whole report."""
        assert analyse_sentiment(_text(""), ENGLISH).unmeasured_because
