"""How a text feels."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Protocol, cast

from document_schemas import DocumentText, Sentiment, SentimentLabel, TextLanguage
from vaderSentiment.vaderSentiment import (  # type: ignore[import-untyped] # it has no types
    SentimentIntensityAnalyzer,
)

from registry_core import Example, Resources, agent
from text_agents.segments import sentences_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["analyse_sentiment"]

_THRESHOLD = 0.05  # VADER's own, for a compound score
_PARTS = 24
_LONGEST_WORDS = 80  # VADER's time grows with the square of a sentence


class _Analyser(Protocol):
    """The part of vaderSentiment, which has no types, that is used here."""

    def polarity_scores(self, text: str, /) -> Mapping[str, float]: ...


@agent(
    capabilities={"content_analysis.sentiment": 0.7},
    tags=["sentiment", "offline", "english"],
    cost=1.0,
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=60,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={
                "text": {"title": "", "source_name": "", "text": "What a great day!"},
                "language": {
                    "language_code": "en",
                    "language_name": "English",
                    "confidence": 1.0,
                },
            },
            output={
                "sentiment": "positive",
                "polarity": 0.6588,
                "positive_share": 1.0,
                "negative_share": 0.0,
                "course": [0.6588],
                "unmeasured_because": "",
            },
        )
    ],
)
def analyse_sentiment(text: DocumentText, language: TextLanguage) -> Sentiment:
    """Analyse how the sentences of an English text feel, by VADER's lexicon.

    A text in another language comes back neutral, with the reason.

    Source:
        C. J. Hutto and E. Gilbert, "VADER: A parsimonious rule-based model for sentiment
        analysis of social media text", ICWSM 2014.
    """
    if language.language_code != "en":
        return _unmeasured(f"the lexicon is English, the text is {language.language_name}")
    scores = [_analyser().polarity_scores(line)["compound"] for line in _passages(text.text)]
    if not scores:
        return _unmeasured("the text has no sentences")
    polarity = round(fmean(scores), 4)
    return Sentiment(
        sentiment=_label(polarity),
        polarity=polarity,
        positive_share=_share([score >= _THRESHOLD for score in scores]),
        negative_share=_share([score <= -_THRESHOLD for score in scores]),
        course=_course(scores),
        unmeasured_because="",
    )


def _passages(text: str) -> Iterator[str]:
    """Yield sentences, the endless ones in pieces."""
    for sentence in sentences_of(text):
        words = sentence.split()
        for start in range(0, len(words), _LONGEST_WORDS):
            yield " ".join(words[start : start + _LONGEST_WORDS])


@cache
def _analyser() -> _Analyser:
    return cast("_Analyser", SentimentIntensityAnalyzer())


def _unmeasured(reason: str) -> Sentiment:
    return Sentiment(
        sentiment="neutral",
        polarity=0.0,
        positive_share=0.0,
        negative_share=0.0,
        course=(),
        unmeasured_because=reason,
    )


def _label(polarity: float) -> SentimentLabel:
    if polarity >= _THRESHOLD:
        return "positive"
    return "negative" if polarity <= -_THRESHOLD else "neutral"


def _share(verdicts: Sequence[bool]) -> float:
    return round(sum(verdicts) / len(verdicts), 4)


def _course(scores: Sequence[float]) -> tuple[float, ...]:
    parts = min(_PARTS, len(scores))
    bounds = [round(part * len(scores) / parts) for part in range(parts + 1)]
    return tuple(round(fmean(scores[start:end]), 4) for start, end in pairwise(bounds))
