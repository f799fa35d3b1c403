"""Validation of records against rules."""

from __future__ import annotations

from base_agents.models import RecordRules, ValidationInput, ValidationOutput
from base_agents.outcome import Outcome, as_json
from base_agents.rules import faults_in
from registry_core import Example, Resources, agent

__all__ = ["OUTCOME_RULES", "outcome_to_record", "validate_outcome", "validate_record"]

OUTCOME_RULES = RecordRules(
    rules={
        "type": "object",
        "required": ["outcome_of", "headline"],
        "properties": {
            "outcome_of": {"type": "string", "minLength": 1},
            "headline": {"type": "string", "minLength": 1, "maxLength": 200},
        },
        "minProperties": 3,
    }
)
"""What an outcome must be like when nobody says more: it has a headline, and says something."""


@agent(
    capabilities="validation",
    tags=["json-schema", "offline", "rules"],
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={
                "request": {
                    "record": {"age": -1},
                    "rules": {"required": ["name"], "properties": {"age": {"minimum": 0}}},
                }
            },
            output={
                "outcome_of": "validation",
                "headline": "2 faults",
                "accepted": False,
                "faults": [
                    {
                        "place": "",
                        "keyword": "required",
                        "expected": "'name' is a required property",
                    },
                    {"place": "/age", "keyword": "minimum", "expected": "0"},
                ],
            },
        )
    ],
)
def validate_record(request: ValidationInput) -> ValidationOutput:
    """Check a record against a JSON Schema and list every fault with its place.

    Raises:
        RulesError: If the rules are no JSON Schema 2020-12, refer to something outside of
            themselves, follow references too often, or have a pattern that is not linear.
    """
    faults = faults_in(request.record, request.rules)
    counted = f"{len(faults)} fault{'s' * (len(faults) != 1)}"
    return ValidationOutput(
        headline=counted if faults else "accepted", accepted=not faults, faults=faults
    )


@agent(
    tags=["converter"],
    cost=0.1,
    resources=Resources(memory_mib=32, cpu_cores=1),
    idempotent=True,
    mutates=False,
)
def outcome_to_record(outcome: Outcome, rules: RecordRules = OUTCOME_RULES) -> ValidationInput:
    """Make a record of an outcome, with the rules for outcomes unless others are given."""
    return ValidationInput(record=as_json(outcome), rules=rules.rules)


@agent(
    capabilities={"validation": 0.5},
    tags=["follow-up", "json-schema", "offline", "rules"],
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
)
def validate_outcome(outcome: Outcome, rules: RecordRules = OUTCOME_RULES) -> ValidationOutput:
    """Check any agent's outcome: that it has a headline and says something, unless told more.

    Raises:
        RulesError: If the rules are no JSON Schema 2020-12, refer to something outside of
            themselves, follow references too often, or have a pattern that is not linear.
    """
    return validate_record(outcome_to_record(outcome, rules))
