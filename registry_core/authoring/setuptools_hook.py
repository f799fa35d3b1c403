"""Put the manifest into the wheels that setuptools builds.

[tool.registry-core.manifest]       # this table, which may be empty, asks for it

The plugins are those of ``[project.entry-points]``; where these are dynamic, ``module`` and
``manifest`` name one. setuptools calls this for every project it builds in an environment that
has registry-core, so a project without the table costs one look into its ``pyproject.toml``.

Source:
    setuptools, "Extending or Customizing Setuptools": build sub-commands and editable mode.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from setuptools import Command
from setuptools.command.build import build
from setuptools.errors import SetupError

from registry_core.authoring.build_hook import BuildFailedError, BuiltManifest, build_manifests
from registry_core.authoring.project import read_project, source_folder
from registry_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setuptools import Distribution

    from registry_core.definitions.schema import JsonObject

__all__ = ["BuildManifests", "finalize_distribution"]

_NAME = "build_agent_manifests"


def finalize_distribution(distribution: Distribution) -> None:
    """Add the step that makes manifests to the build of a project that asks for it."""
    if _options(Path.cwd()) is None:
        return
    commands = distribution.cmdclass
    known = commands.get("build", build)
    steps = [*known.sub_commands, (_NAME, None)]
    commands["build"] = type("build", (known,), {"sub_commands": steps})
    commands[_NAME] = BuildManifests


class BuildManifests(Command):
    """The step: builds or checks the manifests, and copies them beside the modules."""

    description = "make the manifests of agent plugins, or check those that are committed"
    user_options: ClassVar[list[tuple[str, str, str]] | list[tuple[str, str | None, str]]] = []

    def initialize_options(self) -> None:
        """Start as for an ordinary wheel."""
        self.editable_mode = False
        self.build_lib: str | None = None

    def finalize_options(self) -> None:
        """Write where the modules are written."""
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self) -> None:
        """Put each manifest into the wheel; for an editable one, into the source tree."""
        project = Path.cwd()
        options = _options(project) or {}
        with tempfile.TemporaryDirectory(prefix="agentreg-") as folder:
            try:
                manifests = build_manifests(
                    project,
                    Path(folder),
                    module=str(options.get("module", "")),
                    manifest=str(options.get("manifest", "")),
                )
            except BuildFailedError as error:
                message = f"registry-core: {error}"
                raise SetupError(message) from error
            for manifest in manifests:
                self._place(project, manifest)

    def _place(self, project: Path, manifest: BuiltManifest) -> None:
        if self.editable_mode:
            if manifest.committed:
                return
            folder = source_folder(project, manifest.place.partition("/")[0]) or project
        else:
            folder = Path(str(self.build_lib))
        target = folder / manifest.place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(manifest.file, target)

    def get_source_files(self) -> list[str]:
        """Return nothing: a committed manifest is a file of the source tree like any other."""
        return []

    def get_outputs(self) -> list[str]:
        """Return nothing: what is written is known only after the code was read."""
        return []

    def get_output_mapping(self) -> Mapping[str, str]:
        """Return nothing, as :meth:`get_outputs`."""
        return {}


def _options(project: Path) -> JsonObject | None:
    """Return the project's table, or None when it has none."""
    try:
        table = read_project(project)
    except ConfigError:
        return None
    for name in ("tool", "registry-core", "manifest"):
        inner = table.get(name)
        if not isinstance(inner, dict):
            return None
        table = inner
    return table
