"""The published schema of manifests says what the reader of manifests does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from jsonschema import Draft202012Validator

from registry_core.authoring.manifest_schema import manifest_schema
from registry_core.definitions.validating import read_manifest
from registry_core.errors import ManifestError

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject, JsonValue

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "reference" / "manifest.schema.json"
GOOD = sorted(
    path
    for path in (
        *ROOT.glob("sample_agents/*/src/*/agents.json"),
        *ROOT.glob("registry_core/*.json"),
    )
    if "broken-agents" not in path.parts
)
FAULTY: list[JsonValue] = [
    {"format": 2},
    {"format": "1"},
    {"agents": {}},
    {"agents": [{"name": "a", "target": "a:b"}]},
    {"agents": [{"name": "a", "target": "a:b", "output": "str#0", "cost": "1"}]},
    {"middleware": [{"name": "a", "target": "a:b", "scope": "pipeline"}]},
    {"schemas": [{"name": "A", "fingerprint": "0", "accepts": [], "emits": {}}]},
    {"collectors": [{"name": "a"}]},
    {"hooks": [1]},
    [],
]


def is_taken(document: JsonValue) -> bool:
    """Return whether the host reads *document* as a manifest."""
    try:
        read_manifest("given", json.dumps(document).encode())
    except ManifestError:
        return False
    return True


def satisfies(document: JsonValue) -> bool:
    """Return whether *document* satisfies the schema, says somebody else's validator."""
    validator = Draft202012Validator(manifest_schema())
    return validator.is_valid(cast("JsonObject", document))  # pyright: ignore[reportUnknownMemberType]


class TestPublished:
    def test_the_published_schema_is_that_of_the_definitions(self) -> None:
        """Write it anew with: agentreg manifest schema > docs/reference/manifest.schema.json."""
        assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == manifest_schema()

    def test_it_is_a_schema(self) -> None:
        """Editors refuse what is none."""
        Draft202012Validator.check_schema(manifest_schema())

    def test_every_field_is_described(self) -> None:
        """An editor shows it where somebody reads a manifest."""
        schema = manifest_schema()
        records = [schema, *cast("dict[str, JsonObject]", schema["$defs"]).values()]

        fields = [
            (record["title"], name)
            for record in records
            for name, field in cast("dict[str, JsonObject]", record["properties"]).items()
            if "description" not in field
        ]
        assert [field for field in fields if field[0] != "Example"] == []


class TestAgreement:
    @pytest.mark.parametrize("path", GOOD, ids=lambda path: path.parent.name)
    def test_manifests_in_order_satisfy_it(self, path: Path) -> None:
        """Those that are generated are what it describes."""
        document = json.loads(path.read_text(encoding="utf-8"))

        assert is_taken(document)
        assert satisfies(document)

    @pytest.mark.fault("F18")
    @pytest.mark.parametrize("document", FAULTY, ids=json.dumps)
    def test_faulty_ones_are_refused_by_both(self, document: JsonValue) -> None:
        """A green tick in an editor must not turn red on the host."""
        assert not is_taken(document)
        assert not satisfies(document)

    def test_unknown_fields_are_no_fault_to_either(self) -> None:
        """A later host may know more."""
        document: JsonValue = {"format": 1, "colour": "green"}

        assert is_taken(document)
        assert satisfies(document)
