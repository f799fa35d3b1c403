"""Tests of the index: seen at once when anything changes, and never believed when in doubt."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from registry_core.discovery import memory
from registry_core.discovery.index import Index, open_index
from registry_core.discovery.places import FRESH_NS, marks_of, search_folders
from registry_core.discovery.rows import plugin_row_of
from registry_core.settings.values import PluginSettings, Settings
from tests.discovery.plugins import coded, declared, manifest_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from registry_core.discovery.memory import Compiled


class Searches:
    """How many distributions each search read anew, in order."""

    def __init__(self) -> None:
        """Begin with none."""
        self.read: list[int] = []


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Searches:
    """Count the searches from here on."""
    counted = Searches()
    compiled = memory.compiled

    def counting(
        settings: Settings, *, path: Iterable[str] | None, tail: bytes, remembered_ns: int
    ) -> Compiled:
        found = compiled(settings, path=path, tail=tail, remembered_ns=remembered_ns)
        counted.read.append(found.read)
        return found

    monkeypatch.setattr(memory, "compiled", counting)
    return counted


def age(*folders: Path) -> None:
    """Make everything in *folders* as old as what was installed yesterday."""
    then = time.time_ns() - 10 * FRESH_NS
    for folder in folders:
        for place, _, files in os.walk(folder, topdown=False):
            for name in files:
                os.utime(f"{place}/{name}", ns=(then, then))
            os.utime(place, ns=(then, then))


def ids(
    site: Path, cache: Path, settings: Settings | None = None, *, rescan: bool = False
) -> list[str]:
    """Return the ids of the agents in *site*, by way of *cache*."""
    return list(opened(site, cache, settings, rescan=rescan).ids)


def opened(
    site: Path, cache: Path, settings: Settings | None = None, *, rescan: bool = False
) -> Index:
    """Return the index of *site*."""
    return open_index(settings or Settings(), path=[str(site)], cache=str(cache), rescan=rescan)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache folder of the test's own, not there yet."""
    return tmp_path / "cache" / "agentreg"


def file_in(cache: Path) -> Path:
    """Return the one index in *cache*."""
    (found,) = cache.glob("*.index")
    return found


