"""Which files a distribution owns, by its own RECORD.

An entry point is text that anybody can write: ``os:system`` reads like a plugin. So a target
is imported only when the file it lies in belongs to the very distribution that names it.
"""

from __future__ import annotations

import csv
import json
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from registry_core.discovery.files import UnreadableError, below, read_bounded

__all__ = ["OwnedFiles"]

_MAX_RECORD_BYTES = 16 << 20


class OwnedFiles:
    """The files of one distribution, read when first asked for."""

    def __init__(self, metadata: Path) -> None:
        """Take the metadata folder of the distribution."""
        self._metadata = metadata
        self._root = metadata.parent

    def find(self, relative: str) -> Path | None:
        """Return the file at *relative*, such as ``web_agents/agents.json``, if it is owned."""
        if relative in self._recorded:
            found = below(self._root, relative)
            if found is not None and found.is_file():
                return found
        for folder in self._editable_roots:
            found = below(folder, relative)
            if found is not None and found.is_file():
                return found
        return None

    def module_file(self, module: str) -> Path | None:
        """Return the file of a dotted *module*, if it is owned."""
        stem = module.replace(".", "/")
        for relative in (f"{stem}.py", f"{stem}/__init__.py"):
            if found := self.find(relative):
                return found
        compiled = (
            f for f in self._recorded if f.startswith(f"{stem}.") and f.endswith((".so", ".pyd"))
        )
        return next((found for name in sorted(compiled) if (found := self.find(name))), None)

    @cached_property
    def _recorded(self) -> frozenset[str]:
        try:
            text = read_bounded(self._metadata / "RECORD", limit=_MAX_RECORD_BYTES).decode()
            return frozenset(row[0] for row in csv.reader(text.splitlines()) if row)
        except (FileNotFoundError, UnreadableError, UnicodeDecodeError, csv.Error):
            return frozenset()

    @cached_property
    def _editable_roots(self) -> tuple[Path, ...]:
        project = self._editable_project
        if project is None:
            return ()
        # A path file lists the folders it adds; import hooks of other back ends list nothing,
        # and their projects keep their code at the top or in src.
        folders = [project / "src", project]
        for name in sorted(self._recorded):
            if name.endswith(".pth") and "/" not in name:
                folders[:0] = self._path_file(name)
        inside = (folder.resolve() for folder in folders if folder.is_dir())
        return tuple(dict.fromkeys(f for f in inside if f.is_relative_to(project)))

    def _path_file(self, name: str) -> list[Path]:
        try:
            lines = read_bounded(self._root / name).decode().splitlines()
        except (FileNotFoundError, UnreadableError, UnicodeDecodeError):
            return []
        return [Path(line.strip()) for line in lines if line.strip() and "import" not in line]

    @cached_property
    def _editable_project(self) -> Path | None:
        try:
            direct = json.loads(read_bounded(self._metadata / "direct_url.json"))
            if direct["dir_info"]["editable"] is not True:
                return None
            parts = urlsplit(str(direct["url"]))
        except (FileNotFoundError, UnreadableError, ValueError, KeyError, TypeError):
            return None
        folder = Path(unquote(parts.path))
        return folder.resolve() if parts.scheme == "file" and folder.is_dir() else None
