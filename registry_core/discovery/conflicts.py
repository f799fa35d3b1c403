"""Names and files that several owners claim: nobody gets them until somebody decides."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from registry_core.discovery.report import Conflict, PluginRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from registry_core.definitions.agent import AgentDefinition

__all__ = ["agent_ids", "contested_agents", "settle_files", "settle_names", "shadowing"]


def shadowing(name: str, places: Sequence[str]) -> Conflict:
    """Return the conflict of one distribution in several *places*; the first is used."""
    mend = f"remove all but one; {places[0]} is used"
    return Conflict("distribution", name, tuple(places), mend)


def settle_names(
    records: Sequence[PluginRecord], pins: Mapping[str, str]
) -> tuple[tuple[PluginRecord, ...], tuple[Conflict, ...]]:
    """Return the records with those in conflict marked, and the conflicts over plugin names.

    A pin decides a name; where there is none, nobody has it.
    """
    owners = _owners((r.name, r.distribution) for r in records if r.state in {"ok", "incompatible"})
    conflicts = tuple(
        Conflict("plugin", name, them, f'agentreg.toml: [pins] {name} = "{them[0]}"')
        for name, them in owners.items()
        if pins.get(name) not in them
    )
    if not owners:
        return tuple(records), ()
    judged: list[PluginRecord] = []
    for record in records:
        them = owners.get(record.name, ())
        if record.state == "ok" and them and pins.get(record.name) != record.distribution:
            others = ", ".join(owner for owner in them if owner != record.distribution)
            record = replace(  # noqa: PLW2901 -- the same record, judged
                record,
                state="conflict",
                code="plugin_name",
                reason=f"plugin name {record.name!r} is also claimed by {others}",
                fix=f'agentreg.toml: [pins] {record.name} = "{record.distribution}"',
            )
        judged.append(record)
    return tuple(judged), conflicts


def settle_files(
    records: Sequence[PluginRecord], files: Mapping[str, Sequence[str]]
) -> tuple[tuple[PluginRecord, ...], tuple[Conflict, ...]]:
    """Return the records with those that share a file or an agent id marked, and the conflicts.

    Args:
        records: Every plugin.
        files: Files that a plugin's entries lead to, by its full name.
    """
    claims = ((f, r.distribution) for r in records if r.offered for f in files.get(r.full_name, ()))
    conflicts = [
        Conflict("file", file, them, f"pip uninstall {them[-1]}, or the other one")
        for file, them in _owners(claims).items()
    ]
    ids = _owners((agent, r.full_name) for r in records for agent in agent_ids(r))
    conflicts += [
        Conflict("agent", agent, them, f"tell the authors of {them[0].partition(':')[0]}")
        for agent, them in ids.items()
    ]
    if not conflicts:
        return tuple(records), ()
    blame: dict[str, Conflict] = {}
    for conflict in conflicts:
        for owner in conflict.owners:
            blame.setdefault(owner, conflict)
    judged: list[PluginRecord] = []
    for record in records:
        blamed = blame.get(record.full_name) or blame.get(record.distribution)
        if blamed and record.offered:
            record = replace(  # noqa: PLW2901 -- the same record, judged
                record,
                state="conflict",
                code="agent_id" if blamed.kind == "agent" else "file",
                reason=f"{blamed.name} belongs to {' and to '.join(blamed.owners)}",
                fix=blamed.pin,
            )
        judged.append(record)
    return tuple(judged), tuple(conflicts)


def contested_agents(
    records: Iterable[PluginRecord], pins: Mapping[str, str]
) -> Iterator[Conflict]:
    """Yield the short agent names that several distributions have and no pin decides."""
    short = ((a.name, r.distribution) for r in records if r.state == "ok" for a in _agents(r))
    for name, them in _owners(short).items():
        if pins.get(name) not in them:
            yield Conflict("agent", name, them, f'agentreg.toml: [pins] {name} = "{them[0]}"')


def agent_ids(record: PluginRecord) -> tuple[str, ...]:
    """Return the ids of the agents that *record* offers."""
    return tuple(
        [
            f"{record.distribution}/{agent.name}@{agent.version or record.version}"
            for agent in _agents(record)
        ]
    )


def _agents(record: PluginRecord) -> tuple[AgentDefinition, ...]:
    offered = record.offered
    return offered.agents if offered else ()


def _owners(claims: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return what more than one owner claims, with them, sorted."""
    first: dict[str, str] = {}
    several: dict[str, set[str]] = defaultdict(set)
    for name, owner in claims:
        before = first.setdefault(name, owner)
        if before != owner:
            several[name] |= {before, owner}
    return {name: tuple(sorted(them)) for name, them in sorted(several.items())}
