"""Read files that strangers wrote: bounded, regular, and never waiting."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

__all__ = ["MAX_BYTES", "UnreadableError", "below", "file_below", "read_bounded"]

MAX_BYTES = 1 << 20


class UnreadableError(Exception):
    """A file that will not be read, and why. Stays inside discovery."""


def read_bounded(path: str | os.PathLike[str], *, limit: int = MAX_BYTES) -> bytes:
    """Return the content of a regular file of at most *limit* bytes.

    Raises:
        FileNotFoundError: If there is no such file.
        UnreadableError: If it is something else than a file (a pipe would wait for a writer),
            too large, or closed to us.
    """
    try:
        # O_NONBLOCK so that opening a pipe returns; absent on Windows, which has no such pipes.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        if Path(path).is_symlink():
            message = "is a link to nothing"
            raise UnreadableError(message) from None
        raise
    except OSError as error:
        raise UnreadableError(error.strerror or "cannot be opened") from error
    except ValueError as error:
        message = "has no name that a file can have"
        raise UnreadableError(message) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            message = "is not a regular file"
            raise UnreadableError(message)
        if status.st_size > limit:
            message = f"is larger than {limit} bytes"
            raise UnreadableError(message)
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            return stream.read(limit + 1)[:limit]
    except OSError as error:
        raise UnreadableError(error.strerror or "cannot be read") from error
    finally:
        os.close(descriptor)


def below(root: Path, relative: str) -> Path | None:
    """Return ``root/relative`` with links followed, or None when that leads out of *root*.

    >>> below(Path("/srv"), "../etc/passwd") is None
    True
    """
    if PurePosixPath(relative).is_absolute() or "\0" in relative:
        return None
    try:
        base = root.resolve()
        target = (base / relative).resolve()
    except (OSError, RuntimeError, ValueError):  # too long, or links in a circle
        return None
    return target if target.is_relative_to(base) else None


def file_below(root: Path, relative: str) -> Path | None:
    """Return the regular file at ``root/relative``, or None when there is none inside *root*."""
    found = below(root, relative)
    try:
        return found if found is not None and found.is_file() else None
    except OSError:
        return None
