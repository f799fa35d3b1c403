"""Which documents are turned away at the door, and with what words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.errors import Fault
from registry_core.schemas.limits import MAX_DEPTH, check_document, check_instance

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject

_KEYWORDS = st.sampled_from(
    [
        *("type", "properties", "items", "allOf", "not", "required", "enum", "minLength", "$id"),
        *("dependencies", "prefixItems", "additionalProperties", "pattern", "$defs", "const"),
    ]
)
_SETTINGS = st.recursive(
    st.sampled_from(["string", "object", True, None, 0, -1, 1.5, "(", "#", "x"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(_KEYWORDS, inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b/c"]), inner, max_size=2),
    ),
    max_leaves=12,
)


def _nested(levels: int) -> dict[str, object]:
    schema: dict[str, object] = {"type": "integer"}
    for _ in range(levels):
        schema = {"not": schema}
    return schema


def _paths(document: object) -> list[str]:
    return [fault.path for fault in check_document(document)]


class TestSize:
    @pytest.mark.fault("F19")
    @pytest.mark.parametrize("levels", [MAX_DEPTH, 1_000, 100_000])
    def test_a_deep_document_is_named_as_such(self, levels: int) -> None:
        """A RecursionError would name a line of ours instead of the plugin's mistake."""
        document = _nested(levels)

        faults = check_document(document)

        assert faults == (Fault("", "schema too deep: more than 64 levels"),)

    @pytest.mark.fault("F19")
    def test_a_document_of_the_deepest_kind_is_welcome(self) -> None:
        """The bound is generous: no real schema nests half as deep."""
        assert check_document(_nested(MAX_DEPTH - 2)) == ()

    @pytest.mark.fault("F19", "F25")
    @pytest.mark.parametrize(
        "document",
        [{"enum": list(range(20_000))}, {"const": "x" * 300_000}, {"x" * 300_000: 1}],
        ids=["nodes", "text", "key"],
    )
    def test_a_large_document_is_named_as_such(self, document: object) -> None:
        """Ten megabytes in one constant would be copied with every comparison."""
        (fault,) = check_document(document)

        assert fault.message.startswith("schema too large")

    @pytest.mark.fault("F25")
    def test_a_long_enum_is_refused_at_its_place(self) -> None:
        """A thousand choices are a lookup, not a type."""
        assert _paths({"properties": {"code": {"enum": list(range(1_001))}}}) == [
            "/properties/code/enum"
        ]

    @pytest.mark.fault("F21")
    def test_a_deep_value_is_refused_before_it_is_validated(self) -> None:
        """A recursive schema takes any depth; the validator's stack does not."""
        value: object = None
        for _ in range(5_000):
            value = {"next": value}

        assert check_instance(value) == Fault("", "value too deep: more than 128 levels")
        assert check_instance([{"next": None}]) is None


