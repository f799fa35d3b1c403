"""From what is installed to one record a plugin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from registry_core.definitions.validating import read_manifest
from registry_core.discovery.compatibility import (
    Metadata,
    check_host_api,
    check_requirements,
    read_metadata,
)
from registry_core.discovery.files import UnreadableError, read_bounded
from registry_core.discovery.ownership import OwnedFiles
from registry_core.discovery.probe import Probed, probe
from registry_core.discovery.report import Conflict, DiscoveryReport, PluginRecord
from registry_core.discovery.scan import FoundDistribution, scan
from registry_core.errors import ManifestError
from registry_core.settings import PluginSettings, Settings

if TYPE_CHECKING:
    from registry_core.definitions.manifest import Manifest
    from registry_core.discovery.entry_points import PluginEntry

__all__ = ["discover"]

Prober: TypeAlias = Callable[[str], Probed]


def discover(
    settings: Settings | None = None,
    *,
    path: Iterable[str] | None = None,
    read_code: Prober = probe,
) -> DiscoveryReport:
    """Return a record for each installed plugin; imports none of them.

    Args:
        settings: Whom to block and which pins decide conflicts.
        path: Folders to search; the interpreter's own unless given.
        read_code: How a plugin without a manifest is read; in a child process unless given.
    """
    settings = settings or Settings()
    distributions = scan(path)
    installed = {found.name: found.version for found in distributions}
    records: list[PluginRecord] = []
    conflicts: list[Conflict] = []
    for found in distributions:
        if found.problem:
            records.append(_unreadable(found))
        if not found.plugins:
            continue
        if found.shadows:
            conflicts.append(_shadowing(found))
        plugin_reader = _PluginReader(found, installed, settings.plugins, read_code)
        records.extend(plugin_reader.record(entry) for entry in found.plugins)
    rivals = _rivals(records)
    conflicts.extend(_undecided(rivals, settings.pins))
    judged = (_as_rival(record, rivals, settings.pins) for record in records)
    return DiscoveryReport(
        plugins=tuple(sorted(judged, key=lambda record: (record.name, record.distribution))),
        conflicts=tuple(sorted(conflicts, key=lambda conflict: (conflict.kind, conflict.name))),
    )


class _PluginReader:
    """The checks on the plugins of one distribution, cheapest first."""

    def __init__(
        self,
        found: FoundDistribution,
        installed: Mapping[str, str],
        settings: PluginSettings,
        read_code: Prober,
    ) -> None:
        self._found = found
        self._installed = installed
        self._settings = settings
        self._read_code = read_code
        self._owned = OwnedFiles(found.metadata)

    def record(self, entry: PluginEntry) -> PluginRecord:
        """Return the record of the plugin *entry*."""
        found = self._found
        record = PluginRecord(
            name=entry.name,
            distribution=found.name,
            version=found.version,
            location=str(found.metadata),
            state="ok",
            module=entry.module,
        )
        if blocked := self._blocked():
            return replace(record, state="blocked", code="settings", reason=blocked)
        metadata = read_metadata(found.metadata)
        if isinstance(metadata, str):
            return _broken(record, "metadata", metadata, _reinstall(found.name))
        if metadata.name != found.name:
            reason = f"METADATA says {metadata.name!a}, and its folder says {found.name!a}"
            return _broken(record, "metadata", reason, _reinstall(found.name))
        record = replace(record, version=metadata.version)
        if misfit := check_requirements(metadata, self._installed):
            return replace(
                record,
                state="incompatible",
                code=misfit.code,
                reason=misfit.reason,
                fix=misfit.fix,
            )
        if entry.module and self._owned.module_file(entry.module) is None:
            reason = f"module {entry.module!a} is not a file of this distribution"
            return _broken(record, "ownership", reason, f"pip uninstall {found.name}")
        return self._with_manifest(record, entry, metadata)

    def _with_manifest(
        self, record: PluginRecord, entry: PluginEntry, metadata: Metadata
    ) -> PluginRecord:
        if not entry.manifest:
            return self._probed(record, entry)
        file = self._owned.find(entry.manifest)
        if file is None:
            reason = f"manifest {entry.manifest} is not a file of this distribution"
            return _broken(record, "manifest", reason, _reinstall(metadata.name))
        try:
            manifest, unknown = read_manifest(entry.manifest, read_bounded(file))
        except (ManifestError, UnreadableError, FileNotFoundError) as error:
            mend = f"build it again: agentreg manifest build {entry.module or entry.name}"
            return _broken(record, "manifest", str(error), mend)
        notes = tuple(f"manifest: {path} is unknown to this host" for path in unknown)
        return self._accepted(replace(record, notes=notes), manifest)

    def _probed(self, record: PluginRecord, entry: PluginEntry) -> PluginRecord:
        answer = self._read_code(entry.module)
        if answer.manifest is None:
            mend = f"pip install --upgrade {record.distribution}, or tell its authors"
            return _broken(record, answer.code, answer.reason, mend)
        notes = ["ships no manifest; was read in a child process"]
        if answer.changed:
            notes.append(f"its import changed: {', '.join(answer.changed)}")
        return self._accepted(replace(record, notes=tuple(notes)), answer.manifest)

    def _accepted(self, record: PluginRecord, manifest: Manifest) -> PluginRecord:
        if misfit := check_host_api(manifest.host_api, plugin=record.distribution):
            return replace(
                record,
                state="incompatible",
                code=misfit.code,
                reason=misfit.reason,
                fix=misfit.fix,
            )
        targets = [agent.target for agent in manifest.agents]
        targets += [middleware.target for middleware in manifest.middleware]
        modules = sorted({target.partition(":")[0] for target in targets})
        foreign = [name for name in modules if self._owned.module_file(name) is None]
        if foreign:
            reason = f"module {foreign[0]!a} in its manifest is not a file of this distribution"
            return _broken(record, "ownership", reason, f"pip uninstall {record.distribution}")
        return replace(record, manifest=manifest)

    def _blocked(self) -> str:
        name = self._found.name
        if name in self._settings.block:
            return "is on the block list"
        if self._settings.allow and name not in self._settings.allow and name != "registry-core":
            return "is not on the allow list"
        return ""


def _broken(record: PluginRecord, code: str, reason: str, fix: str) -> PluginRecord:
    return replace(record, state="broken", code=code, reason=reason, fix=fix)


def _reinstall(distribution: str) -> str:
    return f"pip install --force-reinstall {distribution}"


def _unreadable(found: FoundDistribution) -> PluginRecord:
    return PluginRecord(
        name=found.name,
        distribution=found.name,
        version=found.version,
        location=str(found.metadata),
        state="broken",
        code="entry_points",
        reason=found.problem,
        fix=_reinstall(found.name),
    )


def _shadowing(found: FoundDistribution) -> Conflict:
    places = (found.metadata, *found.shadows)
    return Conflict(
        kind="distribution",
        name=found.name,
        owners=tuple(map(str, places)),
        pin=f"remove all but one; {found.metadata} is used",
    )


def _rivals(records: Iterable[PluginRecord]) -> dict[str, tuple[str, ...]]:
    owners: dict[str, set[str]] = defaultdict(set)
    for record in records:
        if record.state in {"ok", "incompatible"}:
            owners[record.name].add(record.distribution)
    return {name: tuple(sorted(them)) for name, them in sorted(owners.items()) if len(them) > 1}


def _undecided(
    rivals: Mapping[str, tuple[str, ...]], pins: Mapping[str, str]
) -> Iterator[Conflict]:
    for name, owners in rivals.items():
        if pins.get(name) not in owners:
            yield Conflict("plugin", name, owners, f'agentreg.toml: [pins] {name} = "{owners[0]}"')


def _as_rival(
    record: PluginRecord, rivals: Mapping[str, tuple[str, ...]], pins: Mapping[str, str]
) -> PluginRecord:
    owners = rivals.get(record.name, ())
    if record.state != "ok" or not owners or pins.get(record.name) == record.distribution:
        return record
    others = ", ".join(owner for owner in owners if owner != record.distribution)
    return replace(
        record,
        state="conflict",
        code="plugin_name",
        reason=f"plugin name {record.name!r} is also claimed by {others}",
        fix=f'agentreg.toml: [pins] {record.name} = "{record.distribution}"',
    )
