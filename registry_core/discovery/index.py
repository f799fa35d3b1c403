"""What is installed, from a cache: in about the time that Python takes to start.

    16 bytes   what this is, and a checksum of the rest
    head       what the index depends on, and each agent as the list shows it
    tail       records, conflicts, and what was read of each distribution

The head answers which agents there are and what a name leads to; the tail is decoded when
somebody asks for more. Neither holds a decision about which code to run: loading asks the
files again. Everything this module imports at its top costs next to nothing.
"""
# pathlib costs as much as starting Python does.
# ruff: noqa: PTH103, PTH105, PTH108, PTH116, PTH123

from __future__ import annotations

import os
import sys
import time
import zlib

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
    from registry_core.discovery.rows import AgentRow
    from registry_core.settings.values import Settings

    Head: TypeAlias = tuple[object, int, tuple[Mark, ...], tuple[AgentRow, ...]]

__all__ = ["Index", "open_index"]

_FORMAT = b"agentreg-1\n\n"
_CHECK_BYTES = 4
_START = len(_FORMAT) + _CHECK_BYTES
_SIZE_BYTES = 8
_MAX_BYTES = 1 << 28
_MAX_FILES = 16


class Index:
    """One discovery, ready to be asked.

    Attributes:
        agents: Every agent as the list shows it, sorted by id.
    """

    __slots__ = ("_read_report", "_report", "agents")

    def __init__(
        self, agents: tuple[AgentRow, ...], read_report: Callable[[], DiscoveryReport]
    ) -> None:
        """Keep the *agents*, and how to get at the rest."""
        self.agents = agents
        self._read_report = read_report
        self._report: DiscoveryReport | None = None

    @property
    def report(self) -> DiscoveryReport:
        """Everything that was found, manifests included."""
        if self._report is None:
            self._report = self._read_report()
        return self._report

    def owners(self, name: str) -> tuple[str, ...]:
        """Return the ids that *name* leads to: an id, ``distribution/agent`` or a short name."""
        found: list[str] = []
        for agent, *_, contested in self.agents:
            if agent == name:
                return (agent,)
            stem = agent.partition("@")[0]
            if stem == name or (not contested and stem.partition("/")[2] == name):
                found.append(agent)
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
    folders = search_folders(path)
    identity = _identity(settings, folders)
    file = f"{cache}/{zlib.crc32(pack(identity)):08x}.index" if cache else ""
    stored = _load(file, identity) if file else None
    if stored is not None and not rescan and _holds(stored[0]):
        head, tail = stored

        def again() -> DiscoveryReport:
            return open_index(settings, path=path, cache=cache, rescan=True).report

        def read() -> DiscoveryReport:
            from registry_core.discovery.memory import recalled_report

            return recalled_report(tail, otherwise=again)

        return Index(head[3], read)
    from registry_core.discovery.memory import compiled

    known = settings.read() if isinstance(settings, SettingsSource) else settings
    marks = marks_of(folders)  # before the search: what changes meanwhile must be seen next time
    new = compiled(
        known,
        path=path,
        tail=stored[1] if stored is not None and not rescan else b"",
        remembered_ns=stored[0][1] if stored is not None else 0,
    )
    if file:
        head = (identity, new.began_ns if new.lasting else 0, (*marks, *new.watched), new.agents)
        _store(file, head, new.tail)
    return Index(new.agents, lambda: new.report)


def _identity(settings: Settings | SettingsSource, folders: tuple[str, ...]) -> tuple[object, ...]:
    """Return what an index was made for, as values that can be stored."""
    written = settings.fingerprint if isinstance(settings, SettingsSource) else (repr(settings),)
    finders = tuple(type(finder).__qualname__ for finder in foreign_finders())
    return (sys.version, sys.prefix, mark_of(__file__), folders, finders, written)


def _holds(head: Head) -> bool:
    _, began_ns, marks, _ = head
    newest = max((time_ns for _, time_ns, _ in marks), default=0)
    return newest < began_ns - FRESH_NS and marks == marks_of(path for path, _, _ in marks)


def _load(file: str, identity: tuple[object, ...]) -> tuple[Head, bytes] | None:
    """Return the head and the tail in *file*, or None when it cannot be trusted."""
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with open(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if status.st_size > _MAX_BYTES or not _is_ours(status):
                return None
            data = stream.read()
    except OSError:
        return None
    content = memoryview(data)[_START:]
    check = zlib.crc32(content).to_bytes(_CHECK_BYTES, "big")
    if data[:_START] != _FORMAT + check or len(content) < _SIZE_BYTES:
        return None
    size = _SIZE_BYTES + int.from_bytes(content[:_SIZE_BYTES], "big")
    try:
        head: Head = unpack(content[_SIZE_BYTES:size])  # type: ignore[assignment]
    except CorruptError:
        return None
    return (head, bytes(content[size:])) if head[0] == identity else None


def _store(file: str, head: Head, tail: bytes) -> None:
    written = pack(head)
    content = len(written).to_bytes(_SIZE_BYTES, "big") + written + tail
    part = f"{file}.{os.getpid()}.{time.monotonic_ns()}.part"
    folder = os.path.dirname(file)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not _is_ours(os.stat(folder)):
            return
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as stream:
            stream.write(_FORMAT + zlib.crc32(content).to_bytes(_CHECK_BYTES, "big") + content)
        os.replace(part, file)
        _prune(folder)
    except OSError:
        _discard(part)


def _is_ours(status: os.stat_result) -> bool:
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
