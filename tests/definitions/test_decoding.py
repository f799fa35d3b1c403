"""What the quick reader takes is what pydantic takes, and the same."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from registry_core.definitions.agent import InputDefinition
from registry_core.definitions.decoding import decode
from registry_core.definitions.manifest import Manifest
from registry_core.definitions.validating import parse_json
from registry_core.errors import ManifestError
from tests.discovery.plugins import manifest_json

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue

_ODD = st.sampled_from(
    [None, True, 0, 1, -1, 1.0, 0.5, 10**400, "", "x", "é", "\ud800", [], ["x"], {}, {"name": "x"}]
).map(deepcopy)
_RARE = {
    "config": "Text#1f0c9a62b7e4",
    "resources": {"memory_mib": 64, "cpu_cores": 1, "max_concurrency": None},
    "timeout_seconds": 5,
    "cost": 2,
    "version": "1.2.0",
}
_MIDDLEWARE = {
    "name": "trace",
    "target": "words:trace",
    "scope": "attempt",
    "order": -1,
    "before": ["a/cache"],
}


@cache
def pydantics() -> TypeAdapter[Manifest]:
    """Return pydantic's own reader."""
    return TypeAdapter(Manifest)


def full_manifest() -> dict[str, JsonValue]:
    """Return a manifest that uses every field."""
    document = json.loads(manifest_json("words", "echo", "shout"))
    document["agents"][0] |= deepcopy(_RARE)
    document["middleware"] = [deepcopy(_MIDDLEWARE)]
    document["capabilities"] = [{"name": "acme:ocr", "summary": "Reads.", "broader": None}]
    return cast("dict[str, JsonValue]", document)


@st.composite
def nearly_manifests(draw: st.DrawFn) -> JsonValue:
    """Draw a manifest with a few things in it replaced, removed or added."""
    document = full_manifest()
    for _ in range(draw(st.integers(0, 3))):
        place = cast("dict[object, object] | list[object]", document)
        while place:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = draw(st.sampled_from(keys))
            entries = cast("dict[object, object]", place)
            held = entries[key]
            if not isinstance(held, dict | list) or draw(st.integers(0, 3)) == 0:
                _change(draw, entries, key)
                break
            place = cast("dict[object, object] | list[object]", held)
    return document


def _change(draw: st.DrawFn, place: dict[object, object], key: object) -> None:
    match draw(st.sampled_from(["replace", "remove", "add"])):
        case "remove":
            del place[key]
        case "add" if isinstance(key, str):
            place["colour"] = "red"
        case _:
            place[key] = draw(_ODD)


class TestDecoding:
    @pytest.mark.fault("F18", "F31")
    @given(nearly_manifests())
    @settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    def test_whatever_it_takes_pydantic_takes_as_the_same(self, document: JsonValue) -> None:
        """There is one definition of a manifest, whoever reads it."""
        text = json.dumps(document).encode()

        try:
            found = decode(Manifest, parse_json("x", text))
        except ManifestError:
            return
        if found is not None:
            assert repr(pydantics().validate_json(text, strict=True)) == repr(found)

    def test_it_takes_what_a_build_writes(self) -> None:
        """Else every first start would import pydantic, which takes longer than starting Python."""
        assert decode(Manifest, full_manifest()) is not None

    @pytest.mark.parametrize(
        "change",
        [
            {"required": 1},
            {"required": "yes"},
            {"name": 5},
            {"schema": "Text"},
            {"colour": "red"},
            {"name": None},
        ],
        ids=repr,
    )
    def test_it_leaves_what_is_odd_to_pydantic(self, change: dict[str, JsonValue]) -> None:
        """The one that takes less has no words for what is wrong."""
        plain: dict[str, JsonValue] = {"name": "text", "schema": "Text#1f0c9a62b7e4"}

        assert decode(InputDefinition, plain) is not None
        assert decode(InputDefinition, {**plain, **change}) is None

    def test_what_is_missing_is_odd(self) -> None:
        """A default is only what its record says."""
        assert decode(InputDefinition, {"name": "text"}) is None
        assert decode(InputDefinition, ["text"]) is None
