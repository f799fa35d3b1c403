"""A plugin begins with one command."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from registry_core.definitions.validating import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Agentreg


class TestNew:
    def test_everything_a_plugin_needs_is_there(self, agentreg: Agentreg, tmp_path: Path) -> None:
        """What is missing in the beginning is added by nobody later."""
        done = agentreg("new", "Note_Agents", "--into", str(tmp_path))

        project = tmp_path / "note-agents"
        files = {p.relative_to(project).as_posix() for p in project.rglob("*") if p.is_file()}
        assert done.code == 0
        assert {file for file in files if "__pycache__" not in file} == {
            ".gitignore",
            "README.md",
            "pyproject.toml",
            "src/note_agents/__init__.py",
            "src/note_agents/agents.json",
            "src/note_agents/agents.py",
            "src/note_agents/plugin.py",
            "src/note_agents/py.typed",
            "tests/test_agents.py",
        }

    def test_its_manifest_is_that_of_its_code(self, agentreg: Agentreg, tmp_path: Path) -> None:
        """It is read from the code, so the two begin equal."""
        agentreg("new", "note-agents", "--into", str(tmp_path))

        data = (tmp_path / "note-agents/src/note_agents/agents.json").read_bytes()
        manifest, unknown = read_manifest("note-agents", data)
        assert [agent.name for agent in manifest.agents] == ["count_words", "judge_length"]
        assert unknown == ()

    def test_no_word_of_the_template_is_left(self, agentreg: Agentreg, tmp_path: Path) -> None:
        """A placeholder in one's first file is a bad welcome."""
        agentreg("new", "note-agents", "--into", str(tmp_path))

        texts = [p.read_text() for p in tmp_path.rglob("*") if p.suffix in {".py", ".toml", ".md"}]
        assert texts
        assert not [text for text in texts if "$package" in text or "$name" in text or "$$" in text]

    @pytest.mark.parametrize(
        "words",
        [
            ("mypy", "--strict", "src"),
            ("ruff", "check", "--isolated", "."),
            ("ruff", "format", "--check", "--isolated", "."),
        ],
    )
    def test_its_code_passes_strict_checks(
        self, words: tuple[str, ...], agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """It is copied from for as long as the plugin lives."""
        agentreg("new", "note-agents", "--into", str(tmp_path))

        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path / "note-agents",
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stdout

    def test_a_build_hook_takes_the_place_of_the_committed_manifest(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """The author chooses who keeps manifest and code equal."""
        agentreg("new", "note-agents", "--into", str(tmp_path), "--build-hook")

        project = tmp_path / "note-agents"
        assert "hooks.registry-core]" in (project / "pyproject.toml").read_text()
        assert "agents.json" in (project / ".gitignore").read_text()
        assert not list(project.rglob("agents.json"))


class TestRefusal:
    @pytest.mark.fault("F15")
    @pytest.mark.parametrize(
        "name",
        ["json", "registry-core", "7-agents", "n\u043ete-agents", "a/b", "class", "../up", ""],
    )
    def test_names_that_no_plugin_can_have(
        self, name: str, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """Better now than when the first user cannot import it."""
        done = agentreg("new", name, "--into", str(tmp_path / "new"))

        assert done.code == 2
        assert "is not a valid plugin name" in done.err
        assert not (tmp_path / "new").exists()

    def test_what_is_there_is_never_overwritten(self, agentreg: Agentreg, tmp_path: Path) -> None:
        """It may be somebody's work of a week."""
        (tmp_path / "note-agents").mkdir()

        done = agentreg("new", "note-agents", "--into", str(tmp_path))

        assert done.code == 2
        assert "exists already" in done.err
        assert [p.name for p in tmp_path.iterdir() if "note" in p.name] == ["note-agents"]
        assert not list((tmp_path / "note-agents").iterdir())

    def test_what_stops_halfway_leaves_nothing_behind(
        self, agentreg: Agentreg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Half a project is worse than none."""

        def fail(_: Path) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("registry_core.cli.new.write_manifests", fail)
        folder = tmp_path / "new"

        done = agentreg("new", "note-agents", "--into", str(folder))

        assert done.code == 1
        assert list(folder.iterdir()) == []
        assert json.dumps(done.err)
