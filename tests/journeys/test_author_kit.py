"""From nothing to a published plugin: scaffold, install, test, list, build a wheel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.journeys.environment import new_environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.environment import Environment


@pytest.fixture(scope="module")
def workshop(installed: Environment, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An author's environment: the host, pytest and the build back ends."""
    environment = new_environment(tmp_path_factory.mktemp("workshop") / "venv", on_top_of=installed)
    environment.install("pytest", "hatchling", "editables", "setuptools")
    return environment


@pytest.mark.requirement("R5")
class TestScaffold:
    def test_a_new_plugin_installs_and_passes_at_once(
        self, workshop: Environment, tmp_path: Path
    ) -> None:
        """The first ten minutes decide whether somebody writes a second agent."""
        workshop.run("agentreg", "new", "note-agents", "--into", str(tmp_path))
        project = tmp_path / "note-agents"

        workshop.install("--editable", project)
        tested = workshop.run("python", "-m", "pytest", cwd=project, check=False)
        checked = workshop.run("agentreg", "manifest", "check", check=False)
        agents = json.loads(workshop.run("agentreg", "agents", "--text", "note", "--json").stdout)

        assert tested.returncode == 0, tested.stdout
        assert "14 passed" in tested.stdout
        assert "note-agents:note-agents: manifest equals its code" in checked.stdout
        assert [agent["id"] for agent in agents if agent["id"].startswith("note-agents/")] == [
            "note-agents/count_words@0.1.0",
            "note-agents/judge_length@0.1.0",
        ]

    def test_code_that_leaves_its_manifest_behind_fails_the_authors_tests(
        self, workshop: Environment, tmp_path: Path
    ) -> None:
        """Before the push, and with the command that mends it."""
        workshop.run("agentreg", "new", "late-agents", "--into", str(tmp_path))
        project = tmp_path / "late-agents"
        workshop.install("--editable", project)
        agents = project / "src/late_agents/agents.py"
        agents.write_text(agents.read_text().replace("Count the words", "Count all words"))

        before = workshop.run("python", "-m", "pytest", cwd=project, check=False)
        workshop.run("agentreg", "manifest", "build", cwd=project)
        after = workshop.run("python", "-m", "pytest", cwd=project, check=False)

        assert "agentreg manifest build" in before.stdout
        assert (before.returncode, after.returncode) == (1, 0), after.stdout

    def test_with_a_build_hook_every_wheel_carries_its_manifest(
        self, workshop: Environment, tmp_path: Path
    ) -> None:
        """Whoever installs it imports nothing to list it."""
        workshop.run("agentreg", "new", "hook-agents", "--into", str(tmp_path), "--build-hook")
        project = tmp_path / "hook-agents"

        options = ("--quiet", "--no-deps", "--no-build-isolation")
        workshop.run("python", "-m", "pip", "install", *options, str(project))
        plugins = json.loads(workshop.run("agentreg", "plugins", "--json").stdout)
        tested = workshop.run("python", "-m", "pytest", cwd=project, check=False)

        (record,) = [plugin for plugin in plugins if plugin["name"] == "hook-agents"]
        assert (record["state"], record["agents"], record["notes"]) == ("ok", 2, [])
        assert (workshop.site / "hook_agents" / "agents.json").is_file()
        assert tested.returncode == 0, tested.stdout
