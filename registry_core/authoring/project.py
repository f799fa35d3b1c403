"""The plugins that a project is going to install, read from its folder and its pyproject.toml.

For building and checking manifests of what is not installed yet. Imports nothing of the project.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_core.errors import ConfigError, Fault

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.definitions.schema import JsonObject

__all__ = ["PluginSource", "plugins_of", "read_project", "source_folder"]

_MODULES = "registry_core.plugins"
_MANIFESTS = "registry_core.manifests"


@dataclass(frozen=True, slots=True)
class PluginSource:
    """One plugin of a project.

    Attributes:
        name: Name of its entry points.
        module: Module with its hooks.
        manifest: Where the wheel has its manifest, such as ``note_agents/agents.json``.
    """

    name: str
    module: str
    manifest: str


def plugins_of(project: Path) -> tuple[PluginSource, ...]:
    """Return the plugins of *project* that have a module and a manifest, sorted by name.

    Args:
        project: Folder with a ``pyproject.toml``.

    Raises:
        ConfigError: If that file cannot be read, or declares no such plugin.
    """
    file = project / "pyproject.toml"
    entries = _table(_table(read_project(project), "project"), "entry-points")
    modules, manifests = _table(entries, _MODULES), _table(entries, _MANIFESTS)
    found: list[PluginSource] = []
    for name in sorted(modules.keys() & manifests.keys()):
        package, _, path = str(manifests[name]).partition(":")
        if not path or ".." in path.split("/"):
            raise ConfigError(str(file), [Fault(f"{_MANIFESTS}.{name}", "must be package:file")])
        manifest = f"{package.replace('.', '/')}/{path}"
        found.append(PluginSource(name, str(modules[name]), manifest))
    if not found:
        advice = f"needs a plugin with an entry point in {_MODULES} and one in {_MANIFESTS}"
        raise ConfigError(str(file), [Fault("project.entry-points", advice)])
    return tuple(found)


def read_project(project: Path) -> JsonObject:
    """Return what the ``pyproject.toml`` of the folder *project* says.

    Raises:
        ConfigError: If there is none, or it is not TOML.
    """
    file = project / "pyproject.toml"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(file), [Fault("", str(error.strerror))]) from error
    except ValueError as error:
        raise ConfigError(str(file), [Fault("", str(error))]) from error


def source_folder(project: Path, module: str) -> Path | None:
    """Return the folder of *project* that *module* can be imported from: ``src``, or itself.

    None when it holds no such module; then the installed one is meant.
    """
    top = module.partition(".")[0]
    for folder in (project / "src", project):
        if (folder / top).is_dir() or (folder / f"{top}.py").is_file():
            return folder
    return None


def _table(parent: JsonObject, name: str) -> JsonObject:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}