class TestWarm:
    def test_what_did_not_change_is_not_looked_for_again(
        self, site: Path, cache: Path, searches: Searches
    ) -> None:
        """The reason to have an index."""
        declared(site, "words", "echo", "shout")
        age(site)

        first, second = opened(site, cache), opened(site, cache)

        assert searches.read == [1]
        assert first.ids == second.ids == ("words/echo@1.0", "words/shout@1.0")
        assert first.rows == second.rows
        assert first.report == second.report

    def test_plugins_are_listed_without_their_manifests_being_decoded(
        self, site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A thousand manifests take ten times as long as their list."""
        declared(site, "words", "echo", "shout")
        (declared(site, "torn", "cut") / "entry_points.txt").write_bytes(b"[registry_core.plugins")
        age(site)
        cold = opened(site, cache).plugin_rows
        records = opened(site, cache).report.plugins
        monkeypatch.setattr(memory, "recalled_report", None)

        warm = opened(site, cache).plugin_rows

        assert cold == warm == tuple(map(plugin_row_of, records))
        assert [(row.name, row.state, row.agents) for row in warm] == [
            ("torn", "broken", None),
            ("words", "ok", 2),
        ]

    @pytest.mark.parametrize(
        ("name", "owners"),
        [
            ("one/echo@1.0", ("one/echo@1.0",)),
            ("one/echo", ("one/echo@1.0",)),
            ("echo", ("one/echo@1.0", "two/echo@1.0")),
            ("sing", ("two/sing@1.0",)),
            ("ech", ()),
            ("cho", ()),
            ("ne/echo", ()),
            ("", ()),
            ("echo@1.0", ()),
            ("\n", ()),
        ],
    )
    def test_names_lead_to_ids(
        self, site: Path, cache: Path, name: str, owners: tuple[str, ...]
    ) -> None:
        """Found in the text of the index, and never a part of a name."""
        declared(site, "one", "echo")
        declared(site, "two", "echo", "sing")

        assert opened(site, cache).owners(name) == owners

    def test_a_contested_agent_answers_to_its_long_names_only(
        self, site: Path, cache: Path
    ) -> None:
        """As in the catalog."""
        declared(site, "one", "echo", plugin="words")
        declared(site, "two", "sing", plugin="words")

        index = opened(site, cache)

        assert index.owners("echo") == ()
        assert index.owners("one/echo") == index.owners("one/echo@1.0") == ("one/echo@1.0",)


class TestChanges:
    def test_an_installed_plugin_is_seen_and_only_it_is_read(
        self, site: Path, cache: Path, searches: Searches
    ) -> None:
        """The thousand others are as they were."""
        for number in range(5):
            declared(site, f"words-{number}", "echo")
        age(site)
        ids(site, cache)

        declared(site, "new", "sing")

        assert "new/sing@1.0" in ids(site, cache)
        assert searches.read == [5, 1]

    def test_an_uninstalled_one_is_gone(self, site: Path, cache: Path) -> None:
        """Its agents would fail in the middle of a run."""
        metadata = declared(site, "words", "echo")
        age(site)
        ids(site, cache)

        shutil.rmtree(metadata)

        assert ids(site, cache) == []

    def test_a_reinstall_of_the_same_version_is_seen(self, site: Path, cache: Path) -> None:
        """Same name, same version, other content: how plugins are developed."""
        metadata = declared(site, "words", "echo")
        age(site)
        ids(site, cache)

        shutil.rmtree(metadata)
        declared(site, "words", "shout")

        assert ids(site, cache) == ["words/shout@1.0"]

    def test_a_manifest_of_a_project_under_work_is_watched(
        self, tmp_path: Path, site: Path, cache: Path
    ) -> None:
        """Nobody installs again after each edit."""
        project = tmp_path / "project"
        for file in ("__init__.py", "plugin.py", "code.py"):
            (project / "words" / file).parent.mkdir(parents=True, exist_ok=True)
            (project / "words" / file).touch()
        manifest = project / "words" / "agents.json"
        manifest.write_text(manifest_json("words", "echo"))
        direct = json.dumps({"url": project.as_uri(), "dir_info": {"editable": True}}).encode()
        metadata = declared(site, "words", replacing={"direct_url.json": direct, "RECORD": b""})
        shutil.rmtree(site / "words")
        age(site, project)
        assert ids(site, cache) == ["words/echo@1.0"]

        manifest.write_text(manifest_json("words", "shout"))

        assert ids(site, cache) == ["words/shout@1.0"]
        assert metadata.exists()

    def test_other_settings_are_another_index(self, site: Path, cache: Path) -> None:
        """A block list must work from the moment that it is written."""
        declared(site, "words", "echo")
        age(site)
        ids(site, cache)

        blocked = Settings(plugins=PluginSettings(block=("words",)))

        assert ids(site, cache, blocked) == []
        assert ids(site, cache) == ["words/echo@1.0"]

    def test_an_edit_in_place_is_seen_by_a_rescan(self, site: Path, cache: Path) -> None:
        """No folder changes its time when a file's content does."""
        declared(site, "words", "echo")
        age(site)
        ids(site, cache)

        (site / "words" / "agents.json").write_text(manifest_json("words", "shout"))

        assert ids(site, cache) == ["words/echo@1.0"]
        assert ids(site, cache, rescan=True) == ["words/shout@1.0"]

    def test_a_folder_that_changed_a_moment_ago_is_not_trusted(
        self, site: Path, cache: Path, searches: Searches
    ) -> None:
        """A second change in the same tick of the clock would leave no trace."""
        declared(site, "words", "echo")

        ids(site, cache)
        ids(site, cache)

        assert searches.read == [1, 1]

    def test_an_answer_of_a_probe_is_kept(
        self, site: Path, cache: Path, searches: Searches
    ) -> None:
        """Importing a plugin again and again is what an index is there to avoid."""
        code = "from registry_core import hookimpl\n@hookimpl\ndef registry_agents(): return []\n"
        coded(site, "words", code)
        age(site)
        assert opened(site, cache).report.plugins[0].state == "ok"
        (site / "words.py").write_text("raise SystemExit")
        declared(site, "other", "echo")

        states = {record.name: record.state for record in opened(site, cache).report.plugins}

        assert states == {"words": "ok", "other": "ok"}
        assert searches.read == [1, 1]

    def test_a_failed_import_is_tried_again_when_anything_was_installed(
        self, site: Path, cache: Path
    ) -> None:
        """What it was missing may be there now."""
        coded(site, "words", "import helper_of_words\n")
        age(site)
        assert opened(site, cache).report.plugins[0].code == "import"

        (site / "helper_of_words.py").touch()

        assert opened(site, cache).report.plugins[0].state == "ok"


@pytest.mark.fault("S5")
class TestDoubt:
    @pytest.mark.parametrize(
        ("begin", "end", "middle"),
        [
            pytest.param(0, None, b"", id="empty"),
            pytest.param(100, None, b"", id="truncated"),
            pytest.param(-1, None, b"", id="cut at the end"),
            pytest.param(0, 10, b"agentreg-0", id="another format"),
            pytest.param(40, 41, b"\xfe", id="head"),
            pytest.param(-40, -39, b"\xfe", id="tail"),
            pytest.param(16, 24, b"\xff" * 8, id="size"),
            pytest.param(0, None, b"\x80\x04pickle", id="foreign"),
        ],
    )
    def test_a_spoilt_file_is_made_again(
        self, site: Path, cache: Path, begin: int, end: int | None, middle: bytes
    ) -> None:
        """A cache is never a reason to fail, nor to be wrong."""
        declared(site, "words", "echo")
        age(site)
        ids(site, cache)
        file = file_in(cache)
        content = file.read_bytes()
        rest = b"" if end is None else content[end:]
        file.write_bytes(content[:begin] + middle + rest)

        index = opened(site, cache)

        assert index.ids == ("words/echo@1.0",)
        assert [record.state for record in index.report.plugins] == ["ok"]

    def test_a_file_that_others_may_write_is_not_read(
        self, site: Path, cache: Path, searches: Searches
    ) -> None:
        """They could choose what we believe to be installed."""
        declared(site, "words", "echo")
        age(site)
        ids(site, cache)
        file_in(cache).chmod(0o666)

        ids(site, cache)

        assert searches.read == [1, 1]

    def test_a_link_is_not_followed(self, site: Path, cache: Path, tmp_path: Path) -> None:
        """Nor is anything but a plain file in its place."""
        declared(site, "words", "echo")
        age(site)
        ids(site, cache)
        file = file_in(cache)
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")

        assert ids(site, cache) == ["words/echo@1.0"]

    @pytest.mark.fault("F95")
    @pytest.mark.parametrize("kind", ["file", "missing parent is a file", "fifo"])
    def test_without_a_place_to_write_everything_works(
        self, site: Path, tmp_path: Path, kind: str
    ) -> None:
        """A home may be read-only, or no home at all."""
        declared(site, "words", "echo")
        cache = tmp_path / "odd"
        if kind == "fifo":
            os.mkfifo(cache)
        else:
            cache.write_text("")
            cache = cache if kind == "file" else cache / "deeper"

        assert ids(site, cache) == ["words/echo@1.0"]

    def test_it_is_kept_where_only_its_owner_reads(self, site: Path, cache: Path) -> None:
        """What one has installed is nobody else's business."""
        ids(site, cache)

        assert cache.stat().st_mode & 0o777 == 0o700
        assert file_in(cache).stat().st_mode & 0o777 == 0o600

    def test_old_indexes_are_cleared_away(self, site: Path, cache: Path) -> None:
        """Each interpreter, path and setting leaves one."""
        for number in range(20):
            ids(site, cache, Settings(pins={"echo": f"pin-{number}"}))

        assert len(list(cache.iterdir())) == 16

    def test_many_writers_at_once_leave_one_good_index(self, site: Path, cache: Path) -> None:
        """Shells start commands in parallel."""
        declared(site, "words", "echo")
        age(site)
        with ThreadPoolExecutor(8) as pool:
            running = [pool.submit(ids, site, cache, rescan=True) for _ in range(16)]
            answers = [one.result() for one in running]

        assert answers == [["words/echo@1.0"]] * 16
        assert [file.suffix for file in cache.iterdir()] == [".index"]

    def test_it_holds_no_way_to_say_which_code_to_run(self) -> None:
        """Only classes of ours come out, whatever was written in."""
        from registry_core.discovery.codec import from_plain

        with pytest.raises(LookupError):
            from_plain((b"os.system", "true"))


@pytest.mark.requirement("R105")
def test_the_warm_path_imports_next_to_nothing(tmp_path: Path) -> None:
    """Each module on it is paid for by every command."""
    environment = {"XDG_CACHE_HOME": str(tmp_path), "PATH": os.defpath}
    # Else the first process writes beside what it imports, and the second has to look again.
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    code = (
        "import sys\n"
        "from registry_core.registry import Registry\n"
        "registry = Registry.discover()\n"
        "print(len(registry.agents), registry.resolve('html_to_text'))\n"
        "heavy = {'pydantic', 'pluggy', 'packaging', 'importlib.metadata', 'dataclasses',"
        " 'typing', 're', 'json', 'pathlib', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code]
    subprocess.run(command, env=environment, check=True, capture_output=True)

    warm = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)

    newest = max(time_ns for _, time_ns, _ in marks_of(search_folders()))
    if time.time_ns() - newest < 10 * FRESH_NS:
        pytest.skip("something was installed a moment ago")
    assert warm.stdout.splitlines()[1] == "[]"
