"""Plugins whose import took a process down: listed, and kept out until they survive one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from registry_core.discovery.breadcrumbs import forget_cuts
from registry_core.errors import AgentLoadError, NameLookupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from registry_core.catalog.catalog import Catalog
    from registry_core.discovery.breadcrumbs import CutImport
    from registry_core.discovery.checkup import ImportCheck
    from registry_core.discovery.report import DiscoveryReport, PluginRecord

__all__ = ["lift", "quarantine", "refusal", "refuse_quarantined"]

_LIFT = "agentreg doctor --import"


def quarantine(report: DiscoveryReport, cuts: Iterable[CutImport]) -> DiscoveryReport:
    """Return *report* with every plugin quarantined that could be used and that *cuts* name.

    A name that it shares with another plugin stays contested: nobody inherits it by a crash.
    """
    by_plugin = {(cut.plugin, cut.location): cut for cut in cuts}
    records = [
        _quarantined(record, cut)
        if record.offered and (cut := by_plugin.get((record.full_name, record.location)))
        else record
        for record in report.plugins
    ]
    return replace(report, plugins=tuple(records))


def refuse_quarantined(
    names: Iterable[str], records: Sequence[PluginRecord], catalog: Catalog
) -> None:
    """Do nothing unless one of *names* means an agent in quarantine.

    Raises:
        AgentLoadError: If one does: nothing else has it, or a pin gives it to that plugin.
    """
    kept_out = {name: record for record in records for name in _names_of(record)}
    for name in names:
        record = kept_out.get(name)
        if record is None:
            continue
        pinned = catalog.pins.get(name, "").partition("/")[0] == record.distribution
        if pinned or not _leads_somewhere(name, catalog):
            raise refusal(name, record)


def refusal(subject: str, record: PluginRecord) -> AgentLoadError:
    """Return the error of asking for *subject*, which the quarantined plugin of *record* offers."""
    hint = f"see whether it does again: {_LIFT}"
    return AgentLoadError(subject, "quarantine", record.reason, hint)


def lift(
    cache: str, records: Iterable[PluginRecord], checks: Iterable[ImportCheck]
) -> tuple[str, ...]:
    """Return the quarantined plugins that survived their check; they are free from now on.

    Args:
        cache: Folder in which their last imports were noted.
        records: The plugins.
        checks: What became of importing them in child processes.
    """
    survived = {check.plugin for check in checks if check.code in {"", "manifest"}}
    held = (record.full_name for record in records if record.state == "quarantined")
    lifted = tuple(name for name in held if name in survived)
    for name in lifted:
        forget_cuts(cache, name)
    return lifted


def _quarantined(record: PluginRecord, cut: CutImport) -> PluginRecord:
    moment = datetime.fromtimestamp(cut.began, UTC).strftime("%Y-%m-%d %H:%M UTC")
    reason = f"process {cut.process} ended while it imported this, {moment}"
    return replace(record, state="quarantined", code="died", reason=reason, fix=_LIFT)


def _names_of(record: PluginRecord) -> tuple[str, ...]:
    if record.state != "quarantined" or record.manifest is None:
        return ()
    return tuple(
        name
        for agent in record.manifest.agents
        for stem in [f"{record.distribution}/{agent.name}"]
        for name in (agent.name, stem, f"{stem}@{agent.version or record.version}")
    )


def _leads_somewhere(name: str, catalog: Catalog) -> bool:
    try:
        catalog.resolve(name)
    except NameLookupError:
        return False
    return True
