"""From what is installed to one record a plugin."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from registry_core.definitions.validating import recall_manifest
from registry_core.discovery.compatibility import Misfit, check_host_api, check_requirements
from registry_core.discovery.conflicts import (
    contested_agents,
    settle_files,
    settle_names,
    shadowing,
)
from registry_core.discovery.inspection import (
    Flaw,
    Inspection,
    PluginFiles,
    check_targets,
    inspect_marked,
)
from registry_core.discovery.ownership import OwnedFiles
from registry_core.discovery.places import FRESH_NS, Mark, mark_of, marks_of
from registry_core.discovery.placing import settle_places
from registry_core.discovery.probe import Probed, probe
from registry_core.discovery.report import (
    Conflict,
    DiscoveryReport,
    PluginRecord,
    PluginState,
)
from registry_core.discovery.scan import FoundDistribution, scan
from registry_core.discovery.trust import TrustList
from registry_core.settings.choosing import Defaults

if TYPE_CHECKING:
    from registry_core.definitions.manifest import Manifest
    from registry_core.settings.choosing import Choosing

__all__ = ["Answer", "Discovery", "Prober", "Remembered", "discover", "search"]

Prober: TypeAlias = Callable[[str], Probed]
_PROBES_AT_ONCE = 4


class Answer(NamedTuple):
    """What a child process said of one module.

    Attributes:
        module: The module.
        probed: What it said.
        sources: Files of an editable project that it depends on, as they were.
    """

    module: str
    probed: Probed
    sources: tuple[Mark, ...] = ()


class Remembered(NamedTuple):
    """What was read of one distribution, and when that stops to be true.

    Attributes:
        marks: The files it was read from, as they were.
        inspection: What they said.
        answers: What child processes said.
    """

    marks: tuple[Mark, ...]
    inspection: Inspection
    answers: tuple[Answer, ...] = ()

    @property
    def outside(self) -> tuple[Mark, ...]:
        """Files beside the metadata folder that it was read from."""
        sources = (mark for answer in self.answers for mark in answer.sources)
        return (*self.inspection.manifests, *sources)


class Discovery(NamedTuple):
    """A report, and what makes the next one cheap.

    Attributes:
        brief: What was found, with manifests as *memory* has them: most without schemas.
        memory: What was read, by metadata folder.
        watched: Files outside of the searched folders on which the report depends.
        began_ns: When the first file was looked at, in ns since 1970.
        read: How many distributions had to be read anew.
        lasting: Whether all that the report depends on is watched.
    """

    brief: DiscoveryReport
    memory: Mapping[str, Remembered]
    watched: tuple[Mark, ...]
    began_ns: int
    read: int
    lasting: bool

    @property
    def texts(self) -> dict[int, bytes]:
        """The texts of manifests, by the identity of what *brief* has instead."""
        files = (file for item in self.memory.values() for file in item.inspection.plugins)
        return {id(file.manifest): file.text for file in files if file.text}

    @property
    def report(self) -> DiscoveryReport:
        """What was found, with all of every manifest."""
        texts = self.texts
        plugins = tuple(
            replace(record, manifest=recall_manifest(text))
            if (text := texts.get(id(record.manifest)))
            else record
            for record in self.brief.plugins
        )
        return replace(self.brief, plugins=plugins)


def discover(
    settings: Choosing | None = None,
    *,
    path: Iterable[str] | None = None,
    read_code: Prober | None = None,
) -> DiscoveryReport:
    """Return a record for each installed plugin; imports none of them, and keeps no cache.

    Args:
        settings: Whom to block and which pins decide conflicts.
        path: Folders to search; the interpreter's own unless given.
        read_code: How a plugin without a manifest is read; in a child process unless given.

    Raises:
        ConfigError: If the lock that the settings name cannot be read.
    """
    return search(settings or Defaults(), path=path, read_code=read_code).report


def search(
    settings: Choosing,
    *,
    path: Iterable[str] | None = None,
    read_code: Prober | None = None,
    memory: Mapping[str, Remembered] | None = None,
    remembered_ns: int = 0,
) -> Discovery:
    """Return what is installed; a distribution that *memory* knows is not read again.

    Args:
        settings: Whom to block and which pins decide conflicts.
        path: Folders to search; the interpreter's own unless given.
        read_code: How a plugin without a manifest is read; in a child process unless given.
        memory: What an earlier discovery read, by metadata folder.
        remembered_ns: When that one began, in ns since 1970.

    Raises:
        ConfigError: If the lock that the settings name cannot be read.
    """
    folders = None if path is None else tuple(path)
    began_ns = time.time_ns()
    known = memory or {}
    found = scan(folders)
    seen = {item.metadata: _recalled(item, known, remembered_ns) for item in found}
    read = sum(
        item.metadata not in known
        or seen[item.metadata].inspection is not known[item.metadata].inspection
        for item in found
    )
    copies = _copies(found, seen)
    judge = _Judge(
        settings,
        installed={name: items[0].version for name, items in copies.items()},
        seen=seen,
        read_code=read_code or partial(probe, path=folders or ()),
    )
    records = judge.records([items[0] for items in copies.values()])
    conflicts = [
        shadowing(name, [item.metadata for item in items])
        for name, items in copies.items()
        if len(items) > 1 and any(seen[item.metadata].inspection.concerns_us for item in items)
    ]
    report = _settled(records, conflicts, judge.files, settings)
    return Discovery(report, judge.seen, judge.watched(), began_ns, read, judge.lasting)


def _recalled(
    found: FoundDistribution, known: Mapping[str, Remembered], remembered_ns: int
) -> Remembered:
    before = known.get(found.metadata)
    if before is None or not _holds(before, remembered_ns):
        return _inspected(found)
    if all(answer.probed.manifest for answer in before.answers):
        return before
    # What was missing for an import may have been installed since.
    return before._replace(answers=tuple(a for a in before.answers if a.probed.manifest))


def _holds(before: Remembered, remembered_ns: int) -> bool:
    marks = (*before.marks, *before.outside)
    newest = max(time_ns for _, time_ns, _ in marks)
    return newest < remembered_ns - FRESH_NS and marks == marks_of(path for path, _, _ in marks)


def _inspected(found: FoundDistribution) -> Remembered:
    inspection, marks = inspect_marked(found)
    return Remembered(marks, inspection)


def _copies(
    found: Sequence[FoundDistribution], seen: Mapping[str, Remembered]
) -> dict[str, list[FoundDistribution]]:
    """Return the distributions by name, sorted, the copies of one in the order of the path."""
    copies: dict[str, list[FoundDistribution]] = defaultdict(list)
    for item in found:
        copies[item.name].append(item)
    for name, items in copies.items():
        projects = [project for i in items if (project := seen[i.metadata].inspection.editable)]
        # setuptools leaves an egg-info in a project that it installs editable: no second copy.
        copies[name] = [
            item
            for item in items
            if not (item.is_egg_info and any(item.metadata.startswith(p) for p in projects))
        ]
    return dict(sorted(copies.items()))


class _Judge:
    """The checks on each plugin, cheapest first; whoever fails one meets no later one."""

    def __init__(
        self,
        settings: Choosing,
        *,
        installed: Mapping[str, str],
        seen: Mapping[str, Remembered],
        read_code: Prober,
    ) -> None:
        self.seen = dict(seen)
        self.files: dict[str, tuple[str, ...]] = {}
        self.lasting = True
        self._trust = TrustList(settings.plugins)
        self._installed = installed
        self._read_code = read_code

    def records(self, found: Sequence[FoundDistribution]) -> tuple[PluginRecord, ...]:
        """Return the records of all plugins in *found*."""
        records: list[PluginRecord] = []
        unread: list[tuple[PluginRecord, FoundDistribution]] = []
        for item in found:
            inspection = self.seen[item.metadata].inspection
            if inspection.flaw and not inspection.plugins:
                records.append(_stopped(_record(item, inspection), "broken", inspection.flaw))
            refused = (
                self._trust.lock_refusal(*_identity(item, inspection)) if inspection.plugins else ""
            )
            for plugin in inspection.plugins:
                self.files[f"{item.name}:{plugin.entry.name}"] = plugin.targets
                record = self._judged(item, inspection, plugin, refused)
                if record.state == "ok" and record.manifest is None:
                    unread.append((record, item))
                else:
                    records.append(record)
        if unread:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(_PROBES_AT_ONCE) as pool:
                records.extend(pool.map(self._probed, unread))
        return tuple(records)

    def watched(self) -> tuple[Mark, ...]:
        """Return the marks of all files outside of the searched folders."""
        # Files of an ordinary install change with its metadata; those of a project do not.
        projects = (item for item in self.seen.values() if item.inspection.editable)
        marks = {mark for item in projects for mark in item.outside}
        if self._trust.lock_file:
            marks.add(mark_of(self._trust.lock_file))
        return tuple(sorted(marks))

    def _judged(
        self, found: FoundDistribution, inspection: Inspection, plugin: PluginFiles, refused: str
    ) -> PluginRecord:
        if stop := self._stop(found, inspection, plugin, refused):
            return _stopped(_record(found, inspection, plugin), *stop)
        agents = plugin.manifest.agents if plugin.manifest else ()
        name, version, _ = _identity(found, inspection)
        blocked = self._trust.refused_agents(name, plugin.entry.name, version, agents)
        return _record(found, inspection, plugin, plugin.manifest, blocked)

    def _stop(
        self, found: FoundDistribution, inspection: Inspection, plugin: PluginFiles, refused: str
    ) -> tuple[PluginState, Flaw | Misfit] | None:
        """Return which state the first check that *plugin* fails puts it in, and why."""
        if barred := self._bar(found.name, plugin.entry.name, refused):
            return "blocked", barred
        if inspection.metadata is None:
            return ("broken", inspection.flaw) if inspection.flaw else None
        if misfit := check_requirements(inspection.metadata, self._installed):
            return "incompatible", misfit
        if flaw := plugin.flaw:
            return ("incompatible" if flaw.code == "format" else "broken"), flaw
        manifest = plugin.manifest
        misfit = check_host_api(manifest.host_api, plugin=found.name) if manifest else None
        return ("incompatible", misfit) if misfit else None

    def _bar(self, distribution: str, plugin: str, refused: str) -> Flaw | None:
        if listed := self._trust.refusal(distribution, plugin):
            return Flaw("settings", listed, "")
        mend = f"look at it, then lock it: agentreg audit --lock {self._trust.lock_file}"
        return Flaw("locked", refused, mend) if refused else None

    def _fitting(self, record: PluginRecord, manifest: Manifest) -> PluginRecord:
        if misfit := check_host_api(manifest.host_api, plugin=record.distribution):
            return _stopped(record, "incompatible", misfit)
        blocked = self._trust.refused_agents(
            record.distribution, record.name, record.version, manifest.agents
        )
        return replace(record, manifest=manifest, blocked_agents=blocked)

    def _probed(self, unread: tuple[PluginRecord, FoundDistribution]) -> PluginRecord:
        record, found = unread
        answer = self._answer(record.module, found)
        if answer.manifest is None:
            mend = f"pip install --upgrade {record.distribution}, or tell its authors"
            return _stopped(record, "broken", Flaw(answer.code, answer.reason, mend))
        owned = OwnedFiles(found.metadata)
        flaw, files = check_targets(answer.manifest, owned, found.name)
        if flaw is not None:
            return _stopped(record, "broken", flaw)
        self.files[record.full_name] = tuple(dict.fromkeys((*self.files[record.full_name], *files)))
        notes = ["ships no manifest; was read in a child process"]
        if answer.changed:
            notes.append(f"its import changed: {', '.join(answer.changed)}")
        return self._fitting(replace(record, notes=tuple(notes)), answer.manifest)

    def _answer(self, module: str, found: FoundDistribution) -> Probed:
        remembered = self.seen[found.metadata]
        for answer in remembered.answers:
            if answer.module == module:
                return answer.probed
        probed = self._read_code(module)
        project = remembered.inspection.editable
        # An ordinary install changes when its metadata does; a project under work by itself.
        sources = (file for file in probed.sources if project and file.startswith(project))
        answer = Answer(module, probed, marks_of(sources))
        if project and probed.manifest is None:
            self.lasting = False
        answers = (*remembered.answers, answer)
        self.seen[found.metadata] = remembered._replace(answers=answers)
        return probed


def _settled(
    records: Sequence[PluginRecord],
    conflicts: list[Conflict],
    files: Mapping[str, Sequence[str]],
    settings: Choosing,
) -> DiscoveryReport:
    records, over_names = settle_names(records, settings.pins)
    records, over_files = settle_files(records, files)
    conflicts += [*over_names, *over_files, *contested_agents(records, settings.pins)]
    records = settle_places(records)
    return DiscoveryReport(
        plugins=tuple(sorted(records, key=lambda record: (record.name, record.distribution))),
        conflicts=tuple(sorted(conflicts, key=lambda conflict: (conflict.kind, conflict.name))),
    )


def _record(
    found: FoundDistribution,
    inspection: Inspection,
    plugin: PluginFiles | None = None,
    manifest: Manifest | None = None,
    blocked: tuple[str, ...] = (),
) -> PluginRecord:
    name, version, metadata = _identity(found, inspection)
    return PluginRecord(
        name=plugin.entry.name if plugin else name,
        distribution=name,
        version=version,
        location=metadata,
        state="ok",
        manifest=manifest,
        module=plugin.entry.module if plugin else "",
        notes=plugin.notes if plugin else (),
        blocked_agents=blocked,
    )


def _identity(found: FoundDistribution, inspection: Inspection) -> tuple[str, str, str]:
    metadata = inspection.metadata
    return found.name, metadata.version if metadata else found.version, found.metadata


def _stopped(record: PluginRecord, state: PluginState, why: Flaw | Misfit) -> PluginRecord:
    return replace(record, state=state, code=why.code, reason=why.reason, fix=why.fix)
