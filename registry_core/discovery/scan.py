"""Which distributions on the path say they have plugins for us.

Reads directory listings and small files and imports nothing. The current directory is
never searched, whatever ``sys.path`` says: a folder one merely stands in installs nothing.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from registry_core.discovery.entry_points import (
    EntryPointError,
    PluginEntry,
    mentions_us,
    parse_entry_points,
)
from registry_core.discovery.files import UnreadableError, read_bounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["FoundDistribution", "scan"]


@dataclass(frozen=True, slots=True)
class FoundDistribution:
    """A distribution on the path.

    Attributes:
        name: As its metadata folder says, in normal form.
        version: As its metadata folder says.
        metadata: The metadata folder.
        plugins: The plugins it declares.
        problem: Why its entry points could not be read; empty when they could.
        shadows: Metadata folders of the same distribution further down the path.
    """

    name: str
    version: str
    metadata: Path
    plugins: tuple[PluginEntry, ...] = ()
    problem: str = ""
    shadows: tuple[Path, ...] = field(default=())

    @property
    def root(self) -> Path:
        """The folder that the distribution's files are relative to."""
        return self.metadata.parent


def scan(path: Iterable[str] | None = None) -> tuple[FoundDistribution, ...]:
    """Return all distributions, sorted by name; the first on the path wins a name.

    Args:
        path: Folders to search; ``sys.path`` and what other finders know, unless given.
    """
    found: dict[str, FoundDistribution] = {}
    for folder in _folders(sys.path if path is None else path):
        for distribution in _distributions(folder):
            first = found.setdefault(distribution.name, distribution)
            if first is not distribution:
                shadows = (*first.shadows, distribution.metadata)
                found[distribution.name] = _with_shadows(first, shadows)
    if path is None:
        for distribution in _from_other_finders():
            found.setdefault(distribution.name, distribution)
    return tuple(found[name] for name in sorted(found))


def _with_shadows(first: FoundDistribution, shadows: tuple[Path, ...]) -> FoundDistribution:
    return FoundDistribution(
        first.name, first.version, first.metadata, first.plugins, first.problem, shadows
    )


def _folders(path: Iterable[str]) -> Iterator[Path]:
    here = Path.cwd().resolve()
    seen: set[Path] = set()
    for entry in path:
        if not entry:
            continue
        folder = Path(entry).resolve()
        if folder not in seen and folder != here and folder.is_dir():
            seen.add(folder)
            yield folder


def _distributions(folder: Path) -> Iterator[FoundDistribution]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except OSError:
        return
    for name in names:
        stem, _, kind = name.rpartition(".")
        if kind in {"dist-info", "egg-info"}:
            project, _, version = stem.partition("-")
            metadata = folder / name
            if metadata.is_dir():
                yield _read(_normal(project), version.partition("-py")[0], metadata)


def _read(name: str, version: str, metadata: Path) -> FoundDistribution:
    try:
        data = read_bounded(metadata / "entry_points.txt")
    except FileNotFoundError:
        return FoundDistribution(name, version, metadata)
    except UnreadableError as error:
        return FoundDistribution(name, version, metadata, problem=f"entry_points.txt {error}")
    if not mentions_us(data):
        return FoundDistribution(name, version, metadata)
    try:
        return FoundDistribution(name, version, metadata, parse_entry_points(data))
    except EntryPointError as error:
        return FoundDistribution(name, version, metadata, problem=f"entry_points.txt: {error}")


def _from_other_finders() -> Iterator[FoundDistribution]:
    # Zip files and import hooks keep their distributions where no folder shows them.
    for finder in sys.meta_path:
        find = getattr(finder, "find_distributions", None)
        if find is None or getattr(finder, "__module__", "").startswith("_frozen_importlib"):
            continue
        try:
            distributions = list(find())
            for distribution in distributions:
                text = distribution.read_text("entry_points.txt") or ""
                metadata = Path(str(getattr(distribution, "_path", "")))
                if metadata.is_dir() or not mentions_us(text.encode()):
                    continue
                name, version = distribution.metadata["Name"], distribution.version
                yield FoundDistribution(
                    _normal(name), version, metadata, parse_entry_points(text.encode())
                )
        except Exception:  # noqa: BLE001, S112 -- a finder is foreign code; the others go on
            continue


def _normal(name: str) -> str:
    return name.replace("_", "-").replace(".", "-").lower()
