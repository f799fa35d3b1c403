"""Tests of the way from foreign JSON to a declaration."""

from __future__ import annotations

import json
import time

import pytest

from registry_core.definitions.manifest import Manifest
from registry_core.definitions.validating import MAX_MANIFEST_BYTES, parse_json, read_manifest
from registry_core.errors import ManifestError
from tests.discovery.plugins import manifest_json


def faults(data: str | bytes) -> dict[str, str]:
    """Return what is wrong with *data*, by place."""
    with pytest.raises(ManifestError) as refused:
        read_manifest("agents.json", data if isinstance(data, bytes) else data.encode())
    return {fault.path: fault.message for fault in refused.value.faults}


def without_canary(value: object) -> bool:
    """Return whether the canary is not in the text of *value*."""
    return "CANARY" not in str(value)


class TestManifests:
    def test_a_manifest_becomes_records(self) -> None:
        """With every default filled in."""
        manifest, unknown = read_manifest("x", manifest_json("words", "echo").encode())

        assert isinstance(manifest, Manifest)
        assert (manifest.agents[0].name, manifest.agents[0].cost) == ("echo", 1.0)
        assert unknown == ()

    @pytest.mark.fault("F18")
    def test_unknown_fields_are_named_wherever_they_stand(self) -> None:
        """A warning for a typing error, and for what only a later host knows."""
        document = json.loads(manifest_json("words", "echo"))
        document["colour"] = "red"
        document["agents"][0]["sumary"] = "?"
        document["schemas"][0]["accepts"]["x-anything"] = 1

        _, unknown = read_manifest("x", json.dumps(document).encode())

        assert sorted(unknown) == ["agents[0].sumary", "colour"]

    @pytest.mark.fault("F18")
    def test_all_faults_come_at_once(self) -> None:
        """An author mends a manifest in one go."""
        document = json.loads(manifest_json("words", "echo", "Shout"))
        document["agents"][0]["cost"] = "cheap"
        document["agents"][0]["idempotent"] = 1
        del document["agents"][1]["output"]

        found = faults(json.dumps(document))

        assert {"agents[0].cost", "agents[0].idempotent", "agents[1].output"} <= set(found)

    @pytest.mark.fault("F18")
    def test_another_format_is_refused_with_both_versions(self) -> None:
        """Guessing what a later format means helps nobody."""
        found = faults(manifest_json("words", format=2))

        assert found == {"format": "is 2, and this host reads format 1"}

    @pytest.mark.fault("F17")
    @pytest.mark.parametrize("target", ["os.system", "a:b:c", ":x", "a:", "a b:c", "a:b()"])
    def test_a_target_is_a_module_and_a_name(self, target: str) -> None:
        """Anything else is no place that code can be at."""
        document = json.loads(manifest_json("words", "echo"))
        document["agents"][0]["target"] = target

        assert "agents[0].target" in faults(json.dumps(document))

    @pytest.mark.fault("F31")
    def test_nothing_is_coerced(self) -> None:
        """A 1 that means yes, and text that means a number, hide mistakes."""
        found = faults(manifest_json("words", format="1"))

        assert set(found) == {"format"}

    @pytest.mark.fault("F33", "F94")
    def test_a_fault_does_not_repeat_the_value(self) -> None:
        """It may be a password at the wrong place."""
        with pytest.raises(ManifestError) as refused:
            read_manifest("x", manifest_json("words", agents="sk-CANARY-1").encode())

        assert without_canary(refused.value)


class TestJson:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            pytest.param(b"[" * 100_000, "nested deeper", marks=pytest.mark.fault("F27")),
            pytest.param(b"[" * 129 + b"]" * 129, "nested deeper", marks=pytest.mark.fault("F27")),
            pytest.param(b"1" * 5000, "digits", marks=pytest.mark.fault("F27")),
            pytest.param(b" " * (MAX_MANIFEST_BYTES + 1), "1 MiB", marks=pytest.mark.fault("F27")),
            pytest.param(b"NaN", "NaN is not JSON", marks=pytest.mark.fault("F28")),
            pytest.param(b"[Infinity]", "Infinity is not JSON", marks=pytest.mark.fault("F28")),
            pytest.param(b"[1e400]", "too large to be finite", marks=pytest.mark.fault("F28")),
            pytest.param(b'{"a":1,"a":2}', "'a' stands twice", marks=pytest.mark.fault("F29")),
            pytest.param(b'{"a":"\xc0\x80"}', "UTF-8", marks=pytest.mark.fault("F30")),
            pytest.param('{"a":1}'.encode("utf-16"), "UTF-8", marks=pytest.mark.fault("F30")),
            pytest.param(b'"\\ud800"', "half a character", marks=pytest.mark.fault("F30")),
            pytest.param(b'{"\\ud800":1}', "half a character", marks=pytest.mark.fault("F30")),
            pytest.param(b'"a\0b"', "control character", marks=pytest.mark.fault("F30")),
            pytest.param(b"{", "property name", id="cut"),
        ],
    )
    def test_what_is_not_plain_json_is_refused(self, data: bytes, reason: str) -> None:
        """Two readers of one document must see the same."""
        with pytest.raises(ManifestError, match=reason):
            parse_json("x", data)

    def test_depth_within_the_limit_is_fine(self) -> None:
        """Schemas nest; brackets in text do not."""
        assert parse_json("x", b"[" * 128 + b"]" * 128)
        assert parse_json("x", json.dumps(["[{" * 60 + "]}" * 60]).encode())

    @pytest.mark.fault("F27")
    def test_brackets_in_text_do_not_hide_the_real_ones(self) -> None:
        """Closing ones in a string would take back what is open."""
        data = (b"[" * 100 + b'"' + b"]" * 100 + b'",') * 20

        with pytest.raises(ManifestError, match="nested deeper"):
            parse_json("x", data)

    @pytest.mark.fault("F29")
    def test_a_key_that_stands_twice_among_many_is_found_at_once(self) -> None:
        """Looking for it must not take the square of their number."""
        keys = b",".join(b'"%d":0' % number for number in range(90_000))
        start = time.process_time()

        with pytest.raises(ManifestError, match="stands twice"):
            parse_json("x", b"{" + keys + b',"89999":0}')

        assert time.process_time() - start < 2

    @pytest.mark.fault("F27")
    def test_the_largest_document_is_decided_at_once(self) -> None:
        """Whoever sends it must not be able to keep us busy."""
        data = b"[" + b"0," * (MAX_MANIFEST_BYTES // 2 - 2) + b"0]"
        start = time.process_time()

        parse_json("x", data)

        assert time.process_time() - start < 2
