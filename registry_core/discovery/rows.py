"""Agents and plugins as lists show them: plain values, so that lists come out of a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from registry_core.definitions.agent import AgentDefinition
    from registry_core.discovery.report import PluginRecord

__all__ = ["AgentRow", "PluginRow", "plugin_row_of", "row_of"]

AgentRow: TypeAlias = tuple[
    str,  # id
    tuple[tuple[str, str], ...],  # inputs by name, with their schemas
    str,  # output
    tuple[tuple[str, float], ...],  # capabilities, with scores
    str,  # summary
    tuple[str, ...],  # tags
    bool,  # whether it is contested
]


class PluginRow(NamedTuple):
    """What a list shows of a plugin: its record, with its manifest as counts.

    Attributes:
        agents: How many it offers; like the next three None where no manifest could be read.
    """

    name: str
    distribution: str
    version: str
    location: str
    state: str
    code: str
    reason: str
    fix: str
    notes: tuple[str, ...]
    blocked_agents: tuple[str, ...]
    agents: int | None
    middleware: int | None
    collectors: int | None
    hooks: tuple[str, ...] | None


def plugin_row_of(record: PluginRecord) -> PluginRow:
    """Return what a list shows of the plugin of *record*."""
    manifest = record.manifest
    return PluginRow(
        str(record.name),
        record.distribution,
        record.version,
        record.location,
        record.state,
        record.code,
        record.reason,
        record.fix,
        record.notes,
        tuple(map(str, record.blocked_agents)),
        len(manifest.agents) if manifest else None,
        len(manifest.middleware) if manifest else None,
        len(manifest.collectors) if manifest else None,
        manifest.hooks if manifest else None,
    )


def row_of(agent: str, definition: AgentDefinition, *, contested: bool) -> AgentRow:
    """Return what a list shows of the agent with the id *agent*."""
    return (
        str(agent),
        tuple([(item.name, str(item.schema)) for item in definition.inputs]),
        str(definition.output),
        tuple([(str(claim.name), claim.score) for claim in definition.capabilities]),
        definition.summary,
        definition.tags,
        contested,
    )
