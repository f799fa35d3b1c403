"""From what was written to settings, or to everything that is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from registry_core.settings.checking import settings_of
from registry_core.settings.keys import part_at
from registry_core.settings.layers import layers_of, merged
from registry_core.settings.sources import SettingsSource, user_config_file

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from registry_core.settings.layers import Layer
    from registry_core.settings.values import Settings

__all__ = ["load_settings", "read_settings"]

_LOCK = "agentreg.lock"


def load_settings(path: str | os.PathLike[str] | None = None) -> Settings:
    """Return the settings of *path* over the user's own file; see :class:`SettingsSource`.

    Raises:
        ConfigError: If the named file is missing, or something cannot be used as it stands;
            all faults at once, with their lines.
    """
    return read_settings(SettingsSource(path))


def read_settings(source: SettingsSource) -> Settings:
    """Return the settings that are written in *source*.

    Raises:
        ConfigError: If they cannot be used as they stand; all faults at once.
    """
    layers = layers_of(source)
    settings = settings_of(merged(layers))
    plugins = settings.plugins
    lock = (plugins.lock or _beside(layers)) if plugins.trust == "locked" else ""
    return replace(settings, plugins=replace(plugins, lock=lock))


def _beside(layers: Sequence[Layer]) -> str:
    """Return the lock beside the file that asks for one, else beside the last one there is."""
    files = [layer for layer in layers if layer.lines is not None]
    asking = [f for f in files if part_at(f.document, ("plugins", "trust")) is not None]
    names = [file.name for file in (asking or files)] or [user_config_file()]
    return str(Path(names[-1]).absolute().parent / _LOCK)
