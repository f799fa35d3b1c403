"""Who works on a run: a lock of the kernel on a file, gone with its process whatever ends that.

The number of a process in a table would outlive it, and be given to another one.
"""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from threading import Event
from typing import TYPE_CHECKING

from registry_core.errors import ResumeError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Lease", "is_leased", "take_lease"]

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_OWNER_BYTES = 20
# Who only looks holds the lock for some microseconds; an owner keeps it through all of these.
_PAUSES_SECONDS = (0.001, 0.01, 0.05)

if sys.platform == "win32":
    import msvcrt

    _AWAY = 1 << 30  # locked bytes cannot be read, and the first ones say whose the lock is

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, _AWAY, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class Lease:
    """The right to work on one run, until it is released or the process ends."""

    __slots__ = ("_descriptor", "_file")

    def __init__(self, descriptor: int, file: Path) -> None:
        """Keep the lock that *descriptor* has on *file*."""
        self._descriptor = descriptor
        self._file = file

    def release(self) -> None:
        """Let others work on the run; a second call does nothing."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        try:
            # Before the lock goes: who opened the file meanwhile sees that it is another one's.
            self._file.unlink(missing_ok=True)
        except OSError:
            pass  # a file that stays behind holds no lock; Windows keeps those that are open
        finally:
            os.close(descriptor)


def take_lease(folder: Path, run_id: str) -> Lease:
    """Return the right to work on a run.

    Args:
        folder: Where the locks are.
        run_id: The run.

    Raises:
        ResumeError: If another process has it, or another part of this one.
        StoreError: If *folder* cannot hold a lock.
    """
    file = _file(folder, run_id)
    pauses = iter(_PAUSES_SECONDS)
    try:
        while (descriptor := _taken(file)) is None:
            pause = next(pauses, None)
            if pause is None:
                raise ResumeError(run_id, "owned", f"is owned by pid {_owner(file)}")
            Event().wait(pause)
    except OSError as error:
        raise StoreError(str(file), error.strerror or "cannot be locked") from error
    return Lease(descriptor, file)


def is_leased(folder: Path, run_id: str) -> bool:
    """Return whether anybody works on a run."""
    file = _file(folder, run_id)
    try:
        descriptor = os.open(file, os.O_RDWR | _NO_LINK)
    except OSError:
        return False
    try:
        return not _lock(descriptor)
    finally:
        os.close(descriptor)


def _taken(file: Path) -> int | None:
    """Return the descriptor of *file* once it is locked, or None when it is another's."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600)
    try:
        if _lock(descriptor) and _is_at(file, descriptor):
            # Not cut before: closing a file that was cut to nothing and written waits for the disk.
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, str(os.getpid()).encode().ljust(_OWNER_BYTES))
            held, descriptor = descriptor, -1
            return held
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    return None


def _is_at(file: Path, descriptor: int) -> bool:
    """Return whether *file* is still the one that was opened."""
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _owner(file: Path) -> str:
    try:
        return file.read_bytes()[:_OWNER_BYTES].decode("ascii").strip() or "unknown"
    except (OSError, ValueError):
        return "unknown"


def _file(folder: Path, run_id: str) -> Path:
    return folder / sha256(run_id.encode()).hexdigest()[:32]
