"""What is seen at once to be right is right."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry_core.schemas.declared import faults_in_schema
from registry_core.schemas.fingerprint import structure
from registry_core.schemas.from_model import schema_of
from registry_core.schemas.keyword_rules import JUDGED
from registry_core.schemas.keywords import ANNOTATIONS, ONE, SEVERAL, UNDER_KEYS
from registry_core.schemas.limits import MAX_DEPTH, check_document
from registry_core.schemas.plain import is_plain, is_small, plain_structure

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject, JsonValue

PAGE: JsonObject = {
    "title": "Page",
    "type": "object",
    "properties": {
        "text": {"type": "string", "default": ""},
        "size": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]},
    },
    "required": ["text"],
    "additionalProperties": False,
}
_KEYWORDS = sorted({"const", "$id", "x-own", *JUDGED, *ONE, *SEVERAL, *UNDER_KEYS, *ANNOTATIONS})
_TYPES = st.sampled_from(["string", "object", "null", "text", ["string", "null"], 5])
_odd: st.SearchStrategy[JsonValue] = st.sampled_from(
    [None, True, 0, 2, -1, 0.5, "", "string", "#", "[a", [], ["b", "a"], ["a", "a"], [1, {}], {}]
)


def _some(**keywords: st.SearchStrategy[object]) -> st.SearchStrategy[JsonObject]:
    """Return objects that have any of *keywords*, which all hold JSON."""
    optional = cast("dict[str, st.SearchStrategy[JsonValue]]", keywords)
    return st.fixed_dictionaries({}, optional=optional)


_leaves: st.SearchStrategy[JsonObject] = st.one_of(
    _some(type=_TYPES, title=_odd, default=_odd),
    st.dictionaries(st.sampled_from(_KEYWORDS), _odd, max_size=2),
)


def _schemas(inner: st.SearchStrategy[JsonObject]) -> st.SearchStrategy[JsonObject]:
    part = inner | st.booleans() | _odd
    names = st.sampled_from(["b", "a", "type", "é", '"'])
    return _some(
        type=_TYPES,
        required=_odd,
        properties=st.dictionaries(names, part, max_size=3),
        items=part,
        anyOf=st.lists(part, max_size=2),
        additionalProperties=part,
    )


schemas = st.recursive(_leaves, _schemas, max_leaves=8)


class TestPlainStructure:
    @pytest.mark.fault("F19", "F34")
    @given(schemas)
    @settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    def test_whatever_it_takes_has_no_fault_and_that_structure(self, document: JsonObject) -> None:
        """A short way in must not be a way around."""
        found = plain_structure(document)

        if found is not None:
            assert check_document(document) == ()
            assert found == structure(document)

    def test_it_takes_what_a_class_without_shared_parts_gives(self) -> None:
        """Else every first start would walk twice over each schema that is installed."""
        assert plain_structure(PAGE) == structure(PAGE)
        assert is_plain(schema_of(dict[str, list[int] | None]))

    @pytest.mark.fault("F34")
    def test_an_id_that_is_not_that_of_its_documents_is_not_plain(self) -> None:
        """Whoever looks more closely says so."""
        false = replace(schema_of(int), fingerprint="0" * 12)

        assert not is_plain(false)
        assert faults_in_schema(false)


class TestSmall:
    @pytest.mark.fault("F19", "F25")
    @given(
        depth=st.integers(0, 3) | st.integers(MAX_DEPTH - 8, MAX_DEPTH + 8),
        wide=st.integers(0, 20_100),
        text=st.text(max_size=3).map(lambda part: part * 45_000),
        number=st.integers(0, 10**4000),
    )
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    def test_no_document_in_a_small_manifest_is_beyond_a_limit(
        self, depth: int, wide: int, text: str, number: int
    ) -> None:
        """Else what recurses over it could be broken by it."""
        held: list[JsonValue] = [0 for _ in range(wide)]
        for _ in range(depth):
            held = [held]
        document: JsonObject = {"default": held, "title": text, "const": number}
        manifest = {"format": 1, "schemas": [{"accepts": document, "emits": {}}]}

        if is_small(json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode()):
            assert check_document(document) == ()

    def test_what_plugins_ship_is_small(self) -> None:
        """Many agents in one manifest nest no deeper than one."""
        manifest = {"schemas": [{"accepts": PAGE, "emits": PAGE}] * 20}

        assert is_small(json.dumps(manifest).encode())
