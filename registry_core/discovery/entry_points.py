"""Read one ``entry_points.txt``, strictly: a file that is odd is refused whole.

Source:
    PyPA, "Entry points specification", packaging.python.org.
"""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

from registry_core.errors import InvalidNameError
from registry_core.names import PluginName

__all__ = [
    "MANIFESTS",
    "PLUGINS",
    "EntryPointError",
    "PluginEntry",
    "mentions_us",
    "parse_entry_points",
]

MANIFESTS = "registry_core.manifests"
PLUGINS = "registry_core.plugins"
_MAX_ENTRIES = 1000
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_DATA_FILE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z0-9_./-]+\.json)", re.ASCII)


class EntryPointError(Exception):
    """Why the file is refused. Stays inside discovery.

    Attributes:
        is_hostile: Whether it pretends to be what it is not, or reaches for what is not its own.
    """

    def __init__(self, message: str, *, is_hostile: bool = False) -> None:
        """Keep the reason."""
        self.is_hostile = is_hostile
        super().__init__(message)


class PluginEntry(NamedTuple):
    """The entry points of one plugin.

    Attributes:
        name: Name of the plugin.
        module: Module with its hooks, or empty.
        manifest: Manifest as ``package/…/file.json``, or empty.
    """

    name: str
    module: str = ""
    manifest: str = ""


def mentions_us(data: bytes) -> bool:
    """Return whether a file may hold entry points of our groups, readable or not."""
    return MANIFESTS.encode() in data or PLUGINS.encode() in data


def parse_entry_points(data: bytes) -> tuple[PluginEntry, ...]:
    r"""Return the plugins that an ``entry_points.txt`` declares, sorted by name.

    Raises:
        EntryPointError: If the file is not UTF-8, holds a line that is no entry, a section or
            an entry twice, a name or a value outside the grammar, or too many entries.

    >>> parse_entry_points(b"[registry_core.plugins]\nweb-agents = web_agents.plugin\n")
    (PluginEntry(name='web-agents', module='web_agents.plugin', manifest=''),)
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte {error.start} is not UTF-8"
        raise EntryPointError(message) from None
    found: dict[tuple[str, str], str] = {}
    sections: set[str] = set()
    section = ""
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.strip()
        if not content or content[0] in "#;":
            continue
        if line[0] == "[" and content[-1] == "]":
            section = content[1:-1].strip()
            if section in sections and section in {MANIFESTS, PLUGINS}:
                raise EntryPointError(_at(number, f"section [{section}] stands twice"))
            sections.add(section)
        elif line[0].isspace() or "=" not in content or not section or "\0" in content:
            raise EntryPointError(_at(number, "is not of the form name = value"))
        elif section in {MANIFESTS, PLUGINS}:
            name, _, value = content.partition("=")
            entry = section, name.strip()
            if entry in found:
                raise EntryPointError(_at(number, f"{entry[1]!a} stands twice"))
            found[entry] = value.strip()
            if len(found) > _MAX_ENTRIES:
                raise EntryPointError(_at(number, f"more than {_MAX_ENTRIES} entries"))
    return tuple(_entry(name, found) for name in sorted({name for _, name in found}))


def _entry(name: str, found: dict[tuple[str, str], str]) -> PluginEntry:
    try:
        normal = PluginName.parse(name)
    except InvalidNameError as error:
        raise EntryPointError(str(error), is_hostile=not name.isascii()) from None
    if normal != name:
        message = f"{name!a} is not a plugin name in normal form: expected {normal!a}"
        raise EntryPointError(message)
    module = found.get((PLUGINS, name), "")
    manifest = found.get((MANIFESTS, name), "")
    if module and not _MODULE.fullmatch(module):
        message = f"{name} = {module!a} in [{PLUGINS}] must be a module, such as web_agents.plugin"
        raise EntryPointError(message, is_hostile=_reaches_out(module))
    path = ""
    if manifest:
        match = _DATA_FILE.fullmatch(manifest)
        if match is None or ".." in match[2].split("/"):
            message = f"{name} = {manifest!a} in [{MANIFESTS}] must read package:file.json"
            raise EntryPointError(message, is_hostile=_reaches_out(manifest))
        path = f"{match[1].replace('.', '/')}/{match[2]}"
    return PluginEntry(normal, module, path)


def _reaches_out(value: str) -> bool:
    package = value.partition(":")[0].partition(".")[0]
    return package in sys.stdlib_module_names or ".." in value


def _at(line: int, what: str) -> str:
    return f"line {line}: {what}"
