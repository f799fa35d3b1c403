"""Who was being imported when a process ended: a file for each import, gone when it is over.

A segmentation fault leaves no exception behind. The next ``doctor`` finds the file, sees that
its process is gone, and can name the plugin.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["CutImport", "cut_imports", "noting_import"]

_FOLDER = "importing"


@dataclass(frozen=True, slots=True)
class CutImport:
    """An import that its process did not survive.

    Attributes:
        plugin: Full name of the plugin.
        process: Number that the process had.
        began: When the import began, in seconds since 1970.
    """

    plugin: str
    process: int
    began: float


@contextlib.contextmanager
def noting_import(cache: str, plugin: str) -> Generator[None, None, None]:
    """Leave a file in the folder *cache* while *plugin* is imported.

    When the import comes to an end, well or badly, what earlier processes left behind of the same
    plugin is removed too: it is no longer what happened last.
    """
    if not cache:
        yield
        return
    crumb = Path(cache, _FOLDER, f"{plugin}.{os.getpid()}")
    with contextlib.suppress(OSError):
        crumb.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        crumb.touch(mode=0o600)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            for left in crumb.parent.glob(f"{plugin}.*"):
                if left == crumb or not _is_alive(_process_of(left)):
                    left.unlink()


def cut_imports(cache: str) -> tuple[CutImport, ...]:
    """Return the imports whose processes are gone, by plugin."""
    found: list[CutImport] = []
    with contextlib.suppress(OSError):
        for crumb in sorted(Path(cache, _FOLDER).iterdir()):
            process = _process_of(crumb)
            if process and not _is_alive(process):
                plugin = crumb.name.rpartition(".")[0]
                found.append(CutImport(plugin, process, crumb.stat().st_mtime))
    return tuple(found)


def _process_of(crumb: Path) -> int:
    number = crumb.name.rpartition(".")[2]
    return int(number) if number.isdecimal() and number.isascii() else 0


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
