"""What is installed, from a cache: in about the time that Python takes to start.

    preamble   what this is, and checksum and size of the head
    head       what the index depends on, the ids of all agents, what the list shows of each
    tail       records, conflicts, and what was read of each distribution; then the manifests

The head answers which agents there are and what a name leads to; the tail is decoded when
somebody asks for more. Neither holds a decision about which code to run: loading asks the
files again. Everything this module imports at its top costs next to nothing.
"""
# pathlib costs as much as starting Python does.
# ruff: noqa: PTH103, PTH105, PTH108, PTH116, PTH120, PTH123, PTH208

from __future__ import annotations

import os
import sys
import time
import zlib

from registry_core.discovery.allocating import Allocating
from registry_core.discovery.packing import CorruptError, pack, unpack
from registry_core.discovery.places import (
    FRESH_NS,
    foreign_finders,
    mark_of,
    marks_of,
    search_folders,
)
from registry_core.settings.sources import SettingsSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from registry_core.discovery.places import Mark
    from registry_core.discovery.report import DiscoveryReport
    from registry_core.discovery.rows import AgentRow, PluginRow
    from registry_core.settings.choosing import Choosing
    from registry_core.settings.values import Settings

    Head: TypeAlias = tuple[object, int, tuple[Mark, ...], str, bytes, bytes, int]

__all__ = ["Index", "is_ours", "open_index", "write_whole"]

_FORMAT = b"agentreg-2\n\n"
_CHECK_BYTES = 4
_SIZE_BYTES = 8
_START = len(_FORMAT) + _CHECK_BYTES + _SIZE_BYTES
_MAX_BYTES = 1 << 28
_MAX_FILES = 16
_BUFFER_BYTES = 1 << 18


class Index:
    """One discovery, ready to be asked.

    Attributes:
        ids: The ids of all agents, sorted.
    """

    __slots__ = ("_packed_plugins", "_packed_rows", "_read_report", "_report", "_text", "ids")

    def __init__(
        self,
        text: str,
        packed_rows: bytes,
        packed_plugins: bytes,
        read_report: Callable[[], DiscoveryReport],
    ) -> None:
        """Keep the ids, one a line with ``!`` before a contested one, and how to get at the rest.

        Args:
            text: The ids. A search in one text beats a walk over thousands.
            packed_rows: What a list shows of each.
            packed_plugins: What a list shows of each plugin.
            read_report: Gives everything.
        """
        self._text = f"\n{text}\n"
        self._packed_rows = packed_rows
        self._packed_plugins = packed_plugins
        self._read_report = read_report
        self._report: DiscoveryReport | None = None
        self.ids = tuple(text.replace("!", "").split()) if "!" in text else tuple(text.split())

    @property
    def rows(self) -> tuple[AgentRow, ...]:
        """Every agent as the list shows it, sorted by id."""
        rows: tuple[AgentRow, ...] = unpack(self._packed_rows)  # type: ignore[assignment]
        return rows

    @property
    def plugin_rows(self) -> tuple[PluginRow, ...]:
        """Every plugin as the list shows it, in the order of the report."""
        from registry_core.discovery.rows import PluginRow

        packed: tuple[tuple[object, ...], ...] = unpack(self._packed_plugins)  # type: ignore[assignment]
        return tuple(map(PluginRow._make, packed))

    @property
    def report(self) -> DiscoveryReport:
        """Everything that was found, manifests included."""
        if self._report is None:
            self._report = self._read_report()
        return self._report

    def owners(self, name: str) -> tuple[str, ...]:
        """Return the ids that *name* leads to: an id, ``distribution/agent`` or a short name."""
        if f"\n{name}\n" in self._text or f"\n!{name}\n" in self._text:
            return (name,)
        found: list[str] = []
        begin = self._text.find(f"{name}@")
        while begin >= 0:
            start = self._text.rindex("\n", 0, begin) + 1
            line = self._text[start : self._text.index("\n", begin)]
            plain = line.removeprefix("!")
            stem = plain.partition("@")[0]
            if stem == name or (plain is line and stem.partition("/")[2] == name):
                found.append(plain)
            begin = self._text.find(f"{name}@", begin + 1)
        return tuple(found)


def open_index(
    settings: Settings | SettingsSource,
    *,
    path: Iterable[str] | None = None,
    cache: str = "",
    rescan: bool = False,
) -> Index:
    """Return the index of what is installed; made anew when anything it depends on changed.

    A cache that is corrupt, foreign, unwritable or not ours is no cache, and never an error.

    Args:
        settings: Whom to block and which pins decide conflicts, or where that is written.
        path: Folders to search; the interpreter's own unless given.
        cache: Folder to keep the index in; none is kept when empty.
        rescan: Whether to read every file again, whatever the cache says.

    Raises:
        ConfigError: If the settings, or the lock that they name, cannot be used.
    """
    index = _opened(settings, path=path, cache=cache, rescan=rescan)
    if not _has_crumbs(cache):
        return index
    from registry_core.discovery.breadcrumbs import fatal_imports

    folders = search_folders(path)
    cuts = [cut for cut in fatal_imports(cache) if os.path.dirname(cut.location) in folders]
    if not cuts:
        return index
    from registry_core.discovery.memory import listed
    from registry_core.discovery.quarantine import quarantine

    report = quarantine(index.report, cuts)
    return Index(*listed(report), lambda: report)


def _has_crumbs(cache: str) -> bool:
    try:
        return bool(cache and os.listdir(f"{cache}/importing"))
    except OSError:
        return False


