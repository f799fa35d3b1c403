"""Which files a distribution owns, by its own RECORD.

An entry point is text that anybody can write: ``os:system`` reads like a plugin. So a target
is imported only when the file it lies in belongs to the very distribution that names it.
"""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from registry_core.discovery.files import UnreadableError, file_below, read_bounded

__all__ = ["OwnedFiles", "RecordedFile", "read_record"]

_MAX_RECORD_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """One line of a RECORD.

    Attributes:
        path: Relative to the folder that holds the metadata folder.
        digest: Such as ``sha256=…``; empty where none is recorded.
    """

    path: str
    digest: str


def read_record(metadata: Path) -> tuple[RecordedFile, ...]:
    """Return the files that the RECORD in *metadata* lists; none when it cannot be read."""
    try:
        text = read_bounded(metadata / "RECORD", limit=_MAX_RECORD_BYTES).decode()
        rows = [row for row in csv.reader(text.splitlines()) if row]
    except (FileNotFoundError, UnreadableError, UnicodeDecodeError, csv.Error):
        return ()
    return tuple(RecordedFile(row[0], row[1] if len(row) > 1 else "") for row in rows)


class OwnedFiles:
    """The files of one distribution, read when first asked for."""

    def __init__(self, metadata: Path) -> None:
        """Take the metadata folder of the distribution."""
        self._metadata = metadata
        self._root = metadata.parent

    def find(self, relative: str) -> Path | None:
        """Return the file at *relative*, such as ``web_agents/agents.json``, if it is owned."""
        if relative in self.recorded:
            found = file_below(self._root, relative)
            if found is not None:
                return found
        for folder in self._editable_roots:
            found = file_below(folder, relative)
            if found is not None:
                return found
        return None

    def module_file(self, module: str) -> Path | None:
        """Return the file of a dotted *module*, if it is owned.

        A name of the standard library is never owned: importing it would bring in Python's own
        module, whatever file of that name a distribution ships.
        """
        if module.partition(".")[0] in sys.stdlib_module_names:
            return None
        stem = module.replace(".", "/")
        for relative in (f"{stem}.py", f"{stem}/__init__.py"):
            if found := self.find(relative):
                return found
        compiled = (
            f for f in self.recorded if f.startswith(f"{stem}.") and f.endswith((".so", ".pyd"))
        )
        return next((found for name in sorted(compiled) if (found := self.find(name))), None)

    @cached_property
    def recorded(self) -> frozenset[str]:
        """The paths that RECORD lists."""
        return frozenset(file.path for file in read_record(self._metadata))

    @cached_property
    def editable_project(self) -> Path | None:
        """The project folder of an editable install, or None for a real one."""
        try:
            direct: object = json.loads(read_bounded(self._metadata / "direct_url.json"))
        except (FileNotFoundError, UnreadableError, ValueError, RecursionError):
            return None
        folder = _editable_folder(direct)
        try:
            return folder.resolve() if folder is not None and folder.is_dir() else None
        except (OSError, RuntimeError, ValueError):
            return None

    @cached_property
    def _editable_roots(self) -> tuple[Path, ...]:
        project = self.editable_project
        if project is None:
            return ()
        # A path file lists the folders it adds; import hooks of other back ends list nothing,
        # and their projects keep their code at the top or in src.
        folders = [project / "src", project]
        for name in sorted(self.recorded):
            if name.endswith(".pth") and "/" not in name:
                folders[:0] = self._path_file(name)
        inside = (folder.resolve() for folder in folders if folder.is_dir())
        return tuple(dict.fromkeys(f for f in inside if f.is_relative_to(project)))

    def _path_file(self, name: str) -> list[Path]:
        try:
            lines = read_bounded(self._root / name).decode().splitlines()
        except (FileNotFoundError, UnreadableError, UnicodeDecodeError):
            return []
        return [
            Path(line.strip())
            for line in lines
            if line.strip() and "\0" not in line and not line.startswith(("import ", "import\t"))
        ]


def _editable_folder(direct: object) -> Path | None:
    facts = cast("dict[object, object]", direct) if isinstance(direct, dict) else {}
    info, url = facts.get("dir_info"), facts.get("url")
    if not isinstance(info, dict) or cast("dict[object, object]", info).get("editable") is not True:
        return None
    try:
        parts = urlsplit(str(url))
    except ValueError:
        return None
    # The root of the file system is nobody's project.
    folder = Path(unquote(parts.path))
    return folder if parts.scheme == "file" and len(folder.parts) > 1 else None
