"""Which files a distribution owns, by its own RECORD.

An entry point is text that anybody can write: ``os:system`` reads like a plugin. So a target
is imported only when the file it lies in belongs to the very distribution that names it.
"""
# ruff: noqa: PTH112, PTH120

from __future__ import annotations

import json
import os
import re
import sys
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

from registry_core.discovery.files import UnreadableError, file_below, read_bounded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from registry_core.discovery.places import Mark

__all__ = ["OwnedFiles", "RecordedFile", "read_record"]

_MAX_RECORD_BYTES = 16 << 20
_PLAIN_URL = re.compile(r"file://(/[A-Za-z0-9/._+-]*)").fullmatch


class RecordedFile(NamedTuple):
    """One line of a RECORD.

    Attributes:
        path: Relative to the folder that holds the metadata folder.
        digest: Such as ``sha256=…``; empty where none is recorded.
    """

    path: str
    digest: str


def read_record(metadata: Path | str) -> tuple[RecordedFile, ...]:
    """Return the files that the RECORD in *metadata* lists; none when it cannot be read."""
    try:
        text = read_bounded(f"{metadata}/RECORD", limit=_MAX_RECORD_BYTES).decode()
        return tuple(RecordedFile(path, digest) for path, digest in _rows(text))
    except (FileNotFoundError, UnreadableError, ValueError):
        return ()


def _rows(text: str) -> Iterator[tuple[str, str]]:
    lines = text.splitlines()
    if '"' in text:
        from csv import Error, reader

        try:
            for row in reader(lines):
                if row:
                    yield row[0], row[1] if len(row) > 1 else ""
        except Error as error:
            message = "is no table"
            raise ValueError(message) from error
    else:
        for line in lines:
            path, _, rest = line.partition(",")
            if path:
                yield path, rest.partition(",")[0]


class OwnedFiles:
    """The files of one distribution, by its RECORD as it was when this was made.

    Attributes:
        editable_project: The project folder of an editable install; empty for a real one.
    """

    def __init__(
        self, metadata: Path | str, *, root: str = "", marks: list[Mark] | None = None
    ) -> None:
        """Take the metadata folder of the distribution.

        Args:
            metadata: The folder.
            root: The folder that it lies in, links followed, where that is known.
            marks: Gets the mark of the RECORD.
        """
        self._metadata = str(metadata)
        self._root = root or os.path.realpath(os.path.dirname(self._metadata))
        self._folders: set[str] = set()
        # No cached properties: all are asked for, and on Python 3.11 those take a lock.
        self._record = self._read_record(marks)
        self.editable_project = self._read_project()

    def find(self, relative: str) -> Path | None:
        """Return the file at *relative*, such as ``web_agents/agents.json``, if it is owned."""
        from pathlib import Path

        place = self.place(relative)
        return Path(place) if place else None

    def module_file(self, module: str) -> Path | None:
        """Return the file of a dotted *module*, if it is owned.

        A name of the standard library is never owned: importing it would bring in Python's own
        module, whatever file of that name a distribution ships.
        """
        from pathlib import Path

        place = self.module_place(module)
        return Path(place) if place else None

    def place(self, relative: str) -> str | None:
        """Return what :meth:`find` returns, as text."""
        if self._lists(relative) and (place := file_below(self._root, relative, self._folders)):
            return place
        if self.editable_project:
            for root in self._editable_roots:
                if place := file_below(root, relative, self._folders):
                    return place
        return None

    def module_place(self, module: str) -> str | None:
        """Return what :meth:`module_file` returns, as text."""
        if module.partition(".")[0] in sys.stdlib_module_names:
            return None
        stem = module.replace(".", "/")
        for relative in (f"{stem}/__init__.py", f"{stem}.py"):
            if found := self.place(relative):
                return found
        compiled = (
            f for f in self.recorded if f.startswith(f"{stem}.") and f.endswith((".so", ".pyd"))
        )
        return next((found for name in sorted(compiled) if (found := self.place(name))), None)

    @cached_property
    def recorded(self) -> frozenset[str]:
        """The paths that RECORD lists."""
        try:
            return frozenset([path for path, _ in _rows(self._record)])
        except ValueError:
            return frozenset()

    def _lists(self, relative: str) -> bool:
        """Return whether *relative* is recorded; few ask for more than three of many files."""
        record = self._record
        if '"' in record:
            return relative in self.recorded
        return f"\n{relative}," in record or (relative in record and relative in self.recorded)

    def _read_record(self, marks: list[Mark] | None) -> str:
        """Return the text of RECORD behind an empty line; empty where it cannot be read."""
        file = f"{self._metadata}/RECORD"
        try:
            data = read_bounded(file, limit=_MAX_RECORD_BYTES, marks=marks)
            return f"\n{data.decode()}"
        except (FileNotFoundError, UnreadableError, UnicodeDecodeError):
            return ""

    def _read_project(self) -> str:
        if "," in self._record and "/direct_url.json" not in self._record:
            return ""  # who lists files lists all of them
        try:
            direct: object = json.loads(read_bounded(f"{self._metadata}/direct_url.json"))
        except (FileNotFoundError, UnreadableError, ValueError, RecursionError):
            return ""
        folder = _editable_folder(direct)
        return folder if folder and os.path.isdir(folder) else ""

    @cached_property
    def _editable_roots(self) -> tuple[str, ...]:
        project = self.editable_project
        # A path file lists the folders it adds; import hooks of other back ends list nothing,
        # and their projects keep their code at the top or in src.
        folders = [f"{project}/src", project]
        for name in sorted(self.recorded):
            if name.endswith(".pth") and "/" not in name:
                folders[:0] = self._path_file(name)
        real = dict.fromkeys(os.path.realpath(folder) for folder in folders)
        return tuple(f for f in real if f"{f}/".startswith(f"{project}/") and os.path.isdir(f))

    def _path_file(self, name: str) -> list[str]:
        try:
            lines = read_bounded(f"{self._root}/{name}").decode().splitlines()
        except (FileNotFoundError, UnreadableError, UnicodeDecodeError):
            return []
        return [line.strip() for line in lines if line.startswith("/") and "\0" not in line]


def _editable_folder(direct: object) -> str:
    facts = cast("dict[object, object]", direct) if isinstance(direct, dict) else {}
    info, url = facts.get("dir_info"), facts.get("url")
    if not isinstance(info, dict) or cast("dict[object, object]", info).get("editable") is not True:
        return ""
    try:
        place = _place_of(str(url))
        folder = os.path.realpath(place) if place is not None else ""
    except ValueError:
        return ""
    return folder if folder != "/" else ""  # the root of the file system is nobody's project


def _place_of(url: str) -> str | None:
    """Return the path in *url* when that is one of a file.

    Raises:
        ValueError: If it is no URL.
    """
    if plain := _PLAIN_URL(url):
        return plain[1]
    from urllib.parse import unquote, urlsplit  # rare, and slow to import

    parts = urlsplit(url)
    return unquote(parts.path) if parts.scheme == "file" else None
