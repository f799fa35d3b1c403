"""What the user decided, and the only readers of the environment.

``sources`` gathers what was written, unread; ``layers`` are that, checked; ``values`` says what
it may be; ``reading`` turns the one into the other. ``editing`` and ``writing`` change a file.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from registry_core.settings.reading import load_settings
    from registry_core.settings.sources import CONFIG_VARIABLE, SettingsSource, user_config_file
    from registry_core.settings.values import (
        AgentSettings,
        CliSettings,
        MonitoringSettings,
        PluginSettings,
        RunSettings,
        Settings,
    )

__all__ = [
    "CONFIG_VARIABLE",
    "AgentSettings",
    "CliSettings",
    "MonitoringSettings",
    "PluginSettings",
    "RunSettings",
    "Settings",
    "SettingsSource",
    "load_settings",
    "user_config_file",
]

_OWNER = {
    "CONFIG_VARIABLE": "sources",
    "AgentSettings": "values",
    "CliSettings": "values",
    "MonitoringSettings": "values",
    "PluginSettings": "values",
    "RunSettings": "values",
    "Settings": "values",
    "SettingsSource": "sources",
    "load_settings": "reading",
    "user_config_file": "sources",
}


def __getattr__(name: str) -> object:
    """Import *name* from the module that owns it: listing agents needs none of the heavy ones."""
    owner = _OWNER.get(name)
    if owner is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{owner}"), name)
    globals()[name] = value
    return value