class TestReferences:
    @pytest.mark.fault("F24")
    @pytest.mark.parametrize(
        "reference",
        [
            "https://example.org/page.json",
            "file:///etc/passwd",
            "page.json#/$defs/Page",
            "//host/x",
            "#Page",
        ],
    )
    def test_nothing_is_ever_retrieved(self, reference: str) -> None:
        """A plugin's schema must not make the host call out, or read its files."""
        assert _paths({"items": {"$ref": reference}}) == ["/items/$ref"]

    @pytest.mark.fault("F24")
    def test_an_inner_id_does_not_move_the_base(self) -> None:
        """A reference below it would mean another document."""
        assert _paths({"$id": "urn:x", "items": {"$id": "urn:y", "$ref": "#/$defs/A"}}) == [
            "/items/$id"
        ]

    def test_a_reference_that_leads_nowhere_is_found(self) -> None:
        """A typo is best found where it was made."""
        assert check_document({"$ref": "#/$defs/Page"}) == (
            Fault("/$ref", "leads nowhere: #/$defs/Page"),
        )

    @pytest.mark.fault("F20")
    @pytest.mark.parametrize(
        "document",
        [
            {"$ref": "#"},
            {"$defs": {"A": {"$ref": "#/$defs/A"}}},
            {"$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"anyOf": [{"$ref": "#/$defs/A"}]}}},
            {"$defs": {"A": {"not": {"$ref": "#/$defs/A"}}}},
        ],
        ids=["root", "self", "two", "not"],
    )
    def test_a_reference_to_itself_is_a_cycle(self, document: object) -> None:
        """A value would be judged for ever without a step into it."""
        (fault,) = check_document(document)

        assert fault.message.startswith("schema cycle at ")

    def test_recursion_through_a_field_is_welcome(self) -> None:
        """Trees are the commonest recursive type, and each step goes into the value."""
        tree = {"properties": {"children": {"items": {"$ref": "#/$defs/Tree"}}}}

        assert check_document({"$defs": {"Tree": tree}, "$ref": "#/$defs/Tree"}) == ()

    @pytest.mark.fault("F22")
    @pytest.mark.parametrize("keyword", ["allOf", "anyOf"])
    def test_doubling_is_counted_without_being_done(self, keyword: str) -> None:
        """Two kilobytes can ask for a million visits; one rival is killed by them."""
        shelf = {f"a{n}": {keyword: [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(25)}

        (fault,) = check_document({"$defs": {**shelf, "a25": {"type": "null"}}})

        assert fault.message == "expands to more than 10000 schemas for one value"


class TestKeywords:
    @pytest.mark.fault("F26")
    @pytest.mark.parametrize(
        ("schema", "pointer"),
        [
            ({"pattern": "("}, "/pattern"),
            ({"patternProperties": {"[": True}}, "/patternProperties"),
            ({"multipleOf": 0}, "/multipleOf"),
            ({"type": {}}, "/type"),
            ({"items": {"type": "text"}}, "/items/type"),
            ({"properties": []}, "/properties"),
            ({"properties": {"a/b": 1}}, "/properties/a~1b"),
            ({"required": "name"}, "/required"),
            ({"minLength": -1}, "/minLength"),
            ({"minItems": 1.5}, "/minItems"),
            ({"enum": {}}, "/enum"),
            ({"anyOf": []}, "/anyOf"),
            ({"items": 3}, "/items"),
            ({"uniqueItems": "yes"}, "/uniqueItems"),
            ({"minimum": "0"}, "/minimum"),
            ({"dependentRequired": {"a": "b"}}, "/dependentRequired"),
            ({"$dynamicRef": "#x"}, "/$dynamicRef"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_malformed_keyword_is_named_by_its_pointer(
        self, schema: dict[str, object], pointer: str
    ) -> None:
        """Rivals leak a ZeroDivisionError or an AttributeError here."""
        assert _paths({"properties": {"x": schema}}) == [f"/properties/x{pointer}"]

    @pytest.mark.fault("F23")
    @pytest.mark.parametrize("pattern", [r"(a)\1", "(?<=a)b"])
    def test_a_pattern_that_only_backtracking_can_match_is_refused(self, pattern: str) -> None:
        """One such pattern can stop the event loop, even from a thread."""
        assert _paths({"pattern": pattern}) == ["/pattern"]

    @pytest.mark.parametrize("pattern", ["^(a+)+$", r"\bword\b", "^(?!x)[a-z]+$", r"^\p{Lu}"])
    def test_a_pattern_of_a_linear_engine_is_welcome(self, pattern: str) -> None:
        """Pydantic writes such patterns itself."""
        assert check_document({"pattern": pattern}) == ()

    @pytest.mark.parametrize(
        "document", [[1], "text", None, {"a": {1: 2}}, {"minimum": float("nan")}]
    )
    def test_what_is_no_json_object_is_refused(self, document: object) -> None:
        """A plugin's function may return anything."""
        assert _paths(document) == [""]

    def test_all_faults_are_reported_at_once(self) -> None:
        """Repairing one at a time is a waste of the author's afternoon."""
        assert _paths({"type": "text", "items": {"minLength": -1}}) == ["/type", "/items/minLength"]

    def test_older_drafts_are_welcome(self) -> None:
        """Agents behind other protocols bring what their libraries write."""
        document = {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "definitions": {"A": {"minimum": 0, "exclusiveMinimum": True}},
            "items": [{"$ref": "#/definitions/A"}],
            "additionalItems": False,
            "dependencies": {"a": ["b"], "c": {"required": ["d"]}},
        }

        assert check_document(document) == ()


class TestQuickWay:
    @given(st.dictionaries(_KEYWORDS, _SETTINGS, max_size=4))
    @settings(max_examples=500, deadline=None)
    def test_a_document_is_welcome_just_when_no_schema_in_it_has_a_fault(
        self, document: JsonObject
    ) -> None:
        """The first look finds that there is one; the second, which any leads to, names them."""
        found = check_document({**document, "maxLength": -1})

        assert check_document(document) == tuple(f for f in found if f.path != "/maxLength")
