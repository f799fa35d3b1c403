"""A folder that stands in for site-packages, and a registry of what is installed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.testing.installed import installed_distribution

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from registry_core.registry import Registry
    from registry_core.settings.values import Settings

__all__ = ["AgentSite"]


class AgentSite:
    """Real installed distributions, in a folder of a test's own.

    Attributes:
        folder: The folder; the fixture ``agent_site`` has put it on the path.
    """

    def __init__(self, folder: Path) -> None:
        """Install into *folder*."""
        self.folder = folder

    def install(
        self,
        name: str,
        version: str = "1.0",
        *,
        files: Mapping[str, str | bytes] | None = None,
        plugins: Mapping[str, str] | None = None,
        manifests: Mapping[str, str] | None = None,
        requires: Iterable[str] = (),
    ) -> Path:
        """Install a distribution and return its metadata folder.

        Args:
            name: Name of the distribution.
            version: Its version.
            files: Content by path.
            plugins: Modules by plugin name, for the group ``registry_core.plugins``.
            manifests: ``package:file.json`` by plugin name, for ``registry_core.manifests``.
            requires: Its requirements.
        """
        return installed_distribution(
            self.folder,
            name,
            version,
            files=files,
            plugins=plugins,
            manifests=manifests,
            requires=requires,
        )

    def discover(self, settings: Settings | None = None) -> Registry:
        """Return the registry of what is installed here, and of nothing else.

        Args:
            settings: What the user decided; nothing unless given.
        """
        from registry_core.discovery.discover import discover
        from registry_core.registry import Registry

        return Registry.of(discover(settings, path=[str(self.folder)]), settings)
