"""A wheel always carries a manifest that equals its code, whoever builds it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.authoring.project import BackEnd, build_wheel, note_agents, wheel_file

if TYPE_CHECKING:
    from pathlib import Path

BACK_ENDS: tuple[BackEnd, ...] = ("hatchling", "setuptools")
MANIFEST = "note_agents/agents.json"


@pytest.fixture(params=BACK_ENDS)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a project for each back end."""
    return note_agents(tmp_path, back_end=request.param)


@pytest.mark.requirement("R5")
class TestWheel:
    def test_a_manifest_that_is_not_committed_is_made(self, project: Path) -> None:
        """An author who commits nothing still ships a plugin that nobody has to import."""
        built = build_wheel(project)

        assert built.returncode == 0, built.stderr
        manifest = json.loads(wheel_file(project, MANIFEST) or "")
        assert [agent["target"] for agent in manifest["agents"]] == ["note_agents.plugin:shout"]
        assert not (project / "src" / MANIFEST).exists()

    def test_a_committed_manifest_that_equals_the_code_is_shipped(self, project: Path) -> None:
        """What was reviewed is what is installed, also where version control ignores it."""
        build_wheel(project)
        committed = wheel_file(project, MANIFEST) or ""
        (project / "src" / MANIFEST).write_text(committed)
        (project / ".gitignore").write_text("agents.json\n")

        built = build_wheel(project)

        assert built.returncode == 0, built.stderr
        assert wheel_file(project, MANIFEST) == committed

    def test_a_committed_manifest_that_differs_stops_the_build(self, project: Path) -> None:
        """A host would believe the manifest, and fail when the agent is called."""
        (project / "src" / MANIFEST).write_text('{"format": 1}\n')

        built = build_wheel(project)

        assert built.returncode != 0
        assert "differs from the code" in built.stdout + built.stderr
        assert not list(project.glob("dist/*.whl"))

    def test_code_that_cannot_be_read_stops_the_build(self, project: Path) -> None:
        """A wheel without a manifest is not what was asked for."""
        (project / "src/note_agents/plugin.py").write_text("import nowhere_to_be_found\n")

        built = build_wheel(project)

        assert built.returncode != 0
        assert "nowhere_to_be_found" in built.stdout + built.stderr

    def test_the_plugin_may_be_named_where_entry_points_are_dynamic(self, project: Path) -> None:
        """A project may compute its metadata; the manifest does not depend on that."""
        file = project / "pyproject.toml"
        before, after = file.read_text().split("[project.entry-points", 1)[0], ""
        for table in ("[tool.hatch.build.hooks.registry-core]", "[tool.registry-core.manifest]"):
            if table in file.read_text():
                after = f'{table}\nmodule = "note_agents.plugin"\nmanifest = "{MANIFEST}"\n'
        packages = '[tool.hatch.build.targets.wheel]\npackages = ["src/note_agents"]\n'
        file.write_text(before + after + packages)

        built = build_wheel(project)

        assert built.returncode == 0, built.stderr
        assert wheel_file(project, MANIFEST)


class TestEditableWheel:
    def test_hatchling_puts_the_manifest_beside_the_path_file(self, tmp_path: Path) -> None:
        """An editable install is listed without being imported, like any other."""
        project = note_agents(tmp_path, back_end="hatchling")

        built = build_wheel(project, editable=True)

        assert built.returncode == 0, built.stderr
        assert "shout" in (wheel_file(project, MANIFEST) or "")

    def test_setuptools_puts_it_into_the_source_tree(self, tmp_path: Path) -> None:
        """Which is where setuptools wants what is made for an editable install."""
        project = note_agents(tmp_path, back_end="setuptools")

        built = build_wheel(project, editable=True)

        assert built.returncode == 0, built.stderr
        assert "shout" in (project / "src" / MANIFEST).read_text()


class TestOtherProjects:
    @pytest.mark.parametrize("back_end", BACK_ENDS)
    def test_a_project_that_does_not_ask_is_built_as_before(
        self, back_end: BackEnd, tmp_path: Path
    ) -> None:
        """The hooks are installed beside the host, and most projects are no plugins."""
        project = note_agents(tmp_path, back_end=back_end)
        file = project / "pyproject.toml"
        hooks = ("[tool.hatch.build.hooks.registry-core]", "[tool.registry-core.manifest]")
        file.write_text("\n".join(x for x in file.read_text().splitlines() if x not in hooks))

        built = build_wheel(project)

        assert built.returncode == 0, built.stderr
        assert wheel_file(project, MANIFEST) is None
