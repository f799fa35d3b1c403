"""Which folders are searched, and when each was last changed.

The current directory is never searched, whatever ``sys.path`` says: a folder one merely
stands in installs nothing. The warm path asks here too, so this imports nothing that costs.
"""
# pathlib costs as much as starting Python does.
# ruff: noqa: PTH109, PTH116, PTH118

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FRESH_NS", "Mark", "foreign_finders", "mark_of", "marks_of", "search_folders"]

if TYPE_CHECKING:
    Mark = tuple[str, int, int]
else:
    Mark = tuple

_PATH_FINDERS = ("_frozen_importlib", "importlib_metadata")  # they see what we see

FRESH_NS = 2_000_000_000
"""A file that changed this shortly before it was read may change again without a new time:
file systems keep times as coarsely as 2 s, and Linux in ticks of 4 ms."""


def search_folders(path: Iterable[str] | None = None) -> tuple[str, ...]:
    """Return the entries of *path*, ``sys.path`` unless given, with links followed, once each."""
    here = _here()
    found: dict[str, None] = {}
    for entry in sys.path if path is None else path:
        if entry:
            folder = os.path.realpath(entry)
            if folder != here or _is_installation(folder):
                found[folder] = None
    return tuple(found)


def mark_of(path: str) -> Mark:
    """Return *path* with its time of change in ns and its size; zeros when it is not there."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return (path, 0, 0)
    return (path, status.st_mtime_ns, status.st_size)


def marks_of(paths: Iterable[str]) -> tuple[Mark, ...]:
    """Return the marks of *paths*, in their order."""
    return tuple(map(mark_of, paths))


def foreign_finders() -> tuple[object, ...]:
    """Return the import hooks that may know distributions of their own."""
    return tuple(
        finder
        for finder in sys.meta_path
        if hasattr(finder, "find_distributions")
        and not str(getattr(finder, "__module__", "")).startswith(_PATH_FINDERS)
    )


def _here() -> str:
    try:
        return os.path.realpath(os.getcwd())
    except OSError:
        return ""


def _is_installation(folder: str) -> bool:
    # One may stand in site-packages itself; that is as trusted as the interpreter beside it.
    return folder.startswith(os.path.join(os.path.realpath(sys.prefix), "lib") + os.sep)
