"""Ruling out is only ever a short cut: no pair that fits is lost."""

from __future__ import annotations

from itertools import product

import pytest

from registry_core.catalog.fitting import Takers, Verdicts, judge
from registry_core.definitions.schema import JsonObject, SchemaDefinition
from registry_core.names import SchemaName
from registry_core.schemas.fingerprint import fingerprint
from registry_core.schemas.from_model import schema_of
from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits, Misfit
from tests.catalog.worlds import SCHEMAS, record


def given_as(name: str, document: JsonObject) -> SchemaDefinition:
    """Return a schema of one document."""
    return SchemaDefinition(SchemaName(name), fingerprint(document, document), document, document)


ODD = (
    given_as("Anything", {}),
    given_as("Nothing", {"not": {}}),
    given_as("Impossible", {"type": "object", "required": ["a"], "properties": {"a": False}}),
    given_as("Loose", {"required": ["text"]}),
    given_as("Either", {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
    given_as("Listed", {"enum": ["a", {"text": "b"}]}),
    given_as("Referring", {"$ref": "#/$defs/P", "$defs": {"P": {"required": ["text"]}}}),
    given_as("Circular", {"$ref": "#"}),
    given_as("Lost", {"$ref": "#/$defs/Q"}),
    schema_of(str | None),
    schema_of(list[int]),
)


class TestTakers:
    def test_exactly_those_are_found_that_a_comparison_of_all_pairs_finds(self) -> None:
        """The short cut may save time and nothing else."""
        schemas = (*SCHEMAS, *ODD)
        takers, verdicts = Takers(schemas), Verdicts()

        found = {s.name: set(takers.taking(s, verdicts)) for s in schemas}

        expected: dict[str, set[str]] = {schema.name: set() for schema in schemas}
        for one, other in product(schemas, schemas):
            if one.id == other.id or isinstance(compare(one.emits, other.accepts), Fits):
                expected[one.name].add(other.id)
        assert found == expected

    def test_what_asks_for_other_keys_is_never_compared(self) -> None:
        """Two thousand agents make four million pairs; few of them are a question."""
        many = [record(f"Kind{number}", **{f"key_{number}": "string"}) for number in range(50)]
        verdicts = Verdicts()
        takers = Takers(many)

        for schema in many:
            takers.taking(schema, verdicts)

        assert len(verdicts) == 0


class TestJudge:
    @pytest.mark.requirement("R75")
    def test_a_member_that_nobody_declared_is_refused_at_any_depth_of_a_layer(self) -> None:
        """A misspelt setting must not be a forgotten one."""
        document: JsonObject = {
            "type": "object",
            "properties": {"limits": {"type": "object", "properties": {"rpm": {"type": "number"}}}},
        }

        verdict = judge({"limits": {"rmp": 1}}, document, as_layer=True)

        assert isinstance(verdict, Misfit)
        assert verdict.pointer == "/limits/rmp"
        assert isinstance(judge({"limits": {"rmp": 1}}, document, as_layer=False), Fits)
        assert isinstance(judge({"limits": {"rpm": 1}}, document, as_layer=True), Fits)

    @pytest.mark.requirement("R75")
    def test_a_layer_may_lack_what_is_asked_for_but_a_whole_may_not(self) -> None:
        """What a stage leaves out, the settings may say."""
        rates: JsonObject = {
            "type": "object",
            "properties": {"rpm": {"type": "number"}, "tpm": {"type": "number"}},
            "required": ["rpm", "tpm"],
            "additionalProperties": False,
        }
        document: JsonObject = {
            "properties": {"limits": {"$ref": "#/$defs/R"}},
            "$defs": {"R": rates},
        }

        assert isinstance(judge({"limits": {"rpm": 1}}, document, as_layer=True), Fits)
        assert isinstance(judge({"limits": {"rpm": 1}}, document, as_layer=False), Misfit)
        assert isinstance(judge({"limits": {"rpm": "x"}}, document, as_layer=True), Misfit)
