"""Texts are analysed."""

from __future__ import annotations

import pytest
from base_agents import AnalysisInput, AnalysisOutput, Outcome, TermCount
from base_agents.analysis import (
    AnalysisSettings,
    analyze_outcome,
    content_analyzer,
    outcome_to_passage,
)
from base_agents.providers import ProviderError


class TestContentAnalyzer:
    @pytest.mark.requirement("R86")
    def test_a_known_text_gives_the_known_answer(self) -> None:
        """Without a model and a network there is no reason for any other."""
        request = AnalysisInput(
            passage="The cat sat on the mat. It was not happy! The mat fell.", most_terms=1
        )

        found = content_analyzer(request)

        assert found == AnalysisOutput(
            headline="13 words in 3 sentences, negative",
            word_count=13,
            sentence_count=3,
            top_terms=(TermCount(term="mat", occurrences=2),),
            reading_ease=111.3,
            mood="negative",
            mood_score=-1,
            analyst="rules",
        )

    def test_an_analyst_that_is_not_there_is_refused(self) -> None:
        """Rules instead of what was asked for would go unnoticed."""
        with pytest.raises(ProviderError, match="there is rules"):
            content_analyzer(AnalysisInput(passage=""), AnalysisSettings(analyst="model"))


class TestOutcomes:
    def test_a_follow_up_is_the_converter_and_the_agent_in_one(self, outcome: Outcome) -> None:
        """Whether a plan has one stage or two must not change what comes out."""
        assert analyze_outcome(outcome) == content_analyzer(outcome_to_passage(outcome))

    def test_every_text_of_an_outcome_is_read_and_nothing_else(self) -> None:
        """Numbers and names of fields are no prose."""
        seen = Outcome.model_validate(
            {"outcome_of": "a", "headline": "One.", "list": ["Two.", 3, {"four": "Five."}]}
        )

        assert outcome_to_passage(seen).passage == "One.\n\nTwo.\n\nFive."
