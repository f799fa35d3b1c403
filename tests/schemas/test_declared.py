"""Schemas that strangers wrote down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from registry_core.schemas.declared import faults_in_schema
from registry_core.schemas.from_model import schema_of

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue


class TestFaultsInSchema:
    def test_what_was_generated_is_believed(self) -> None:
        """Every honest manifest passes."""
        assert faults_in_schema(schema_of(dict[str, list[int]])) == ()

    @pytest.mark.fault("F34")
    def test_an_id_that_is_not_that_of_its_documents_is_refused(self) -> None:
        """Equal ids count as the same schema, so a false one would let anything through."""
        false = replace(schema_of(int), accepts={"type": "string"})

        assert [fault.path for fault in faults_in_schema(false)] == ["fingerprint"]

    @pytest.mark.fault("F19")
    def test_a_schema_that_is_nested_too_deeply_is_refused_with_its_side(self) -> None:
        """It came with a manifest, from somebody nobody knows."""
        deep: JsonValue = {"type": "string"}
        for _ in range(100):
            deep = {"type": "array", "items": deep}
        assert isinstance(deep, dict)

        faults = faults_in_schema(replace(schema_of(int), emits=deep))

        assert faults
        assert all(fault.path.startswith("emits") for fault in faults)
