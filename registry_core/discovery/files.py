"""Read files that strangers wrote: bounded, regular, and never waiting.

A start without a cache opens some thousands of them, so this works on text: pathlib would
take a third of the time.
"""
# ruff: noqa: PTH113, PTH114

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from registry_core.discovery.places import mark_of

if TYPE_CHECKING:
    from registry_core.discovery.places import Mark

__all__ = ["MAX_BYTES", "UnreadableError", "file_below", "read_bounded"]

MAX_BYTES = 1 << 20
# O_NONBLOCK so that opening a pipe returns; absent on Windows, which has no such pipes.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)


class UnreadableError(Exception):
    """A file that will not be read, and why. Stays inside discovery."""


def read_bounded(
    path: str | os.PathLike[str], *, limit: int = MAX_BYTES, marks: list[Mark] | None = None
) -> bytes:
    """Return the content of a regular file of at most *limit* bytes.

    Args:
        path: The file.
        limit: Most bytes that are read.
        marks: Gets the mark of the file, as it was before it was read, whatever becomes of that.

    Raises:
        FileNotFoundError: If there is no such file.
        UnreadableError: If it is something else than a file (a pipe would wait for a writer),
            too large, or closed to us.
    """
    try:
        descriptor = _opened(path)
    except (FileNotFoundError, UnreadableError):
        if marks is not None:
            marks.append(mark_of(os.fspath(path)))
        raise
    try:
        status = os.fstat(descriptor)
        if marks is not None:
            marks.append((os.fspath(path), status.st_mtime_ns, status.st_size))
        if not stat.S_ISREG(status.st_mode):
            message = "is not a regular file"
            raise UnreadableError(message)
        if status.st_size > limit:
            message = f"is larger than {limit} bytes"
            raise UnreadableError(message)
        data = os.read(descriptor, status.st_size + 1)
        # One byte more was asked for: having got just the size, there is no more.
        while len(data) != status.st_size and (piece := os.read(descriptor, 1 << 16)):
            data += piece
            if len(data) > limit:
                break
        return data[:limit]
    except OSError as error:
        raise UnreadableError(error.strerror or "cannot be read") from error
    finally:
        os.close(descriptor)


def _opened(path: str | os.PathLike[str]) -> int:
    try:
        return os.open(path, _READ)
    except FileNotFoundError:
        if os.path.islink(path):
            message = "is a link to nothing"
            raise UnreadableError(message) from None
        raise
    except OSError as error:
        raise UnreadableError(error.strerror or "cannot be opened") from error
    except ValueError as error:
        message = "has no name that a file can have"
        raise UnreadableError(message) from error


def file_below(root: str, relative: str, folders: set[str]) -> str | None:
    """Return the regular file ``root/relative`` with links followed, if it does not lie outside.

    Args:
        root: A folder with links followed.
        relative: With ``/`` between its parts.
        folders: Folders that are known to be no links; those that are met join them.

    >>> file_below("/srv", "../etc/passwd", set()) is None
    True
    """
    parts = relative.split("/")
    if "\0" in relative or ".." in parts or not parts[0]:
        return None
    place, mode = root, 0
    try:
        for part in parts:
            place = f"{place}/{part}"
            if place in folders:
                continue
            mode = os.lstat(place).st_mode
            if stat.S_ISLNK(mode):
                place = os.path.realpath(f"{root}/{relative}", strict=True)
                inside = place.startswith(f"{root}/") and os.path.isfile(place)
                return place if inside else None
            if stat.S_ISDIR(mode):
                folders.add(place)
    except (OSError, ValueError):  # not there, too long, or links in a circle
        return None
    return place if stat.S_ISREG(mode) else None
