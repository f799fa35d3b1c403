"""Who was being imported when a process ended: a file for each import, gone when it is over.

A segmentation fault leaves no exception behind. The next discovery finds the file, sees that
its process is gone, and can name the plugin. A process that ends in good order meanwhile, as
after Ctrl-C, accuses nobody: its file stays, and is emptied.
"""

from __future__ import annotations

import atexit
import contextlib
import os
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["DEATHS", "CutImport", "cut_imports", "fatal_imports", "forget_cuts", "noting_import"]

_FOLDER = "importing"
DEATHS = 3


@dataclass(frozen=True, slots=True)
class CutImport:
    """An import that its process did not survive.

    Attributes:
        plugin: Full name of the plugin.
        process: Number that the process had.
        began: When the import began, in seconds since 1970.
        location: Metadata folder that it was imported from; empty when the process ended in
            good order, and so of something else.
    """

    plugin: str
    process: int
    began: float
    location: str = ""


@contextlib.contextmanager
def noting_import(cache: str, plugin: str, location: str = "") -> Generator[None, None, None]:
    """Leave a file in the folder *cache* while *plugin* is imported.

    When the import comes to an end, well or badly, what earlier processes left behind of the same
    plugin is removed too: it is no longer what happened last.

    Args:
        cache: Folder to leave it in; nothing is left when empty.
        plugin: Full name of the plugin.
        location: Its metadata folder.
    """
    if not cache:
        yield
        return
    crumb = Path(cache, _FOLDER, f"{plugin}.{os.getpid()}")
    acquit = partial(_empty, crumb)
    with contextlib.suppress(OSError):
        crumb.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        crumb.touch(mode=0o600)
        crumb.write_text(location, encoding="utf-8", errors="surrogateescape")
    atexit.register(acquit)
    try:
        yield
    finally:
        atexit.unregister(acquit)
        with contextlib.suppress(OSError):
            crumb.unlink()
        forget_cuts(cache, plugin)


def cut_imports(cache: str) -> tuple[CutImport, ...]:
    """Return the imports whose processes are gone, by plugin."""
    found: list[CutImport] = []
    with contextlib.suppress(OSError):
        for crumb in sorted(Path(cache, _FOLDER).iterdir()):
            process = _process_of(crumb)
            if process and not _is_alive(process):
                with contextlib.suppress(OSError):
                    location = crumb.read_text(encoding="utf-8", errors="surrogateescape")
                    plugin = crumb.name.rpartition(".")[0]
                    found.append(CutImport(plugin, process, crumb.stat().st_mtime, location))
    return tuple(found)


def fatal_imports(cache: str) -> tuple[CutImport, ...]:
    """Return the last import of each plugin that took three processes in a row down.

    Counts what is installed as it was then. One death alone says little: whoever kills a service
    while it starts would accuse whatever it was importing.
    """
    deaths: defaultdict[str, list[CutImport]] = defaultdict(list)
    for cut in cut_imports(cache):
        if cut.location and _is_still_there(cut):
            deaths[cut.plugin].append(cut)
    return tuple(
        max(cuts, key=lambda cut: cut.began) for cuts in deaths.values() if len(cuts) >= DEATHS
    )


def forget_cuts(cache: str, plugin: str) -> None:
    """Remove what processes that are gone left behind of *plugin*."""
    with contextlib.suppress(OSError):
        for crumb in Path(cache, _FOLDER).iterdir():
            if crumb.name.rpartition(".")[0] == plugin and not _is_alive(_process_of(crumb)):
                crumb.unlink()


def _empty(crumb: Path) -> None:
    with contextlib.suppress(OSError):
        began = crumb.stat().st_mtime
        os.truncate(crumb, 0)
        os.utime(crumb, (began, began))


def _is_still_there(cut: CutImport) -> bool:
    try:
        return Path(cut.location).stat().st_mtime <= cut.began
    except (OSError, ValueError):
        return False


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