def _opened(
    settings: Settings | SettingsSource, *, path: Iterable[str] | None, cache: str, rescan: bool
) -> Index:
    folders = search_folders(path)
    identity = _identity(settings, folders)
    file = f"{cache}/{zlib.crc32(pack(identity)):08x}.index" if cache else ""
    stored = None if rescan or not file else _Stored.open(file, identity)

    def report_in(tail: bytes) -> DiscoveryReport:
        from registry_core.discovery.memory import recalled_report

        return recalled_report(tail, otherwise=again)

    def again() -> DiscoveryReport:
        return _opened(settings, path=path, cache=cache, rescan=True).report

    if stored is not None and _holds(stored.head):
        return Index(*stored.head[3:6], lambda: report_in(stored.tail()))
    with Allocating():
        from registry_core.discovery.memory import compiled

        known = _read(settings) if isinstance(settings, SettingsSource) else settings
        marks = marks_of(
            folders
        )  # before the search: what changes meanwhile must be seen next time
        new = compiled(
            known,
            path=path,
            tail=stored.tail() if stored is not None else b"",
            remembered_ns=stored.head[1] if stored is not None else 0,
        )
        if file:
            began_ns = new.began_ns if new.lasting else 0
            check = 0
            for piece in new.tail:
                check = zlib.crc32(piece, check)
            head = (
                identity,
                began_ns,
                (*marks, *new.watched),
                new.ids,
                new.rows,
                new.plugins,
                check,
            )
            _store(file, head, new.tail)
    return Index(new.ids, new.rows, new.plugins, lambda: report_in(b"".join(new.tail)))


def _read(source: SettingsSource) -> Choosing:
    if not source.files and not source.said:
        from registry_core.settings.choosing import Defaults

        return Defaults()  # reading nothing would start pydantic to check it
    from registry_core.settings.reading import read_settings

    return read_settings(source)


def _identity(settings: Settings | SettingsSource, folders: tuple[str, ...]) -> tuple[object, ...]:
    """Return what an index was made for, as values that can be stored."""
    written = settings.fingerprint if isinstance(settings, SettingsSource) else (repr(settings),)
    finders = tuple(type(finder).__qualname__ for finder in foreign_finders())
    return (sys.version, sys.prefix, mark_of(__file__), folders, finders, written)


def _holds(head: Head) -> bool:
    began_ns, marks = head[1:3]
    newest = max((time_ns for _, time_ns, _ in marks), default=0)
    return newest < began_ns - FRESH_NS and marks == marks_of(path for path, _, _ in marks)


class _Stored:
    """An index that was read, held open: its tail stays what it was when others write anew.

    Attributes:
        head: Its head.
    """

    __slots__ = ("_descriptor", "_offset", "head")

    def __init__(self, head: Head, offset: int, descriptor: int) -> None:
        self.head = head
        self._descriptor = descriptor
        self._offset = offset

    def __del__(self) -> None:
        os.close(self._descriptor)

    @classmethod
    def open(cls, file: str, identity: tuple[object, ...]) -> _Stored | None:
        """Return the index in *file*, or None when there is none for *identity* to be trusted."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            descriptor = os.open(file, flags | getattr(os, "O_CLOEXEC", 0))
        except OSError:
            return None
        try:
            found = _read_head(descriptor)
        except OSError:
            found = None
        if found is None or found[0][0] != identity:
            os.close(descriptor)
            return None
        return cls(*found, descriptor)

    def tail(self) -> bytes:
        """Return the tail; empty when it is not the one that belongs to the head."""
        try:
            size = os.fstat(self._descriptor).st_size - self._offset
            os.lseek(self._descriptor, self._offset, os.SEEK_SET)
            tail = os.read(self._descriptor, min(max(size, 0), _MAX_BYTES))
        except OSError:
            return b""
        return tail if zlib.crc32(tail) == self.head[-1] else b""


def _read_head(descriptor: int) -> tuple[Head, int] | None:
    """Return the head of an index with where it ends, or None when it cannot be trusted."""
    if not is_ours(os.fstat(descriptor)):
        return None
    preamble = os.read(descriptor, _START)
    size = int.from_bytes(preamble[-_SIZE_BYTES:], "big")
    packed = os.read(descriptor, size) if size <= _MAX_BYTES else b""
    if preamble != _preamble(packed):
        return None
    try:
        head: Head = unpack(packed)  # type: ignore[assignment]
    except CorruptError:
        return None
    return head, _START + size


def _preamble(packed: bytes) -> bytes:
    check = zlib.crc32(packed).to_bytes(_CHECK_BYTES, "big")
    return _FORMAT + check + len(packed).to_bytes(_SIZE_BYTES, "big")


def _store(file: str, head: Head, tail: Iterable[bytes]) -> None:
    packed = pack(head)
    write_whole(file, _preamble(packed), packed, *tail)


def write_whole(file: str, *parts: bytes) -> None:
    """Write a *file* of the cache whole or not at all; its folder must be ours alone.

    Its parts are not joined: with megabytes that takes longer than to write them.
    """
    part = f"{file}.{os.getpid()}.{time.monotonic_ns()}.part"
    folder = file.rpartition("/")[0]
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not is_ours(os.stat(folder)):
            return
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb", buffering=_BUFFER_BYTES) as stream:
            stream.writelines(parts)
        os.replace(part, file)
        _prune(folder)
    except OSError:
        _discard(part)


def is_ours(status: os.stat_result) -> bool:
    """Return whether only we may write what has this *status*."""
    # A cache that others may write would let them choose what we believe to be installed.
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _prune(folder: str) -> None:
    """Remove what was not written lately: indexes of other interpreters, settings and paths."""
    with os.scandir(folder) as entries:
        files = [(entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.is_file()]
    for _, path in sorted(files)[:-_MAX_FILES]:
        _discard(path)


def _discard(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
