"""Whether the log beside the database is its own.

A database that was closed in good order has no log, and one that was not has one. A file says
which it was; so a log that somebody deleted is noticed, and one of another database, beside a
backup that was put back, is not played into this one.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from registry_core.errors import StoreError
from registry_core.store.place import is_kept_file, make_file, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Mark"]

_CLOSED = b"closed"
_MOVING = b"moving"  # it is being opened or closed, and there may be a log or not
_OPEN = b"open"  # from here on there must be one

if sys.platform == "win32":

    def _alone(descriptor: int) -> bool:
        return descriptor < 0  # without shared locks nobody can tell, and nothing is checked

    def _together(descriptor: int) -> None:
        del descriptor

else:
    import fcntl

    def _alone(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _together(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_SH)


class Mark:
    """What is known of the log, for as long as one store is open.

    Attributes:
        is_log_gone: Whether the log of what was kept last was missing when this was opened.
    """

    __slots__ = ("_descriptor", "_folder", "_log", "is_log_gone")

    def __init__(self, database: Path) -> None:
        """Look before *database* is opened.

        Raises:
            StoreError: If the log is of another database; it is left as it is.
        """
        self._folder = database.parent
        self._log = database.with_name(f"{database.name}-wal")
        file = database.with_name(f"{database.name}-mark")
        make_file(file)
        self._descriptor = os.open(file, os.O_RDWR)
        self.is_log_gone = False
        if _alone(self._descriptor):
            known = self._read()
            self.is_log_gone = known == _OPEN and not self._log.exists()
            if known == _CLOSED and is_kept_file(self._log) and self._log.stat().st_size:
                os.close(self._descriptor)
                raise StoreError(str(self._log), "is the log of another database: move it away")
        _together(self._descriptor)

    def before_writing(self) -> None:
        """Say that there may be a log from now on, before there is one."""
        if self._read() != _OPEN:
            self._write(_MOVING)

    def while_writing(self) -> None:
        """Say that there is one."""
        if self._log.exists() and self._read() != _OPEN:
            self._write(_OPEN)

    def before_closing(self) -> None:
        """Say that there may soon be none, before the last who has the database open removes it."""
        if self._read() == _OPEN:
            self._write(_MOVING)

    def close(self) -> None:
        """Say whether there is one, once this store has closed the database."""
        if self._log.exists():
            self.while_writing()
        elif _alone(self._descriptor) and self._read() != _CLOSED:
            sync_folder(self._folder)
            self._write(_CLOSED)
        os.close(self._descriptor)

    def _read(self) -> bytes:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return os.read(self._descriptor, 16).strip()

    def _write(self, word: bytes) -> None:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, word.ljust(16))
        os.fsync(self._descriptor)
