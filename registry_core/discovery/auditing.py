"""Whether the files of what is installed are theirs, and unchanged: read, never imported."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from registry_core.discovery.files import UnreadableError, read_bounded
from registry_core.discovery.inspection import inspect
from registry_core.discovery.integrity import LockedDistribution, damaged_files, seal
from registry_core.discovery.ownership import read_record
from registry_core.discovery.places import search_folders
from registry_core.discovery.scan import FoundDistribution, scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["AuditKind", "Finding", "audit", "sealed_plugins"]

AuditKind: TypeAlias = Literal["damaged", "shared", "startup"]
_STARTUP_MODULES = ("sitecustomize.py", "usercustomize.py")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about installed files that somebody should know.

    Attributes:
        kind: ``damaged``: not what was installed; ``shared``: two distributions installed it,
            and the later one's is there; ``startup``: runs whenever Python starts.
        subject: The file.
        owners: The distributions it belongs to; none when nobody installed it.
        detail: What is wrong, or the line that runs.
        fix: What to type.
    """

    kind: AuditKind
    subject: str
    owners: tuple[str, ...]
    detail: str
    fix: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether it has to be mended; code that runs at startup is usually meant to."""
        return self.kind != "startup" or not self.owners


def audit(path: Iterable[str] | None = None) -> tuple[Finding, ...]:
    """Return what is odd about the files of all distributions, sorted by kind and file.

    Args:
        path: Folders to search; the interpreter's own unless given.
    """
    folders = search_folders(path)
    found = scan(path)
    owners = _owners(found)
    findings = [*_damaged(found), *_shared(owners), *_startup(folders, owners)]
    return tuple(sorted(findings, key=lambda finding: (finding.kind, finding.subject)))


def sealed_plugins(path: Iterable[str] | None = None) -> dict[str, LockedDistribution]:
    """Return what to lock: every plugin's distribution whose files are unchanged, by name."""
    sealed: dict[str, LockedDistribution] = {}
    for item in scan(path):
        inspection = inspect(item)
        if inspection.metadata is None or not inspection.plugins or inspection.editable:
            continue
        lock = seal(Path(item.metadata), inspection.metadata.version)
        if lock is not None and not damaged_files(Path(item.metadata)):
            sealed.setdefault(item.name, lock)
    return dict(sorted(sealed.items()))


def _owners(found: Sequence[FoundDistribution]) -> dict[str, tuple[str, ...]]:
    """Return the distributions that installed each file, by its place."""
    owners: dict[str, set[str]] = defaultdict(set)
    for item in found:
        root = Path(item.metadata).parent
        for file in read_record(item.metadata):
            if file.digest and not file.path.endswith(".pyc"):
                owners[os.path.normpath(root / file.path)].add(item.name)
    return {place: tuple(sorted(them)) for place, them in owners.items()}


def _damaged(found: Sequence[FoundDistribution]) -> Iterator[Finding]:
    for item in found:
        for file in damaged_files(Path(item.metadata)):
            yield Finding(
                "damaged",
                os.path.normpath(Path(item.metadata).parent / file.path),
                (item.name,),
                f"is {file.what} since {item.name} {item.version} was installed",
                f"pip install --force-reinstall {item.name}",
            )


def _shared(owners: dict[str, tuple[str, ...]]) -> Iterator[Finding]:
    for place, them in owners.items():
        if len(them) > 1:
            detail = f"was installed by {' and by '.join(them)}"
            yield Finding("shared", place, them, detail, f"pip uninstall {them[-1]}")


def _startup(folders: Sequence[str], owners: dict[str, tuple[str, ...]]) -> Iterator[Finding]:
    for folder in folders:
        try:
            names = sorted(entry.name for entry in Path(folder).iterdir())
        except OSError:
            continue
        for name in names:
            place = f"{folder}/{name}"
            if name in _STARTUP_MODULES:
                yield Finding("startup", place, owners.get(place, ()), "runs when Python starts")
            elif name.endswith(".pth"):
                for line in _executed(place):
                    yield Finding("startup", place, owners.get(place, ()), line)


def _executed(file: str) -> list[str]:
    try:
        lines = read_bounded(file).decode("utf-8", "replace").splitlines()
    except (FileNotFoundError, UnreadableError) as error:
        return [str(error)]
    return [ascii(line)[1:121] for line in lines if line.startswith(("import ", "import\t"))]
