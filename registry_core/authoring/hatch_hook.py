"""Put the manifest into the wheels that hatchling builds.

[tool.hatch.build.hooks.registry-core]
require-runtime-dependencies = true     # the plugin is imported, in a process of its own

The plugins are those of ``[project.entry-points]``; where these are dynamic, ``module`` and
``manifest`` name one. hatchling imports this module for every project it builds in an
environment that has registry-core, so it imports nothing heavy.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from registry_core.authoring.build_hook import BuildFailedError, build_manifests

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ManifestBuildHook", "hatch_register_build_hook"]


class ManifestBuildHook(BuildHookInterface[BuilderConfig]):
    """Builds or checks the manifests of the project, and adds them to the wheel."""

    PLUGIN_NAME = "registry-core"

    def initialize(self, version: str, build_data: Mapping[str, object]) -> None:
        """Add the manifests to what the wheel includes.

        Args:
            version: ``standard``, or ``editable`` for a wheel that points to the source tree.
            build_data: What hatchling takes from hooks.
        """
        if self.target_name != "wheel":
            return
        # Kept until the wheel is written, which is when the back end's process ends.
        self._folder = tempfile.TemporaryDirectory(prefix="agentreg-")
        options = cast("Mapping[str, object]", self.config)
        try:
            manifests = build_manifests(
                Path(self.root),
                Path(self._folder.name),
                module=str(options.get("module", "")),
                manifest=str(options.get("manifest", "")),
            )
        except BuildFailedError as error:
            self.app.abort(f"registry-core: {error}")
            raise
        key = "force_include_editable" if version == "editable" else "force_include"
        included = cast("dict[str, str]", build_data[key])
        artifacts = cast("list[str]", build_data["artifacts"])
        for manifest in manifests:
            if manifest.committed:  # in the wheel even where version control ignores it
                artifacts.append(f"/{manifest.file.relative_to(self.root).as_posix()}")
            else:
                included[str(manifest.file)] = manifest.place

    def finalize(self, version: str, build_data: Mapping[str, object], artifact_path: str) -> None:
        """Remove what was made on the way."""
        del version, build_data, artifact_path
        if self.target_name == "wheel":
            self._folder.cleanup()


@hookimpl
def hatch_register_build_hook() -> type[ManifestBuildHook]:
    """Return the hook that hatchling finds under its ``PLUGIN_NAME``."""
    return ManifestBuildHook
