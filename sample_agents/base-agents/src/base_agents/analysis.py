"""Analysis of texts: length, terms, reading ease and mood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeAlias, cast

from pydantic import BaseModel, Field

from base_agents.models import AnalysisInput, AnalysisOutput, Mood, TermCount
from base_agents.outcome import Outcome, leaves
from base_agents.prose import Prose, measure
from base_agents.providers import RULES, provider
from registry_core import Example, Resources, agent

__all__ = [
    "ANALYSTS",
    "AnalysisSettings",
    "Analyst",
    "analyze_outcome",
    "content_analyzer",
    "outcome_to_passage",
]

ANALYSTS = "base_agents.analysts"
"""The group of entry points that other analysts are offered in."""

Analyst: TypeAlias = Callable[[str], Prose]


class AnalysisSettings(BaseModel, frozen=True, extra="forbid"):
    """How texts are analysed.

    Attributes:
        analyst: Who measures the text: ``rules``, or the name of an entry point.
    """

    analyst: Annotated[str, Field(min_length=1)] = RULES


_BY_RULES = AnalysisSettings()


@agent(
    capabilities="content_analysis",
    tags=["offline", "rules"],
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={"request": {"passage": "Good tea. Good tea is never late!", "most_terms": 2}},
            output={
                "outcome_of": "content_analysis",
                "headline": "7 words in 2 sentences, positive",
                "word_count": 7,
                "sentence_count": 2,
                "top_terms": [
                    {"term": "good", "occurrences": 2},
                    {"term": "tea", "occurrences": 2},
                ],
                "reading_ease": 106.6,
                "mood": "positive",
                "mood_score": 1.0,
                "analyst": "rules",
            },
        )
    ],
)
def content_analyzer(
    request: AnalysisInput, config: AnalysisSettings = _BY_RULES
) -> AnalysisOutput:
    """Analyse a text: words, sentences, top terms, reading ease and mood.

    Reading ease and mood are measured for English.

    Raises:
        ProviderError: If the analyst that is configured is not there.
    """
    prose = _analyst(config.analyst)(request.passage)
    mood = _mood(prose.feeling)
    words = f"{prose.words} word{'s' * (prose.words != 1)}"
    sentences = f"{prose.sentences} sentence{'s' * (prose.sentences != 1)}"
    return AnalysisOutput(
        headline=f"{words} in {sentences}, {mood}",
        word_count=prose.words,
        sentence_count=prose.sentences,
        top_terms=tuple(
            TermCount(term=term, occurrences=count)
            for term, count in prose.terms[: request.most_terms]
        ),
        reading_ease=prose.reading_ease,
        mood=mood,
        mood_score=prose.feeling,
        analyst=config.analyst,
    )


@agent(
    tags=["converter"],
    cost=0.1,
    resources=Resources(memory_mib=32, cpu_cores=1),
    idempotent=True,
    mutates=False,
)
def outcome_to_passage(outcome: Outcome) -> AnalysisInput:
    """Take the texts out of an outcome, its headline first, a line each."""
    texts = (leaf.value for leaf in leaves(outcome) if isinstance(leaf.value, str))
    return AnalysisInput(passage="\n\n".join((outcome.headline, *texts)))


@agent(
    capabilities={"content_analysis": 0.5},
    tags=["follow-up", "offline", "rules"],
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
)
def analyze_outcome(outcome: Outcome, config: AnalysisSettings = _BY_RULES) -> AnalysisOutput:
    """Analyse the texts in any agent's outcome.

    Raises:
        ProviderError: If the analyst that is configured is not there.
    """
    return content_analyzer(outcome_to_passage(outcome), config)


def _analyst(name: str) -> Analyst:
    return measure if name == RULES else cast("Analyst", provider(ANALYSTS, name))


def _mood(feeling: float) -> Mood:
    if feeling > 0:
        return "positive"
    return "negative" if feeling < 0 else "neutral"
