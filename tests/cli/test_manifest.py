"""A manifest is made by a command and held by a command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from registry_core.authoring.manifest_schema import manifest_schema
from tests.authoring.project import note_agents

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from registry_core.testing.site import AgentSite
    from tests.cli.conftest import Agentreg

MODULE = "note_agents.plugin"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that is not installed."""
    return note_agents(tmp_path)


class TestBuild:
    def test_a_project_need_not_be_installed(self, agentreg: Agentreg, project: Path) -> None:
        """The first manifest is made before the first installation."""
        done = agentreg("manifest", "build", MODULE, "--project", str(project))

        assert done.code == 0
        assert done.facts()["format"] == 1

    def test_a_project_is_found_where_one_stands(
        self, agentreg: Agentreg, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody types the folder that they are in."""
        monkeypatch.chdir(project)

        done = agentreg("manifest", "build")

        written = project / "src/note_agents/agents.json"
        assert done.code == 0
        assert "wrote" in done.out
        assert json.loads(written.read_text())["agents"][0]["name"] == "shout"

    @pytest.mark.fault("F92")
    def test_a_folder_that_is_no_project_is_not_imported_from(
        self, agentreg: Agentreg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One may stand in a folder of downloads."""
        (tmp_path / "evil_agents.py").write_text("from registry_core import hookimpl\n")
        monkeypatch.chdir(tmp_path)

        done = agentreg("manifest", "build", "evil_agents")

        assert done.code == 1
        assert "evil_agents" in done.err

    @pytest.mark.parametrize(
        "words", [("--out", "a.json"), ("--into", "made", MODULE)], ids=["out", "into"]
    )
    def test_options_that_do_not_go_together_are_refused(
        self, words: tuple[str, ...], agentreg: Agentreg, project: Path
    ) -> None:
        """Ignoring one would write to a place that nobody meant."""
        assert agentreg("manifest", "build", "--project", str(project), *words).code == 2

    def test_a_project_without_both_entry_points_is_refused(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """Where the manifest belongs is said there and nowhere else."""
        (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\n')

        done = agentreg("manifest", "build", "--project", str(tmp_path))

        assert done.code == 2
        assert "registry_core.manifests" in done.err


class TestCheck:
    def test_a_project_whose_manifests_equal_the_code_passes(
        self, agentreg: Agentreg, project: Path
    ) -> None:
        """One line in a CI."""
        agentreg("manifest", "build", "--project", str(project))

        done = agentreg("manifest", "check", "--project", str(project))

        assert (done.code, done.out) == (0, "note-agents: manifest equals its code\n")

    def test_a_difference_is_shown_with_what_mends_it(
        self, agentreg: Agentreg, project: Path
    ) -> None:
        """The diff is the review of what users will see."""
        agentreg("manifest", "build", "--project", str(project))
        plugin = project / "src/note_agents/plugin.py"
        plugin.write_text(plugin.read_text().replace("in capitals", "loudly"))

        done = agentreg("manifest", "check", "--project", str(project))

        assert done.code == 1
        assert '-      "summary": "Return the text in capitals."' in done.err
        assert "build it again: agentreg manifest build note_agents.plugin --out" in done.err

    def test_a_manifest_that_is_missing_differs(self, agentreg: Agentreg, project: Path) -> None:
        """A project that declares one and has none would be broken where it is installed."""
        assert agentreg("manifest", "check", "--project", str(project)).code == 1

    def test_one_file_is_held_to_one_module(self, agentreg: Agentreg, project: Path) -> None:
        """For a project that is built in a way of its own."""
        file = project / "elsewhere.json"
        words = (MODULE, "--project", str(project))
        agentreg("manifest", "build", *words, "--out", str(file))

        assert agentreg("manifest", "check", MODULE, str(file), "--project", str(project)).code == 0
        assert agentreg("manifest", "check", MODULE).code == 2


class TestCheckInstalled:
    @pytest.fixture
    def check(
        self, agentreg: Agentreg, agent_site: AgentSite, project: Path
    ) -> Callable[[str], tuple[int, list[str]]]:
        """Install the project's code with a manifest, and check everything that is installed."""

        def check(manifest: str, *words: str) -> tuple[int, list[str]]:
            code = (project / "src/note_agents/plugin.py").read_text()
            files = {"note_agents/plugin.py": code, "note_agents/__init__.py": ""}
            agent_site.install(
                "note-agents",
                files={**files, "note_agents/agents.json": manifest},
                plugins={"note-agents": MODULE},
                manifests={"note-agents": "note_agents:agents.json"},
            )
            done = agentreg(*words, "manifest", "check")
            lines = [line for line in done.out.splitlines() if line.startswith("note-agents")]
            return done.code, lines

        return check

    def test_every_installed_plugin_is_held_to_its_code(
        self,
        check: Callable[[str], tuple[int, list[str]]],
        agentreg: Agentreg,
        project: Path,
    ) -> None:
        """Who runs an environment can ask whether its manifests tell the truth."""
        true = agentreg("manifest", "build", MODULE, "--project", str(project)).out

        code, lines = check(true)

        assert lines == ["note-agents:note-agents: manifest equals its code"]
        assert code == 0

    @pytest.mark.parametrize("manifest", ['{"format": 1}', '{"format": 2}', "nothing"])
    def test_one_that_differs_or_cannot_be_read_fails(
        self, manifest: str, check: Callable[[str], tuple[int, list[str]]]
    ) -> None:
        """Whatever is wrong with it."""
        code, lines = check(manifest)

        assert code == 1
        assert len(lines) == 1

    def test_what_is_blocked_is_not_imported(
        self, check: Callable[..., tuple[int, list[str]]]
    ) -> None:
        """Checking imports, and a block means that this must not happen."""
        _, lines = check('{"format": 1}', "--block", "note-agents")

        assert lines[0].startswith("note-agents:note-agents: not read")


class TestSchema:
    def test_the_schema_is_printed(self, agentreg: Agentreg) -> None:
        """For an editor that checks files while they are looked at."""
        assert agentreg("manifest", "schema").value() == manifest_schema()
