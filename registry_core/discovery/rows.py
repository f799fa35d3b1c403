"""An agent as the list shows it: plain values, so that a list can come out of a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from registry_core.definitions.agent import AgentDefinition

__all__ = ["AgentRow", "row_of"]

AgentRow: TypeAlias = tuple[
    str,  # id
    tuple[tuple[str, str], ...],  # inputs by name, with their schemas
    str,  # output
    tuple[tuple[str, float], ...],  # capabilities, with scores
    str,  # summary
    tuple[str, ...],  # tags
    bool,  # whether it is contested
]


def row_of(agent: str, definition: AgentDefinition, *, contested: bool) -> AgentRow:
    """Return what a list shows of the agent with the id *agent*."""
    return (
        str(agent),
        tuple((item.name, str(item.schema)) for item in definition.inputs),
        str(definition.output),
        tuple((str(claim.name), claim.score) for claim in definition.capabilities),
        definition.summary,
        definition.tags,
        contested,
    )
