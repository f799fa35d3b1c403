"""Which language a text is written in."""

from __future__ import annotations

from functools import cache
from typing import Protocol, cast

from document_schemas import DocumentText, TextLanguage
from py3langid.langid import (  # type: ignore[import-untyped] # it has no types
    MODEL_FILE,
    LanguageIdentifier,
)

from registry_core import Example, Resources, agent
from text_agents.segments import sample

__all__ = ["detect_language"]

_SAMPLE_CHARACTERS = 50_000
_LEAST_CONFIDENCE = 0.3
_NAMES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fi": "Finnish",
    "fr": "French",
    "fy": "Frisian",
    "ga": "Irish",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "und": "undetermined",
    "zh": "Chinese",
}


class _Identifier(Protocol):
    """The part of py3langid, which has no types, that is used here."""

    @classmethod
    def from_model_file(cls, path: str, /, **_options: bool) -> _Identifier: ...

    def classify(self, text: str, /) -> tuple[str, float]: ...


@agent(
    capabilities={"content_analysis.language": 0.9},
    tags=["language", "offline"],
    cost=0.5,
    resources=Resources(memory_mib=128, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={"text": {"title": "", "source_name": "", "text": "12345"}},
            output={"language_code": "und", "language_name": "undetermined", "confidence": 0.0},
        )
    ],
)
def detect_language(text: DocumentText) -> TextLanguage:
    """Detect the language that most of a text is written in, of about a hundred.

    Looks at 50 000 characters from all over the text. Below a confidence of 0.3, as with a
    few words, it answers ``und`` instead of guessing.
    """
    code, confidence = _identifier().classify(sample(text.text, limit=_SAMPLE_CHARACTERS))
    if confidence < _LEAST_CONFIDENCE:
        code, confidence = "und", 0.0
    return TextLanguage(
        language_code=code,
        language_name=_NAMES.get(code, code),
        confidence=round(float(confidence), 4),
    )


@cache
def _identifier() -> _Identifier:
    # The model takes 0.6 s to unpack, so it is kept.
    identifier = cast("type[_Identifier]", LanguageIdentifier)
    return identifier.from_model_file(str(MODEL_FILE), norm_probs=True)
