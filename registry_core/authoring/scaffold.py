"""A new plugin project: its files, as text.

    name-agents/
      pyproject.toml  README.md  .gitignore
      src/name_agents/  __init__.py  agents.py  plugin.py  py.typed
      tests/test_agents.py

The manifest is not among them: it is read from the code, like that of any other plugin.
"""

from __future__ import annotations

import keyword
import sys
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from registry_core.errors import InvalidNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registry_core.names import PluginName

__all__ = ["new_plugin", "package_of"]

_TEMPLATES = Path(__file__).with_name("templates") / "plugin"
_SUFFIX = ".template"
_COMMITTED = """It is generated: after a change build it again with `agentreg manifest build`.
Commit it; `pytest` fails as long as it differs from the code."""
_BUILT = """The build writes it into the wheel, from the code; it is not committed."""
_HOOK = "[tool.hatch.build.hooks.registry-core]\nrequire-runtime-dependencies = true\n\n"


def package_of(name: PluginName) -> str:
    """Return the name of the package of the plugin *name*.

    Raises:
        InvalidNameError: If no package can have it, or Python or the host does.

    >>> from registry_core.names import PluginName
    >>> package_of(PluginName.parse("Note-Agents"))
    'note_agents'
    """
    package = name.replace("-", "_")
    taken = {*sys.stdlib_module_names, "registry_core", "tests"}
    if package in taken or not package.isidentifier() or keyword.iskeyword(package):
        expected = "one whose package can be imported and is not Python's own, such as note-agents"
        raise InvalidNameError("plugin name", name, expected)
    return package


def new_plugin(name: PluginName, *, build_hook: bool = False) -> Mapping[str, str]:
    """Return the text of each file of a new plugin, by its path in the project.

    Args:
        name: Name of the distribution and of the plugin.
        build_hook: Whether the build makes the manifest; else it is committed.

    Raises:
        InvalidNameError: As :func:`package_of`.

    >>> from registry_core.names import PluginName
    >>> [path for path in new_plugin(PluginName.parse("note-agents")) if "plugin" in path]
    ['src/note_agents/plugin.py']
    """
    package = package_of(name)
    words = {
        "name": name,
        "package": package,
        "requires": '"hatchling", "registry-core>=0.1,<1"' if build_hook else '"hatchling"',
        "hook": _HOOK if build_hook else "",
        "manifest": _BUILT if build_hook else _COMMITTED,
        "ignored": "agents.json\n" if build_hook else "",
    }
    files: dict[str, str] = {}
    for file in sorted(_TEMPLATES.rglob(f"*{_SUFFIX}")):
        path = file.relative_to(_TEMPLATES).as_posix().removesuffix(_SUFFIX)
        place = path.replace("src/package/", f"src/{package}/").replace("gitignore", ".gitignore")
        files[place] = Template(file.read_text(encoding="utf-8")).substitute(words)
    return files
