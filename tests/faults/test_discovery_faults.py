"""Every fault at once beside one good plugin: it must not notice, and each must be told."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import pytest

from registry_core.discovery.discover import discover
from registry_core.registry import Registry
from registry_core.testing.installed import installed_distribution
from tests.discovery.plugins import declared

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from registry_core.discovery.report import PluginRecord

BROKEN = Path(__file__).parents[2] / "sample_agents" / "broken-agents"
COMMAND = str(Path(sys.executable).with_name("agentreg"))
_NOBODY = 65534
ECHO = """
from registry_core import agent, hookimpl
@agent
def sing(text: str) -> str:
    "Give the text back."
    return text
@hookimpl
def registry_agents():
    return [sing]
"""


class BrokenAgents(Protocol):
    """The module that lays broken distributions into a folder."""

    UNREADABLE_ENTRY_POINTS: Sequence[object]
    CONFUSABLE_NAMES: Sequence[object]

    def from_source(self, name: str) -> object:
        """Return the broken distribution of that name."""
        ...

    def write(self, distribution: object, folder: Path) -> Path:
        """Install it."""
        ...


@pytest.fixture(scope="module")
def broken() -> BrokenAgents:
    """Return the collection of faults."""
    if not BROKEN.exists():
        pytest.skip("the broken agents are not here")
    spec = importlib.util.spec_from_file_location("broken_dist_info", BROKEN / "dist_info.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return cast("BrokenAgents", module)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site directory with the canary in it."""
    folder = tmp_path / "site"
    declared(folder, "canary-agents", files={"canary_agents/plugin.py": ECHO})
    manifest = json.loads((folder / "canary_agents" / "agents.json").read_text(encoding="utf-8"))
    assert manifest["agents"] == []
    return folder


def records(site: Path) -> dict[str, list[PluginRecord]]:
    """Return the records of what is in *site*, by distribution."""
    found: dict[str, list[PluginRecord]] = {}
    for record in discover(path=[str(site)]).plugins:
        found.setdefault(record.distribution, []).append(record)
    return found


@contextmanager
def unprivileged(site: Path) -> Generator[None, None, None]:
    """Be nobody in particular for a while: root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    records(site)  # imports what nobody may not
    for folder in site.parents:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(0o711)
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def agentreg(site: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Return what the installed command leaves behind with *site* on the path."""
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(site),
        "XDG_CACHE_HOME": str(site.parent / "cache"),
        "XDG_CONFIG_HOME": str(site.parent / "config"),
        "CANARY": "sk-CANARY-1",
    }
    return subprocess.run(
        [COMMAND, *words],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class TestAllAtOnce:
    @pytest.mark.fault("F1", "F2", "F7", "F10", "F12", "F13", "F15", "F17", "F18")
    def test_the_good_plugin_is_as_if_it_were_alone(self, site: Path, broken: BrokenAgents) -> None:
        """One bad package in an environment is no reason to lose the others."""
        (before,) = records(site)["canary-agents"]
        names = sorted(path.parent.name for path in BROKEN.glob("*/pyproject.toml"))
        for name in names:
            broken.write(broken.from_source(name), site)
        for hostile in (*broken.UNREADABLE_ENTRY_POINTS, *broken.CONFUSABLE_NAMES):
            broken.write(hostile, site)

        found = records(site)

        assert found["canary-agents"] == [before]
        for name in names:
            assert found[name], name
        for told in (record for many in found.values() for record in many):
            assert told.state == "ok" or (told.code and told.reason), told
            assert "CANARY" not in told.reason

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            pytest.param("missing-module", "ownership", marks=pytest.mark.fault("F1")),
            pytest.param("exits-on-import", "import", marks=pytest.mark.fault("F2")),
            pytest.param("interrupts-on-import", "import", marks=pytest.mark.fault("F2")),
            pytest.param("incomplete-manifest", "manifest", marks=pytest.mark.fault("F18")),
            pytest.param("mistyped-manifest", "manifest", marks=pytest.mark.fault("F18")),
            pytest.param("torn-manifest", "manifest", marks=pytest.mark.fault("F18")),
            pytest.param("doubled-manifest", "manifest", marks=pytest.mark.fault("F29")),
            pytest.param("future-format", "format", marks=pytest.mark.fault("F18")),
            pytest.param("future-host", "host_api", marks=pytest.mark.fault("F18")),
            pytest.param("foreign-target", "ownership", marks=pytest.mark.fault("F17")),
        ],
    )
    def test_each_fault_is_one_record_with_its_code(
        self, site: Path, broken: BrokenAgents, name: str, code: str
    ) -> None:
        """The code is what a machine reads."""
        broken.write(broken.from_source(name), site)

        assert {record.code for record in records(site)[name]} == {code}


