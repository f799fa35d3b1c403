"""What is common to all that agents give."""

from __future__ import annotations

import pytest
from base_agents import Outcome
from base_agents.outcome import as_json, leaves, text_of
from pydantic import ValidationError


class TestOutcome:
    def test_what_only_its_author_knows_is_kept(self, outcome: Outcome) -> None:
        """A report on a verdict without its faults is none."""
        seen = Outcome.model_validate_json(outcome.model_dump_json())

        assert as_json(seen) == as_json(outcome)

    def test_what_has_no_headline_is_none(self) -> None:
        """An open model takes everything else."""
        with pytest.raises(ValidationError, match="headline"):
            Outcome.model_validate({"outcome_of": "validation", "accepted": True})


class TestLeaves:
    def test_every_scalar_is_told_with_its_pointer(self) -> None:
        """Whoever reads a report must find the value in the outcome again."""
        seen = Outcome.model_validate(
            {"outcome_of": "a", "headline": "b", "x/y": {"~": [True, None]}, "z": []}
        )

        assert leaves(seen) == (("/x~1y/~0/0", True), ("/x~1y/~0/1", None))


class TestTextOf:
    def test_a_number_that_is_not_finite_has_no_text(self) -> None:
        """NaN is no JSON, and the receiver of a message would choke on it."""
        with pytest.raises(ValueError, match="JSON compliant"):
            text_of([float("nan")])
