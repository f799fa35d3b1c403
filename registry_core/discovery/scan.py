"""Which distributions are on the path: by the names of folders, before any file is opened."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple, cast

from registry_core.discovery.entry_points import mentions_us
from registry_core.discovery.places import foreign_finders, search_folders
from registry_core.discovery.releases import normal_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Protocol

    class _Distribution(Protocol):
        """What a finder gives, the standard library's or a back-port's."""

        metadata: Mapping[str, str]
        version: str

        def read_text(self, filename: str) -> str | None: ...


__all__ = ["FoundDistribution", "scan"]

_NAME = re.compile(r"[a-z0-9](?:-?[a-z0-9])*", re.ASCII)
_UNNAMED = "its name is not a name"


class FoundDistribution(NamedTuple):
    """A distribution on the path.

    Attributes:
        name: As its metadata folder says, in normal form; escaped where it is no name.
        version: As its metadata folder says; empty when it says none.
        metadata: The metadata folder.
        problem: Why it cannot be used, whatever its files say; empty when it can.
    """

    name: str
    version: str
    metadata: str
    problem: str = ""

    @property
    def is_unnamed(self) -> bool:
        """Whether its folder has a name that no distribution can have."""
        return self.problem == _UNNAMED

    @property
    def is_egg_info(self) -> bool:
        """Whether it was installed, or is being developed, the way of before 2013."""
        return self.metadata.endswith(".egg-info")


def scan(path: Iterable[str] | None = None) -> tuple[FoundDistribution, ...]:
    """Return all distributions in the order of the path; a name may come more than once.

    Args:
        path: Folders to search; ``sys.path`` and what other finders know, unless given.
    """
    found: list[FoundDistribution] = []
    for folder in search_folders(path):
        found.extend(_distributions(folder))
    if path is None:
        for finder in foreign_finders():
            found.extend(_elsewhere(finder))
    return tuple(found)


def _distributions(folder: str) -> Iterator[FoundDistribution]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.name.endswith((".dist-info", ".egg-info")) and entry.is_dir()
            )
    except NotADirectoryError:
        yield from _in_archive(folder)
        return
    except OSError:
        return
    for name in names:
        project, _, version = name.rpartition(".")[0].partition("-")
        yield _named(project, version.partition("-py")[0], f"{folder}/{name}")


def _named(project: str, version: str, metadata: str, problem: str = "") -> FoundDistribution:
    normal = normal_name(project)
    if not _NAME.fullmatch(normal):
        escaped = ascii(project)[1:-1]
        return FoundDistribution(escaped, ascii(version)[1:-1], metadata, _UNNAMED)
    return FoundDistribution(normal, ascii(version)[1:-1], metadata, problem)


def _in_archive(file: str) -> Iterator[FoundDistribution]:
    from importlib_metadata import Distribution

    with contextlib.suppress(Exception):  # the archive may be broken in any way
        discover: Callable[..., object] = getattr(Distribution, "discover")  # noqa: B009 -- untyped
        found = tuple(cast("Iterable[_Distribution]", discover(path=[file])))
        yield from _out_of_reach(found, f"lies in the archive {file}: install it")


def _elsewhere(finder: object) -> Iterator[FoundDistribution]:
    with contextlib.suppress(Exception):  # a finder is foreign code; the others go on
        find = getattr(finder, "find_distributions")  # noqa: B009 -- foreign
        found = cast("tuple[_Distribution, ...]", tuple(find()))
        kind = ascii(type(finder).__name__)
        yield from _out_of_reach(found, f"only the import hook {kind} can see it: install it")


def _out_of_reach(found: Iterable[_Distribution], problem: str) -> Iterator[FoundDistribution]:
    """Yield those with plugins: none can be checked, since their files lie in no folder."""
    for distribution in found:
        with contextlib.suppress(Exception):
            text = distribution.read_text("entry_points.txt") or ""
            folder = str(getattr(distribution, "_path", ""))
            if mentions_us(text.encode()) and not os.path.isdir(folder):  # noqa: PTH112 -- a str
                name, version = str(distribution.metadata["Name"]), str(distribution.version)
                yield _named(name, version, folder, problem)
