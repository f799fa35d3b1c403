"""Tests of keeping out what took a process down, until it survives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from registry_core.discovery.breadcrumbs import DEATHS, fatal_imports
from registry_core.errors import AgentLoadError, NoPlanError
from registry_core.pipeline.pipeline import Pipeline
from registry_core.registry import Registry
from registry_core.settings.sources import user_cache_folder
from registry_core.settings.values import PluginSettings, Settings
from tests.cli.command import typing_in
from tests.discovery.plugins import declared, manifest_json

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.discovery.report import PluginRecord

CRASHING = """\
import os, pathlib
if not (pathlib.Path(__file__).parent / "mended").exists():
    END
def echo(text: str) -> str:
    return text
"""
RUNNING = """\
import sys
from registry_core.registry import Registry
sys.path.insert(0, sys.argv[1])
Registry.discover().run_sync("crash-agents/echo", "text")
"""
LEAVING = """\
import os, sys, threading, time
sys.path.insert(0, sys.argv[1])
from registry_core.registry import Registry
registry = Registry.discover()
run = lambda: registry.run_sync("crash-agents/echo", "text")
threading.Thread(target=run, daemon=True).start()
while "crash_agents.code" not in sys.modules:
    time.sleep(0.01)
"""


@pytest.fixture(autouse=True)
def home(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process the site and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])


def install(site: Path, end: str = "os._exit(3)") -> Path:
    """Install a plugin whose import comes to that *end*, and return its metadata folder."""
    code = {"crash_agents/code.py": CRASHING.replace("END", end)}
    return declared(site, "crash-agents", "echo", files=code)


def crash(site: Path, program: str = RUNNING, *, times: int = DEATHS) -> int:
    """Return how the last process ended of those that ran the plugin's agent."""
    command = [sys.executable, "-c", program, str(site)]
    return [subprocess.run(command, check=False).returncode for _ in range(times)][-1]


def record(registry: Registry) -> PluginRecord:
    """Return what was found of the plugin."""
    return next(r for r in registry.plugins if r.distribution == "crash-agents")


class TestQuarantine:
    @pytest.mark.fault("F3", "F4")
    @pytest.mark.parametrize(
        ("end", "code"), [("os._exit(3)", 3), ("__import__('ctypes').string_at(0)", -11)]
    )
    def test_what_took_a_process_down_is_listed_and_kept_out(
        self, site: Path, end: str, code: int
    ) -> None:
        """A service that restarts into the same crash for ever helps nobody."""
        install(site, end)
        crash(site, times=DEATHS - 1)
        assert record(Registry.discover()).state == "ok"

        assert crash(site, times=1) == code
        registry = Registry.discover()

        found = record(registry)
        assert (found.state, found.code) == ("quarantined", "died")
        assert "ended while it imported this, 20" in found.reason
        assert found.fix == "agentreg doctor --import"
        assert not [agent for agent in registry.agents if agent.distribution == "crash-agents"]
        assert all(row[0].partition("/")[0] != "crash-agents" for row in registry.listing)

    def test_a_run_that_names_one_is_refused_with_the_reason(self, site: Path) -> None:
        """'No such agent' would send people looking for a typing error."""
        install(site)
        plan = Registry.discover().plan(have=["str"], want=["str"], require=["crash-agents/echo"])
        crash(site)
        registry = Registry.discover()

        for what in ("crash-agents/echo", "echo", Pipeline("p").stage("echo"), plan):
            with pytest.raises(AgentLoadError) as caught:
                registry.run_sync(what, "text")
            assert caught.value.step == "quarantine"
            assert "agentreg doctor --import" in str(caught.value)

    def test_so_is_a_run_with_its_middleware(self, site: Path) -> None:
        """It is offered by somebody; who asks for it should learn what it takes to have it."""
        layer = {"name": "trace", "target": "crash_agents.code:trace"}
        manifest = manifest_json("crash_agents", "echo", middleware=[layer])
        code = {"crash_agents/code.py": CRASHING.replace("END", "os._exit(3)")}
        declared(site, "crash-agents", "echo", files=code, manifest=manifest)
        declared(site, "good-agents", "twin")
        crash(site)
        registry = Registry.discover()

        for name in ("trace", "crash-agents/trace"):
            with pytest.raises(AgentLoadError) as caught:
                registry.run_sync("good-agents/twin", "text", middleware=[name])
            assert (caught.value.agent, caught.value.step) == ("crash-agents/trace", "quarantine")
            assert "agentreg doctor --import" in str(caught.value)

    def test_it_is_not_planned_with(self, site: Path) -> None:
        """A plan that crashes the process is no plan."""
        install(site)
        crash(site)

        with pytest.raises((NoPlanError, LookupError)):
            Registry.discover().plan(have=["str"], want=["str"], require=["crash-agents/echo"])

    def test_surviving_a_check_lifts_it(
        self, site: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """The command that is shown must be the command that helps, and only if it may."""
        metadata = install(site)
        yesterday = metadata.stat().st_mtime - 86_400
        os.utime(metadata, (yesterday, yesterday))
        crash(site)
        (noted,) = fatal_imports(user_cache_folder())

        still = typing_in(capfd, "doctor", "--import")
        (site / "crash_agents" / "mended").touch()
        lifted = typing_in(capfd, "doctor", "--import")

        assert "crash-agents:crash-agents 1.0 is quarantined (died)" in still.out
        began = datetime.fromtimestamp(noted.began, UTC)
        assert f"since  {began:%Y-%m-%d %H:%M} UTC" in still.out
        assert "survived" not in still.out
        assert "crash-agents:crash-agents survived its import" in lifted.out
        assert "is quarantined" not in lifted.out
        assert record(Registry.discover()).state == "ok"

    def test_installing_it_again_lifts_it(self, site: Path) -> None:
        """What crashed is gone; what is there now has done nothing yet."""
        metadata = install(site)
        crash(site)
        assert record(Registry.discover()).state == "quarantined"

        shutil.rmtree(metadata)
        metadata = install(site)
        later = metadata.stat().st_mtime + 60
        os.utime(metadata, (later, later))

        assert record(Registry.discover(rescan=True)).state == "ok"

    def test_another_installation_of_it_is_not_accused(self, site: Path, tmp_path: Path) -> None:
        """Environments share a cache folder, and not their plugins."""
        install(site)
        crash(site)
        other = tmp_path / "other"
        other.mkdir()
        shutil.move(site, other / "site")

        sys.path[0] = str(other / "site")

        assert record(Registry.discover()).state == "ok"

    def test_a_process_that_leaves_in_good_order_accuses_nobody(
        self, site: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Ctrl-C during a slow import says more of the user than of the plugin."""
        install(site, "__import__('time').sleep(60)")

        assert crash(site, LEAVING, times=1) == 0

        assert record(Registry.discover()).state == "ok"
        assert "left while it imported this" in typing_in(capfd, "doctor").out

    def test_who_is_kept_out_anyway_stays_what_he_was(self, site: Path) -> None:
        """A blocked plugin has one state, and it is the user's."""
        install(site)
        crash(site)

        blocking = Settings(plugins=PluginSettings(block=("crash-agents",)))

        assert record(Registry.discover(settings=blocking)).state == "blocked"
