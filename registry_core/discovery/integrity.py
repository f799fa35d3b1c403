"""Whether installed files are the ones that were installed, and the ones that were locked.

A RECORD can be rewritten by whoever rewrites the files, so it proves nothing alone: the lock
keeps the digest of the RECORD, and the RECORD those of the files.

    {"distributions": {"web-agents": {"version": "1.2.0", "record": "sha256:…"}}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_core.definitions.validating import parse_json
from registry_core.discovery.files import UnreadableError, read_bounded
from registry_core.discovery.ownership import OwnedFiles, read_record
from registry_core.errors import ConfigError, Fault, ManifestError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from registry_core.discovery.ownership import RecordedFile

__all__ = [
    "DamagedFile",
    "LockedDistribution",
    "damaged_files",
    "is_as_recorded",
    "lock_flaw",
    "read_lock",
    "seal",
]

_MAX_RECORD_BYTES = 16 << 20
_MAX_FILE_BYTES = 1 << 30
_MAX_CLIMBS = 3  # lib, python3.x, site-packages
_HASHES = frozenset({"sha256", "sha384", "sha512"})  # what a RECORD may use


@dataclass(frozen=True, slots=True)
class LockedDistribution:
    """What the lock knows of a distribution.

    Attributes:
        version: Its version.
        record: Digest of its RECORD, as ``sha256:`` and hexadecimal digits.
    """

    version: str
    record: str


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file that is not what was installed.

    Attributes:
        path: As RECORD names it.
        what: ``missing``, ``changed`` or ``outside`` of where packages are installed.
    """

    path: str
    what: str


def read_lock(file: str) -> Mapping[str, LockedDistribution]:
    """Return what the lock *file* knows, by name of the distribution.

    Raises:
        ConfigError: If it cannot be read as a lock.
    """
    try:
        document = parse_json(file, read_bounded(file))
    except FileNotFoundError:
        raise ConfigError(file, [Fault("", "there is no such lock file")]) from None
    except UnreadableError as error:
        raise ConfigError(file, [Fault("", str(error))]) from None
    except ManifestError as error:
        raise ConfigError(file, error.faults) from None
    known = document.get("distributions") if isinstance(document, dict) else None
    if not isinstance(known, dict):
        raise ConfigError(file, [Fault("distributions", "must be an object")])
    locked: dict[str, LockedDistribution] = {}
    for name, facts in known.items():
        version = facts.get("version") if isinstance(facts, dict) else None
        record = facts.get("record") if isinstance(facts, dict) else None
        if not isinstance(version, str) or not isinstance(record, str):
            raise ConfigError(file, [Fault(f"distributions.{name}", "needs version and record")])
        locked[name] = LockedDistribution(version, record)
    return locked


def seal(metadata: Path, version: str) -> LockedDistribution | None:
    """Return what to lock of the distribution in *metadata*, or None without a RECORD."""
    import hashlib

    try:
        record = read_bounded(metadata / "RECORD", limit=_MAX_RECORD_BYTES)
    except (FileNotFoundError, UnreadableError):
        return None
    return LockedDistribution(version, f"sha256:{hashlib.sha256(record).hexdigest()}")


def lock_flaw(
    name: str, version: str, metadata: Path, lock: Mapping[str, LockedDistribution]
) -> str:
    """Return why a distribution is not the one that was locked; empty when it is."""
    locked = lock.get(name)
    if locked is None:
        return "is new: the lock does not know it"
    if OwnedFiles(metadata).editable_project:
        return "is an editable install, whose files no digest covers"
    found = seal(metadata, version)
    if found is None:
        return "has no RECORD to compare with the lock"
    if found.version != locked.version:
        return f"is version {found.version}, and {locked.version} is locked"
    if found.record != locked.record:
        return "has another RECORD than the one that is locked"
    damaged = damaged_files(metadata)
    return f"{damaged[0].path} is {damaged[0].what} since it was installed" if damaged else ""


def damaged_files(metadata: Path) -> tuple[DamagedFile, ...]:
    """Return the files of a distribution that are not what its RECORD says, sorted by path."""
    checked = ((file, _damage(metadata, file)) for file in read_record(metadata))
    return tuple(
        sorted(
            (DamagedFile(file.path, what) for file, what in checked if what),
            key=lambda damaged: damaged.path,
        )
    )


def is_as_recorded(metadata: Path, path: str) -> bool:
    """Return whether the file at *path*, as RECORD names it, is the one that was installed."""
    digests = {file.path: file for file in read_record(metadata) if file.digest}
    return path in digests and not _damage(metadata, digests[path])


def _damage(metadata: Path, file: RecordedFile) -> str:
    import hashlib
    from base64 import urlsafe_b64encode

    kind, _, expected = file.digest.partition("=")
    if kind not in _HASHES or not expected:
        return ""  # RECORD itself, and what Python compiled after the installation
    place = _place(metadata, file.path)
    if not place:
        return "outside"
    try:
        content = read_bounded(place, limit=_MAX_FILE_BYTES)
    except FileNotFoundError:
        return "missing"
    except UnreadableError as error:
        return str(error)
    digest = urlsafe_b64encode(hashlib.new(kind, content).digest()).rstrip(b"=").decode()
    return "" if digest == expected.rstrip("=") else "changed"


def _place(metadata: Path, path: str) -> str:
    """Return where a recorded file lies; empty when that is outside of the installation."""
    # Scripts lie beside the site directory, so a RECORD may climb to the prefix and no further.
    root, climbs = metadata.parent, path.count("../")
    if 0 < climbs <= _MAX_CLIMBS and path.startswith("../" * climbs):
        root, path = root.parents[min(climbs, len(root.parents)) - 1], path[3 * climbs :]
    parts = path.split("/")
    inside = parts[0] and ".." not in parts and "\0" not in path
    return f"{root.resolve()}/{path}" if inside else ""
