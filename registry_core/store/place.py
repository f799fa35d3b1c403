"""Where runs are kept: a folder of the user's own that nobody else can write to."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from registry_core.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_kept_file", "make_file", "make_folder", "sync_folder"]


def make_folder(folder: Path) -> None:
    """Make *folder*, open to its owner alone, or do nothing where it is as it should be.

    Raises:
        StoreError: If it cannot be made, or is something else, somebody else's, or open to them.
    """
    try:
        if not os.path.lexists(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder.parent)
        status = folder.lstat()
    except OSError as error:
        raise StoreError(str(folder), error.strerror or "cannot be made") from error
    if not stat.S_ISDIR(status.st_mode):
        raise StoreError(str(folder), "is not a folder")
    _check_owner(folder, status)


def make_file(file: Path) -> None:
    """Make an empty *file*, open to its owner alone, unless it is there.

    Raises:
        StoreError: If it cannot be made, or what is there is not a file of the user's own.
    """
    if is_kept_file(file):
        return
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        pass  # made by another process in this very moment
    except OSError as error:
        raise StoreError(str(file), error.strerror or "cannot be made") from error


def is_kept_file(file: Path) -> bool:
    """Return whether *file* is there.

    Raises:
        StoreError: If what is there is not a file of the user's own; it is left as it is.
    """
    try:
        status = file.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(str(file), error.strerror or "cannot be reached") from error
    if not stat.S_ISREG(status.st_mode):
        raise StoreError(str(file), "is not a regular file: move it away")
    _check_owner(file, status)
    return True


def sync_folder(folder: Path) -> None:
    """Let the names of what was made or removed in *folder* survive a loss of power.

    Raises:
        OSError: If the disk does not confirm it.
    """
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_owner(path: Path, status: os.stat_result) -> None:
    if not hasattr(os, "geteuid"):  # Windows keeps a user's folders by other means
        return
    if status.st_uid != os.geteuid():
        raise StoreError(str(path), f"belongs to user {status.st_uid}")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StoreError(str(path), f"can be written to by others: chmod go-w {path}")
