"""A text in a few of its own sentences."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from document_schemas import DocumentText, Summary

from registry_core import Example, Resources, agent
from text_agents.segments import sentences_of, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["summarise"]

_MOST = 5
_FEWEST_WORDS, _MOST_WORDS = 6, 45
_MOST_ALIKE = 0.5
_COMMON_IN_SHORT = 12
_TELLING_LETTERS = 4


@agent(
    capabilities={"content_analysis.summary": 0.6},
    tags=["summary", "offline"],
    cost=1.5,
    resources=Resources(memory_mib=256, cpu_cores=1),
    timeout_seconds=60,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={"text": {"title": "", "source_name": "", "text": "Short. Very short."}},
            output={"summary_sentences": ["Short.", "Very short."]},
        )
    ],
)
def summarise(text: DocumentText) -> Summary:
    """Summarise a text by up to five of its own sentences, in any language.

    A sentence counts for how much it has in common with the text as a whole, by words that
    several but few of the sentences use; of two sentences that are much alike, one is taken.

    Source:
        D. R. Radev and others, "Centroid-based summarization of multiple documents",
        Information Processing & Management 40, 2004.
    """
    lines = [line for line in sentences_of(text.text) if words_of(line)]
    if len(lines) > _MOST:
        told = [line for line in lines if _FEWEST_WORDS <= len(words_of(line)) <= _MOST_WORDS]
        lines = _most_central(told or lines)
    return Summary(summary_sentences=tuple(lines))


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A sentence as a direction in the space of words, of length 1."""

    place: int
    weights: Mapping[str, float]

    def likeness(self, other: Mapping[str, float]) -> float:
        """Return the cosine between both, *other* being of length 1 too."""
        return sum(weight * other.get(word, 0.0) for word, weight in self.weights.items())


def _most_central(lines: Sequence[str]) -> list[str]:
    weighed = _weigh(lines)
    total: Counter[str] = Counter()
    for sentence in weighed:
        total.update(sentence.weights)
    centre = _unit(total)
    ranked = sorted((-round(one.likeness(centre), 9), one.place) for one in weighed)
    chosen: list[_Weighed] = []
    for distance, place in ranked:
        sentence = weighed[place]
        alike = (sentence.likeness(other.weights) > _MOST_ALIKE for other in chosen)
        if distance < 0 and not any(alike):
            chosen.append(sentence)
        if len(chosen) == _MOST:
            break
    places = sorted(one.place for one in chosen) or range(min(_MOST, len(lines)))
    return [lines[place] for place in places]


def _weigh(lines: Sequence[str]) -> list[_Weighed]:
    counted = [
        Counter(word.lower() for word in words_of(line) if len(word) >= _TELLING_LETTERS)
        for line in lines
    ]
    users = Counter(word for words in counted for word in words)
    most = max(math.sqrt(len(lines)), min(len(lines) / 2, _COMMON_IN_SHORT))
    rarity = {
        word: math.log(len(lines) / count) if 1 < count <= most else 0.0
        for word, count in users.items()
    }
    return [
        _Weighed(place, _unit({word: count * rarity[word] for word, count in words.items()}))
        for place, words in enumerate(counted)
    ]


def _unit(weights: Mapping[str, float]) -> Mapping[str, float]:
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {word: weight / length for word, weight in weights.items()} if length else {}
