"""Verdicts on records."""

from __future__ import annotations

import pytest
from base_agents import Outcome, RecordRules, ValidationInput
from base_agents.validation import outcome_to_record, validate_outcome, validate_record


class TestValidateRecord:
    @pytest.mark.requirement("R88")
    def test_a_verdict_has_every_fault(self) -> None:
        """Whoever mends a record wants to mend it once."""
        verdict = validate_record(
            ValidationInput(
                record={"a": 1, "b": 2}, rules={"additionalProperties": {"type": "string"}}
            )
        )

        assert (verdict.accepted, verdict.headline) == (False, "2 faults")
        assert [fault.place for fault in verdict.faults] == ["/a", "/b"]

    def test_a_verdict_without_faults_is_accepted(self) -> None:
        """The common case reads as such."""
        verdict = validate_record(ValidationInput(record=None, rules={}))

        assert (verdict.accepted, verdict.headline, verdict.faults) == (True, "accepted", ())


class TestOutcomes:
    def test_a_follow_up_is_the_converter_and_the_agent_in_one(self, outcome: Outcome) -> None:
        """Whether a plan has one stage or two must not change what comes out."""
        assert validate_outcome(outcome) == validate_record(outcome_to_record(outcome))

    def test_an_outcome_that_says_something_is_accepted(self, outcome: Outcome) -> None:
        """Our own agents keep our own rules."""
        assert validate_outcome(outcome).accepted

    def test_an_outcome_that_says_nothing_is_not(self) -> None:
        """An empty headline is what a broken agent leaves behind."""
        empty = Outcome(outcome_of="counting", headline="")

        assert [fault.place for fault in validate_outcome(empty).faults] == ["", "/headline"]

    def test_rules_of_ones_own_may_look_into_the_outcome(self, outcome: Outcome) -> None:
        """So a pipeline can stop being fine with what an agent is fine with."""
        rules = RecordRules(rules={"properties": {"outcome_of": {"const": "reporting"}}})

        verdict = validate_outcome(outcome, rules)

        assert verdict.accepted == (outcome.outcome_of == "reporting")
