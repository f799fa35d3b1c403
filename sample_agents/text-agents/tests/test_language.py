"""Which language is reported."""

from __future__ import annotations

import pytest
from document_schemas import DocumentText
from text_agents.language import detect_language

SENTENCES = {
    "de": "Der Zug nach München fährt heute leider erst um acht Uhr abends ab.",
    "en": "The quick answer is that nobody knows where the old road begins.",
    "es": "La casa de mi abuela está cerca del río y siempre huele a pan.",
    "fr": "Le vrai père et la vraie mère étaient assis devant la maison.",
    "nl": "De trein naar Utrecht vertrekt vandaag helaas pas om acht uur.",
}


def _text(text: str) -> DocumentText:
    return DocumentText(title="A title", source_name="a.txt", text=text)


class TestDetection:
    @pytest.mark.parametrize(("code", "sentence"), SENTENCES.items())
    def test_one_sentence_is_enough(self, code: str, sentence: str) -> None:
        """Notes are short, and every later choice hangs on their language."""
        assert detect_language(_text(sentence)).language_code == code

    @pytest.mark.parametrize("text", ["", "12345", "hello world", "???"])
    def test_it_does_not_guess(self, text: str) -> None:
        """A wrong language is worse than none."""
        found = detect_language(_text(text))

        assert (found.language_code, found.confidence) == ("und", 0.0)
