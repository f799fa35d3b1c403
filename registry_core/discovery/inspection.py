"""What the files of one distribution say: read once, and again when one of them changes.

Nothing in here depends on settings or on what else is installed, so an inspection stays true
as long as its marks do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from registry_core.definitions.validating import read_manifest
from registry_core.discovery.advice import install, mend, remove, update
from registry_core.discovery.compatibility import Metadata, read_metadata, version_of
from registry_core.discovery.entry_points import (
    EntryPointError,
    PluginEntry,
    mentions_us,
    parse_entry_points,
)
from registry_core.discovery.files import UnreadableError, read_bounded
from registry_core.discovery.ownership import OwnedFiles
from registry_core.discovery.places import Mark, mark_of, marks_of
from registry_core.errors import Fault, ManifestError
from registry_core.schemas.declared import faults_in_schema
from registry_core.schemas.plain import is_plain, is_small

if TYPE_CHECKING:
    from registry_core.definitions.manifest import Manifest
    from registry_core.discovery.scan import FoundDistribution

__all__ = ["Flaw", "Inspection", "PluginFiles", "check_targets", "inspect", "inspect_marked"]

_METADATA_FILES = ("entry_points.txt", "METADATA", "RECORD")


class Flaw(NamedTuple):
    """Why something cannot be used, and what mends it."""

    code: str
    reason: str
    fix: str


class PluginFiles(NamedTuple):
    """What the files of one plugin say.

    Attributes:
        entry: Its entry points.
        manifest: Its manifest, or None when it ships none or there is a flaw. Where there is a
            text, the schemas are left to that: nobody needs a thousand of them at once.
        flaw: What is wrong with it.
        notes: What is odd, without stopping it.
        targets: Files that its entry points and its manifest lead to, the manifest first.
        text: The manifest as it was written, if all of it is right and known; else empty.
    """

    entry: PluginEntry
    manifest: Manifest | None = None
    flaw: Flaw | None = None
    notes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    text: bytes = b""


class Inspection(NamedTuple):
    """What the files of one distribution say.

    Attributes:
        metadata: What its metadata says, or None when that cannot be used.
        flaw: What is wrong with the distribution as a whole.
        plugins: Its plugins; none for most distributions.
        editable: The project folder of an editable install, or empty.
        manifests: The manifests that it was read from.
    """

    metadata: Metadata | None = None
    flaw: Flaw | None = None
    plugins: tuple[PluginFiles, ...] = ()
    editable: str = ""
    manifests: tuple[Mark, ...] = ()

    @property
    def concerns_us(self) -> bool:
        """Whether there is anything to report."""
        return bool(self.plugins) or self.flaw is not None


def inspect_marked(found: FoundDistribution) -> tuple[Inspection, tuple[Mark, ...]]:
    """Return what :func:`inspect` returns, and the marks of the metadata that it depends on."""
    marks = [mark_of(found.metadata)]
    inspection = inspect(found, marks)
    if inspection.flaw is not None:
        # What mends a flaw may depend on a file that was not read for the flaw.
        read = {path for path, _, _ in marks}
        files = (f"{found.metadata}/{name}" for name in _METADATA_FILES)
        marks += marks_of(file for file in files if file not in read)
    return inspection, tuple(marks)


def inspect(found: FoundDistribution, marks: list[Mark] | None = None) -> Inspection:
    """Return what the files of *found* say; whatever is in them, nothing is raised.

    Args:
        found: Whose files.
        marks: Gets the marks of the metadata files that are read.
    """
    try:
        return _inspect(found, [] if marks is None else marks)
    except Exception as error:  # noqa: BLE001 -- one distribution must never hide the others
        reason = f"could not be read: {type(error).__name__}"
        return Inspection(flaw=Flaw("internal", reason, mend(found, "entry_points.txt")))


def _inspect(found: FoundDistribution, marks: list[Mark]) -> Inspection:
    try:
        data = read_bounded(f"{found.metadata}/entry_points.txt", marks=marks)
    except FileNotFoundError:
        return Inspection()
    except UnreadableError as error:
        fix = mend(found, "entry_points.txt")
        return Inspection(flaw=Flaw("entry_points", f"entry_points.txt {error}", fix))
    if not mentions_us(data):
        return Inspection()
    try:
        entries = parse_entry_points(data)
    except EntryPointError as error:
        fix = remove(found) if error.is_hostile else mend(found, "entry_points.txt")
        return Inspection(flaw=Flaw("entry_points", f"entry_points.txt: {error}", fix))
    return _with_plugins(found, entries, marks)


def _with_plugins(
    found: FoundDistribution, entries: tuple[PluginEntry, ...], marks: list[Mark]
) -> Inspection:
    if found.problem:
        return Inspection(flaw=Flaw("name", found.problem, install(found)))
    metadata = read_metadata(found.metadata, marks)
    flaw = _identity_flaw(found, metadata)
    if flaw is not None or isinstance(metadata, str):
        return Inspection(flaw=flaw, plugins=tuple(map(PluginFiles, entries)))
    owned = OwnedFiles(found.metadata, root=found.metadata.rpartition("/")[0], marks=marks)
    project = owned.editable_project
    manifests: list[Mark] = []
    plugins = tuple([_plugin(found, entry, owned, manifests) for entry in entries])
    return Inspection(
        metadata=metadata,
        plugins=plugins,
        editable=project,
        manifests=tuple(dict.fromkeys(manifests)),
    )


def _identity_flaw(found: FoundDistribution, metadata: Metadata | str) -> Flaw | None:
    if isinstance(metadata, str):
        return Flaw("metadata", metadata, mend(found, "METADATA"))
    if metadata.name != found.name:
        reason = f"METADATA says {metadata.name!a}, and its folder says {found.name!a}"
        return Flaw("metadata", reason, remove(found))
    if found.version and version_of(found.version) != metadata.version:
        reason = f"METADATA says version {metadata.version}, and its folder {found.version!a}"
        return Flaw("metadata", reason, mend(found, "METADATA"))
    return None


def _plugin(
    found: FoundDistribution, entry: PluginEntry, owned: OwnedFiles, manifests: list[Mark]
) -> PluginFiles:
    module = owned.module_place(entry.module) if entry.module else None
    if entry.module and module is None:
        reason = f"module {entry.module!a} is not a file of this distribution"
        if found.is_egg_info:
            reason += ", which was installed without a RECORD"
        return PluginFiles(entry, flaw=Flaw("ownership", reason, _not_trusted(found)))
    targets = (module,) if module else ()
    if not entry.manifest:
        return PluginFiles(entry, targets=targets)
    file = owned.place(entry.manifest)
    if file is None:
        reason = f"manifest {entry.manifest} is not a file of this distribution"
        listed = entry.manifest in owned.recorded
        fix = mend(found, entry.manifest) if listed else update(found.name)
        return PluginFiles(entry, flaw=Flaw("manifest", reason, fix))
    targets = (file, *targets)
    try:
        text = read_bounded(file, marks=manifests)
        manifest, unknown = read_manifest(entry.manifest, text)
        _refuse_schemas(entry.manifest, manifest, text)
    except (ManifestError, UnreadableError, FileNotFoundError) as error:
        return PluginFiles(entry, flaw=_unusable(error, found, entry.manifest), targets=targets)
    notes = tuple(f"manifest: {path} is unknown to this host" for path in unknown)
    flaw, code_files = check_targets(manifest, owned, found.name)
    targets = tuple(dict.fromkeys((*targets, *code_files)))
    if unknown:
        return PluginFiles(entry, manifest, flaw, notes, targets)
    return PluginFiles(entry, replace(manifest, schemas=()), flaw, (), targets, text)


def _refuse_schemas(subject: str, manifest: Manifest, text: bytes) -> None:
    small = is_small(text)
    faults = [
        Fault(f"schemas[{index}].{fault.path}", fault.message)
        for index, schema in enumerate(manifest.schemas)
        if not (small and is_plain(schema))
        for fault in faults_in_schema(schema)
    ]
    if faults:
        raise ManifestError(subject, faults)


def _unusable(error: Exception, found: FoundDistribution, file: str) -> Flaw:
    faults = error.faults if isinstance(error, ManifestError) else ()
    if [fault.path for fault in faults] == ["format"]:
        return Flaw("format", str(error), f"pip install --upgrade registry-core {found.name}")
    return Flaw("manifest", str(error), mend(found, file))


def check_targets(
    manifest: Manifest, owned: OwnedFiles, distribution: str
) -> tuple[Flaw | None, tuple[str, ...]]:
    """Return what is wrong with the places *manifest* names, and the files that they are in."""
    files: list[str] = []
    for module in sorted({target.partition(":")[0] for target in manifest.targets}):
        file = owned.module_place(module)
        if file is None:
            reason = f"module {module!a} in its manifest is not a file of this distribution"
            return Flaw("ownership", reason, f"pip uninstall {distribution}"), ()
        files.append(file)
    return None, tuple(files)


def _not_trusted(found: FoundDistribution) -> str:
    again = f"pip install --force-reinstall {found.name}"
    return again if found.is_egg_info else remove(found)
