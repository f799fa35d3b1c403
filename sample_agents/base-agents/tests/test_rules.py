"""Records against rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from base_agents.rules import RulesError, faults_in

if TYPE_CHECKING:
    from pydantic import JsonValue

HOSTILE = "^(a+)+$"
VICTIM = "a" * 40 + "!"


def places(record: JsonValue, rules: dict[str, JsonValue]) -> list[tuple[str, str]]:
    """Return place and keyword of each fault."""
    return [(fault.place, fault.keyword) for fault in faults_in(record, rules)]


class TestFaults:
    @pytest.mark.requirement("R88")
    def test_all_of_them_are_found_and_stand_in_the_order_of_their_places(self) -> None:
        """A form is corrected once, from top to bottom."""
        rules: dict[str, JsonValue] = {
            "type": "object",
            "required": ["id", "name"],
            "additionalProperties": False,
            "patternProperties": {"^x-": {"type": "string"}},
            "properties": {
                "id": {"type": "integer"},
                "rows": {"items": {"type": "integer"}, "maxItems": 10},
                "code": {"pattern": "^[A-Z]{3}$"},
            },
        }
        record: JsonValue = {
            "rows": [*range(10), "x"],
            "code": "abc",
            "x-note": 1,
            "other": 1,
            "a/b~c": 2,
        }

        assert places(record, rules) == [
            ("", "required"),
            ("", "required"),
            ("/a~1b~0c", "additionalProperties"),
            ("/code", "pattern"),
            ("/other", "additionalProperties"),
            ("/rows", "maxItems"),
            ("/rows/10", "type"),
            ("/x-note", "type"),
        ]

    def test_what_is_missing_is_named_and_no_value_is_told(self) -> None:
        """Faults are logged; records are about persons."""
        rules: dict[str, JsonValue] = {
            "required": ["name"],
            "properties": {"age": {"type": "integer"}, "old": False},
        }

        faults = faults_in({"age": "confidential", "old": "confidential"}, rules)

        assert [fault.expected for fault in faults] == [
            "'name' is a required property",
            '"integer"',
            "nothing here",
        ]

    @pytest.mark.parametrize(
        ("record", "rules"),
        [
            ({"a": 1, "x-b": 2}, {"properties": {"a": {}}, "patternProperties": {"^x-": {}}}),
            ({"a": {"a": {}}}, {"properties": {"a": {"$ref": "#"}}}),
            ({"n": 1}, {"additionalProperties": {"type": "integer"}}),
            ([1, "a"], {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}),
            (1, {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "integer"}),
            (3, {"$ref": "#/$defs/n", "$defs": {"n": {"minimum": 3}}}),
            ({"$schema": "mine"}, {"properties": {"$schema": {"const": "mine"}}}),
        ],
    )
    def test_a_record_that_is_as_it_must_be_has_none(
        self, record: JsonValue, rules: dict[str, JsonValue]
    ) -> None:
        """A false alarm is a fault of ours."""
        assert faults_in(record, rules) == ()


class TestRules:
    @pytest.mark.parametrize(
        "rules",
        [
            {"type": "text"},
            {"properties": []},
            {"pattern": "("},
            {"$schema": "http://json-schema.org/draft-07/schema#"},
        ],
    )
    def test_what_is_no_schema_is_refused(self, rules: dict[str, JsonValue]) -> None:
        """A misspelt type would let everything pass."""
        with pytest.raises(RulesError):
            faults_in({}, rules)

    @pytest.mark.fault("F24")
    @pytest.mark.parametrize(
        "reference",
        ["https://example.org/schema.json", "file:///etc/passwd", "other.json", "#/$defs/none"],
    )
    def test_nothing_is_fetched(self, reference: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Rules may come from strangers, and must not make us open their addresses."""

        def refuse(*_: object, **__: object) -> None:
            pytest.fail("something was opened")

        monkeypatch.setattr("socket.socket.connect", refuse)
        monkeypatch.setattr("urllib.request.urlopen", refuse)

        with pytest.raises(RulesError) as refused:
            faults_in({"a": 1}, {"properties": {"a": {"$ref": reference}}})

        assert refused.value.reason == "leads to nothing inside of them"

    @pytest.mark.fault("F24")
    def test_a_base_address_of_its_own_opens_no_way_out(self) -> None:
        """With it, a short reference means a far place."""
        rules: dict[str, JsonValue] = {"$id": "https://example.org/a/", "$ref": "schema.json"}

        with pytest.raises(RulesError, match="leads to nothing"):
            faults_in(1, rules)

    @pytest.mark.fault("F23")
    @pytest.mark.parametrize(
        ("record", "rules", "keyword"),
        [
            (VICTIM, {"pattern": HOSTILE}, "pattern"),
            ({VICTIM: 1}, {"patternProperties": {HOSTILE: {}}}, ""),
            (
                {VICTIM: 1},
                {"patternProperties": {HOSTILE: {}}, "additionalProperties": False},
                "additionalProperties",
            ),
            ({VICTIM: 1}, {"propertyNames": {"pattern": HOSTILE}}, "pattern"),
            ([VICTIM], {"items": {"not": {"not": {"pattern": HOSTILE}}}}, "not"),
        ],
    )
    def test_a_pattern_that_usually_takes_for_ever_is_decided(
        self, record: JsonValue, rules: dict[str, JsonValue], keyword: str
    ) -> None:
        """It looks harmless, and with most engines it would hold the process for years."""
        found = [fault.keyword for fault in faults_in(record, rules)]

        assert found == [keyword] * bool(keyword)

    @pytest.mark.fault("F23")
    @pytest.mark.parametrize("pattern", ["(?=a)b", r"(a)\1", "(?<!a)b"])
    def test_a_pattern_that_is_not_linear_is_refused(self, pattern: str) -> None:
        """There is no engine that decides it and never hangs."""
        with pytest.raises(RulesError, match="linear"):
            faults_in("aab", {"pattern": pattern})

    @pytest.mark.fault("F23")
    @pytest.mark.parametrize(
        "rules",
        [
            {"unevaluatedProperties": False, "patternProperties": {HOSTILE: {}}},
            {
                "properties": {
                    "a": {
                        "$schema": "https://json-schema.org/draft/2020-12/schema",
                        "pattern": HOSTILE,
                    }
                }
            },
            {"$defs": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}},
        ],
    )
    def test_no_way_leads_past_the_guard(self, rules: dict[str, JsonValue]) -> None:
        """The library would look at these with an engine of its own."""
        with pytest.raises(RulesError):
            faults_in({"a": VICTIM, VICTIM: 1}, rules)

    @pytest.mark.fault("F22")
    def test_references_that_double_at_each_step_are_given_up(self) -> None:
        """A kilobyte of rules can stand for a million."""
        steps: dict[str, JsonValue] = {"s30": {}}
        for i in range(30):
            once: JsonValue = {"$ref": f"#/$defs/s{i + 1}"}
            steps[f"s{i}"] = {"allOf": [once, once]}

        with pytest.raises(RulesError, match="references"):
            faults_in(1, {"$ref": "#/$defs/s0", "$defs": steps})

    @pytest.mark.fault("F25")
    def test_uniqueness_of_many_objects_is_decided_in_one_pass(self) -> None:
        """Pairwise, twenty thousand records are two hundred million comparisons."""
        rows: list[JsonValue] = [{"id": i, "tags": [i]} for i in range(20_000)]

        assert places(rows, {"uniqueItems": True}) == []
        assert places([*rows, {"tags": [7.0], "id": 7}], {"uniqueItems": True}) == [
            ("", "uniqueItems")
        ]
        assert places([1, True, "1", [1]], {"uniqueItems": True}) == []

    @pytest.mark.fault("F26")
    @pytest.mark.parametrize(
        ("rules", "place"),
        [
            ({"properties": {"x": {"pattern": "("}}}, "/properties/x/pattern"),
            ({"multipleOf": 0}, "/multipleOf"),
            ({"type": {}}, "/type"),
            ({"properties": []}, "/properties"),
        ],
    )
    def test_a_fault_in_the_rules_is_told_with_its_place(
        self, rules: dict[str, JsonValue], place: str
    ) -> None:
        """Rules are written by hand, and get long."""
        with pytest.raises(RulesError) as refused:
            faults_in({"x": 1}, rules)

        assert refused.value.place == place

    @pytest.mark.fault("F20")
    def test_rules_that_never_end_are_refused(self) -> None:
        """One wrong reference makes a circle."""
        with pytest.raises(RulesError, match="without end"):
            faults_in(1, {"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}})

    @pytest.mark.fault("F21")
    def test_a_record_too_deep_is_refused(self) -> None:
        """Depth is for the sender to choose, and must not end the process."""
        record: JsonValue = 1
        for _ in range(5000):
            record = [record]

        with pytest.raises(RulesError):
            faults_in(record, {"items": {"$ref": "#"}})