@pytest.mark.fault("F14")
class TestOddFiles:
    @pytest.mark.parametrize("name", ["entry_points.txt", "METADATA", "RECORD", "agents.json"])
    @pytest.mark.parametrize("kind", ["fifo", "folder", "dangling link", "50 MB", "locked"])
    def test_one_of_them_is_told_and_waits_for_nobody(
        self, site: Path, name: str, kind: str
    ) -> None:
        """Opening a pipe waits for a writer that never comes."""
        metadata = declared(site, "odd-agents", "echo")
        file = (site / "odd_agents" if name == "agents.json" else metadata) / name
        if kind == "locked":
            file.chmod(0)
        else:
            file.unlink()
        match kind:
            case "fifo":
                os.mkfifo(file)
            case "folder":
                file.mkdir()
            case "dangling link":
                file.symlink_to("gone")
            case "50 MB":
                with file.open("wb") as stream:
                    stream.truncate(50 << 20)
            case _:
                pass
        start = time.monotonic()

        with unprivileged(site) if kind == "locked" else nullcontext():
            found = records(site)

        assert [record.state for record in found["canary-agents"]] == ["ok"]
        assert [record.state for record in found["odd-agents"]] == ["broken"]
        assert time.monotonic() - start < 5


class TestTheCommand:
    @pytest.mark.fault("F7")
    def test_its_output_is_one_json_value_whatever_plugins_print(self, site: Path) -> None:
        """Machines read it."""
        noise = "print('noise')\nimport os\nos.write(1, b'noise')\nos.close(1)\n"
        installed_distribution(
            site, "noisy", files={"noisy.py": noise + ECHO}, plugins={"noisy": "noisy"}
        )

        done = agentreg(site, "plugins", "--json")

        states = {row["distribution"]: row["state"] for row in json.loads(done.stdout)}
        assert (states["noisy"], states["canary-agents"]) == ("ok", "ok")

    @pytest.mark.fault("F9")
    @pytest.mark.parametrize(("words", "code"), [(["agents"], 0), (["show", "nothing"], 1)])
    def test_it_ends_though_a_plugin_left_a_thread_behind(
        self, words: list[str], code: int, tmp_path: Path
    ) -> None:
        """A command that never returns stops the shell script that it is in."""
        program = (
            "import sys, threading, time\n"
            "threading.Thread(target=time.sleep, args=(600,)).start()\n"
            "from registry_core.cli import main\n"
            f"sys.argv = ['agentreg', *{words!r}]\n"
            "main()\n"
        )
        environment = {"PATH": os.defpath, "XDG_CACHE_HOME": str(tmp_path)}

        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            check=False,
            timeout=60,
        )

        assert done.returncode == code
        assert done.stdout or done.stderr

    @pytest.mark.fault("F13")
    def test_a_corrupt_file_of_a_stranger_does_not_stop_pydantic(self, site: Path) -> None:
        """Pydantic reads everybody's entry points at its first model."""
        content: dict[str, bytes | None] = {"entry_points.txt": b"[x]\n\xff\xfe = \xff\n"}
        installed_distribution(site, "stranger", replacing=content)
        installed_distribution(site, "words", files={"words.py": ECHO}, plugins={"words": "words"})

        done = agentreg(site, "plugins", "--json")

        states = {row["distribution"]: row["state"] for row in json.loads(done.stdout)}
        assert (states["words"], states["canary-agents"]) == ("ok", "ok")
        assert "stranger" not in states

    @pytest.mark.fault("F92")
    def test_where_one_stands_decides_nothing(self, site: Path, tmp_path: Path) -> None:
        """A repository that one has just cloned is a folder full of strangers."""
        here = tmp_path / "cloned"
        installed_distribution(
            here, "evil", files={"evil.py": "raise SystemExit"}, plugins={"evil": "evil"}
        )
        for name in ("json.py", "click.py", "registry_core.py", "sitecustomize.py"):
            (here / name).write_text("raise SystemExit(77)\n", encoding="utf-8")
        (here / "agentreg.toml").write_text("[plugins]\nblock = ['canary-agents']\n")

        done = agentreg(site, "plugins", "--json", cwd=here)

        found = {row["distribution"]: row["state"] for row in json.loads(done.stdout)}
        assert found["canary-agents"] == "ok"
        assert "evil" not in found

    @pytest.mark.fault("F1", "F94")
    def test_doctor_says_what_where_since_when_and_what_to_type(self, site: Path) -> None:
        """All that one needs to mend it, and nothing secret."""
        code = "import os\nraise ValueError(os.environ['CANARY'])\n"
        metadata = installed_distribution(
            site, "words", files={"words.py": code}, plugins={"words": "words"}
        )

        done = agentreg(site, "doctor")

        assert done.returncode == 1
        for line in ("  what   ValueError, raised in", f"  where  {metadata}", "  since  20"):
            assert line in done.stdout
        assert "  type   pip install --upgrade words" in done.stdout
        assert "CANARY" not in done.stdout + done.stderr


@pytest.mark.fault("F16")
def test_a_hostile_object_in_a_plugin_s_offers_stays_in_the_child(site: Path) -> None:
    """Comparing, hashing or printing it would run its code in everybody's process."""
    hostile = """
from registry_core import hookimpl
class Hostile:
    def _no(self, *_): raise SystemExit
    __repr__ = __str__ = __eq__ = __hash__ = __getattr__ = __bool__ = __len__ = _no
    __class__ = property(_no)
@hookimpl
def registry_agents():
    return [Hostile()]
"""
    installed_distribution(
        site, "hostile", files={"hostile.py": hostile}, plugins={"hostile": "hostile"}
    )

    (told,) = records(site)["hostile"]

    assert told.state == "broken"
    assert Registry.of(discover(path=[str(site)])).agents == ()
