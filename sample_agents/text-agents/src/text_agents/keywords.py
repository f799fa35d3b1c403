"""What a text is about."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Protocol, cast

from document_schemas import DocumentText, Keyword, Keywords, TextLanguage
from yake import KeywordExtractor  # type: ignore[import-untyped] # it has no types

from registry_core import Example, Resources, agent
from text_agents.segments import sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["extract_keywords"]

_SAMPLE_CHARACTERS = 100_000
_MOST = 12
_CANDIDATES = 50
_LONGEST_PHRASE = 3


class _Extractor(Protocol):
    """The part of yake, which has no types, that is used here."""

    def extract_keywords(self, text: str, /) -> Iterable[tuple[str, float]]: ...


@agent(
    capabilities={"content_analysis.keywords": 0.8},
    tags=["keywords", "offline"],
    cost=2.0,
    resources=Resources(memory_mib=512, cpu_cores=1, max_concurrency=4),
    timeout_seconds=60,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={
                "text": {"title": "", "source_name": "", "text": ""},
                "language": {
                    "language_code": "und",
                    "language_name": "undetermined",
                    "confidence": 0.0,
                },
            },
            output={"keywords": [], "characters_sampled": 0},
        )
    ],
)
def extract_keywords(text: DocumentText, language: TextLanguage) -> Keywords:
    """Extract up to twelve phrases that say what a text is about, by YAKE.

    The language decides which words carry no meaning. A longer text is weighed by 100 000
    characters from all over it; occurrences are counted in the whole.

    Source:
        R. Campos and others, "YAKE! Keyword extraction from single documents using multiple
        local features", Information Sciences 509, 2020.
    """
    weighed = sample(text.text, limit=_SAMPLE_CHARACTERS)
    phrases = tuple(_distinct(_ranked(weighed, language.language_code)))[:_MOST]
    best = phrases[0][1] if phrases else 0.0
    return Keywords(
        keywords=tuple(
            Keyword(
                phrase=phrase,
                relevance=_relevance(score, best),
                occurrences=_count(phrase, text.text),
            )
            for phrase, score in phrases
        ),
        characters_sampled=len(weighed),
    )


def _ranked(text: str, language_code: str) -> list[tuple[str, float]]:
    """Return phrases with their scores, lower is better."""
    extractor = cast(
        "_Extractor", KeywordExtractor(lan=language_code, n=_LONGEST_PHRASE, top=_CANDIDATES)
    )
    found = extractor.extract_keywords(text)
    ranked = ((" ".join(phrase.split()), float(score)) for phrase, score in found)
    return sorted(ranked, key=lambda pair: (pair[1], pair[0]))


def _distinct(ranked: Iterable[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    """Leave out phrases that share half of their words, or all of one's, with a better one."""
    kept: list[frozenset[str]] = []
    for phrase, score in ranked:
        words = frozenset(phrase.lower().split())
        shared = ((len(words & other), len(words), len(other)) for other in kept)
        if not any(both in {one, two} or 2 * both >= one + two - both for both, one, two in shared):
            kept.append(words)
            yield phrase, score


def _relevance(score: float, best: float) -> float:
    """Return 1 for the best score, else its share of that on a logarithmic scale."""
    if not 0 < best < 1 or score <= best:
        return 1.0
    return round(max(0.0, math.log(score) / math.log(best)), 4)


def _count(phrase: str, text: str) -> int:
    words = r"\s+".join(map(re.escape, phrase.split()))
    return sum(1 for _ in re.finditer(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE))
