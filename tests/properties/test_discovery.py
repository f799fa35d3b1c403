"""Laws of discovery: no bytes make it fail, and cold, warm and partly warm agree."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry_core.definitions.validating import read_manifest
from registry_core.discovery.codec import from_plain, to_plain
from registry_core.discovery.compatibility import Metadata, check_requirements, read_metadata
from registry_core.discovery.discover import discover, search
from registry_core.discovery.entry_points import EntryPointError, parse_entry_points
from registry_core.discovery.index import open_index
from registry_core.discovery.places import FRESH_NS
from registry_core.discovery.probe import Probed
from registry_core.errors import ManifestError
from registry_core.settings.values import PluginSettings, Settings
from tests.discovery.plugins import declared, manifest_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.discovery.report import DiscoveryReport

# Files come from disk, so an example costs milliseconds.
FILES = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

_HEADER = st.sampled_from([b"[registry_core.plugins]", b"[registry_core.manifests]", b"[x]", b"["])
_LINE = st.one_of(
    _HEADER,
    st.binary(max_size=30),
    st.sampled_from([b"a = b", b"a = b:c.json", b"a=", b"=b", b" c", b"#", b"A = b", b"a = \0"]),
)
ENTRY_POINTS = st.one_of(st.binary(max_size=300), st.lists(_LINE, max_size=8).map(b"\n".join)).map(
    lambda data: b"[registry_core.plugins]\n" + data
)

_FIELD = st.sampled_from([b"Name: ", b"Version: ", b"Requires-Dist: ", b"Requires-Python: ", b""])
_FIELDS = st.lists(st.tuples(_FIELD, st.binary(max_size=30)).map(b"".join), max_size=8)
METADATA = st.one_of(st.binary(max_size=200), _FIELDS.map(b"\n".join))

_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)
_MANIFEST_FIELDS = ("format", "host_api", "agents", "schemas", "capabilities", "hooks")
MANIFESTS = st.one_of(
    st.binary(max_size=200),
    _JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(_MANIFEST_FIELDS), _JSON).map(
        lambda fields: manifest_json("odd_agents", "echo", **fields).encode()
    ),
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for one test; hypothesis has many examples in it."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def fresh_site(folder: Path) -> Path:
    """Return an empty site directory."""
    return Path(tempfile.mkdtemp(dir=folder))


def without_code(module: str) -> Probed:
    """Stand in for the child process: nothing can be imported."""
    return Probed(code="import", reason=f"{module} is not imported here")


def report_on(site: Path, given: Settings | None = None) -> DiscoveryReport:
    """Return what is found in *site*."""
    return discover(given, path=[str(site)], read_code=without_code)


class TestAnyBytes:
    """Whatever one distribution holds, the other one is found as if it were alone."""

    @FILES
    @given(data=ENTRY_POINTS)
    def test_as_entry_points(self, folder: Path, data: bytes) -> None:
        """Installers write what they are given."""
        site = fresh_site(folder)
        declared(site, "canary", "sing")
        (canary,) = report_on(site).plugins
        declared(site, "odd-agents", "echo", replacing={"entry_points.txt": data})

        found = report_on(site).plugins

        assert canary in found
        assert all(record.state == "ok" or record.reason for record in found)

    @FILES
    @given(data=METADATA)
    def test_as_metadata(self, folder: Path, data: bytes) -> None:
        """So do build back ends."""
        site = fresh_site(folder)
        declared(site, "canary", "sing")
        (canary,) = report_on(site).plugins
        declared(site, "odd-agents", "echo", replacing={"METADATA": data})

        found = report_on(site).plugins

        assert canary in found
        assert len(found) == 2

    @FILES
    @given(data=st.binary(max_size=300))
    def test_as_record_and_direct_url(self, folder: Path, data: bytes) -> None:
        """Ownership is decided by them."""
        site = fresh_site(folder)
        declared(site, "canary", "sing")
        (canary,) = report_on(site).plugins
        files: dict[str, bytes | None] = {"RECORD": data, "direct_url.json": data}
        declared(site, "odd-agents", "echo", replacing=files)

        found = report_on(site).plugins

        assert canary in found
        assert len(found) == 2

    @FILES
    @given(data=MANIFESTS)
    def test_as_manifest(self, folder: Path, data: bytes) -> None:
        """The one file that authors write by hand against advice."""
        site = fresh_site(folder)
        declared(site, "canary", "sing")
        (canary,) = report_on(site).plugins
        declared(site, "odd-agents", manifest=data)

        found = report_on(site).plugins

        assert canary in found
        assert len(found) == 2

    @FILES
    @given(begin=st.integers(0, 1000), end=st.integers(0, 1000), middle=st.binary(max_size=20))
    def test_as_cache(self, folder: Path, begin: int, end: int, middle: bytes) -> None:
        """A cache is never a reason to fail, nor to be wrong."""
        site, cache = fresh_site(folder), fresh_site(folder)
        declared(site, "canary", "sing")
        _age(site)
        good = open_index(Settings(), path=[str(site)], cache=str(cache))
        (file,) = cache.glob("*.index")
        content = file.read_bytes()
        size = len(content)
        spoilt = content[: begin * size // 1000] + middle + content[end * size // 1000 :]
        file.write_bytes(spoilt)

        index = open_index(Settings(), path=[str(site)], cache=str(cache))

        assert (index.ids, index.rows, index.report) == (good.ids, good.rows, good.report)


class TestParsers:
    """The parsers raise what they say they raise, and nothing else."""

    @given(data=ENTRY_POINTS)
    def test_of_entry_points(self, data: bytes) -> None:
        """A name that comes out is a name in normal form."""
        try:
            entries = parse_entry_points(data)
        except EntryPointError:
            return
        assert all(
            (entry.name.isascii() and entry.name.islower()) or entry.name.isdigit()
            for entry in entries
        )

    @given(data=MANIFESTS)
    def test_of_manifests(self, data: bytes) -> None:
        """A manifest that comes out can be stored and read back equal."""
        try:
            manifest, _ = read_manifest("x", data)
        except ManifestError:
            return
        assert from_plain(to_plain(manifest)) == manifest

    @given(requires=st.lists(st.text(max_size=40), max_size=4), python=st.text(max_size=20))
    def test_of_requirements(self, requires: list[str], python: str) -> None:
        """Requirements are a language of their own, written by strangers."""
        metadata = Metadata("words", "1.0", python, tuple(requires))

        misfit = check_requirements(metadata, {"words": "not a version"})

        assert misfit is None or misfit.fix

    @FILES
    @given(data=METADATA)
    def test_of_metadata(self, folder: Path, data: bytes) -> None:
        """It is a record or a reason."""
        (folder / "METADATA").write_bytes(data)

        assert isinstance(read_metadata(folder), Metadata | str)


class TestAgreement:
    @FILES
    @given(
        names=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5, unique=True),
        plugin=st.sampled_from(["", "same"]),
        block=st.lists(st.sampled_from(["a", "b:b", "c/sing", "d/echo@1.0"]), max_size=2),
        later=st.sampled_from("xyz"),
    )
    def test_cold_warm_and_partly_warm_give_one_report(
        self, folder: Path, names: list[str], plugin: str, block: list[str], later: str
    ) -> None:
        """Nobody can tell from an answer whether there was a cache."""
        site, cache = fresh_site(folder), fresh_site(folder)
        for name in names:
            declared(site, name, "echo", "sing", plugin=plugin)
        _age(site)
        chosen = Settings(plugins=PluginSettings(block=tuple(block)))
        cold = open_index(chosen, path=[str(site)], cache=str(cache))
        warm = open_index(chosen, path=[str(site)], cache=str(cache))
        declared(site, later, "echo")
        partly = open_index(chosen, path=[str(site)], cache=str(cache))

        assert (cold.ids, cold.rows, cold.report) == (warm.ids, warm.rows, warm.report)
        assert partly.report == report_on(site, chosen)
        assert search(chosen, path=[str(site)]).report == partly.report

    @FILES
    @given(
        names=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5, unique=True),
        plugin=st.sampled_from(["", "same"]),
    )
    def test_the_index_resolves_as_the_catalog_does(
        self, folder: Path, names: list[str], plugin: str
    ) -> None:
        """A name that leads somewhere warm must not lead elsewhere cold."""
        from registry_core.errors import NameLookupError
        from registry_core.registry import Registry

        site = fresh_site(folder)
        for name in names:
            declared(site, name, "echo", f"sing_{name}", plugin=plugin)
        index = open_index(Settings(), path=[str(site)])
        catalog = Registry.of(index.report).catalog

        asked = [f"sing_{name}" for name in names] + [f"{name}/echo" for name in names]
        for name in (*asked, *index.ids, "echo", "nothing", "a", "@", "/"):
            owners = index.owners(name)
            if len(owners) == 1:
                assert catalog.resolve(name) == owners[0]
            else:
                with pytest.raises(NameLookupError):
                    catalog.resolve(name)


def _age(site: Path) -> None:
    then = time.time_ns() - 10 * FRESH_NS
    for place, _, files in os.walk(site, topdown=False):
        for name in files:
            os.utime(f"{place}/{name}", ns=(then, then))
        os.utime(place, ns=(then, then))
