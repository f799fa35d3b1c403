"""Results on disk, each under the digest of its question.

Stands in sixteen drawers, each with a sixteenth of the room: putting something away only looks
into one of them, and no count has to be kept in memory or shared between processes.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ResultFolder"]

_DRAWERS = 16
_MARK = b"agentreg result 1\n"
_DEFAULT_MIB = 256
_NUMBER = re.compile(r"[0-9]{1,9}")
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class ResultFolder:
    """Where results are kept.

    Attributes:
        root: The folder; made when something is put into it.
        limit_bytes: Most that it may hold.
    """

    root: Path
    limit_bytes: int

    @classmethod
    def of_user(cls, environment: Mapping[str, str]) -> ResultFolder:
        """Return the folder that *environment* names, else the one in the user's cache.

        >>> ResultFolder.of_user({"XDG_CACHE_HOME": "/c"}).root.as_posix()
        '/c/agentreg/results'
        """
        mib = environment.get("AGENTREG_RESULT_CACHE_MIB", "")
        limit_mib = int(mib) if _NUMBER.fullmatch(mib) else _DEFAULT_MIB
        if named := environment.get("AGENTREG_RESULT_CACHE"):
            root = Path(named)
        else:
            shared = environment.get("XDG_CACHE_HOME", "")
            # The XDG specification has relative paths ignored.
            home = Path(shared) if Path(shared).is_absolute() else Path.home() / ".cache"
            root = home / "agentreg" / "results"
        return cls(root, limit_mib * 1024 * 1024)

    def read(self, key: str) -> bytes | None:
        """Return what is kept under *key*, or None; never raises for what the disk does."""
        path = self._path(key)
        try:
            if not _is_private(self.root):
                return None
            data = _checked(path.read_bytes())
            if data is not None:
                os.utime(path)
        except OSError:
            return None
        return data

    def write(self, key: str, data: bytes) -> bool:
        """Keep *data* under *key* and return whether it is; never raises for what the disk does."""
        entry = _MARK + sha256(data).digest() + data
        room = self.limit_bytes // _DRAWERS
        if len(entry) > room:
            return False
        path = self._path(key)
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_private(self.root):
                return False
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _make_room(path.parent, room - len(entry))
            _write_whole(path, entry)
        except OSError:
            return False
        return True

    def _path(self, key: str) -> Path:
        return self.root / key[0] / key[1:]


def _checked(entry: bytes) -> bytes | None:
    """Return the data of an entry that is whole, else None."""
    start = len(_MARK) + sha256().digest_size
    data = entry[start:]
    return data if entry[:start] == _MARK + sha256(data).digest() else None


def _is_private(folder: Path) -> bool:
    """Return whether nobody else can put answers into *folder*; on Windows its place decides."""
    if os.name != "posix":
        return True
    facts = folder.stat()
    return facts.st_uid == os.getuid() and not facts.st_mode & _OTHERS_MAY_WRITE


def _make_room(drawer: Path, room: int) -> None:
    """Remove what was not used for longest until at most *room* bytes are taken."""
    kept: list[tuple[float, int, str]] = []
    with os.scandir(drawer) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                facts = entry.stat(follow_symlinks=False)
                kept.append((facts.st_mtime, facts.st_size, entry.path))
    taken = sum(size for _, size, _ in kept)
    for _, size, path in sorted(kept):
        if taken <= room:
            break
        Path(path).unlink(missing_ok=True)
        taken -= size


def _write_whole(path: Path, entry: bytes) -> None:
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(entry)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
