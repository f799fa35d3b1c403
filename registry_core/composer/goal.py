"""What is asked of the composer."""

from __future__ import annotations

from dataclasses import dataclass

from registry_core.names import AgentId, CapabilityName, SchemaId
from registry_core.pipeline.plan import Objective

__all__ = ["Goal"]


@dataclass(frozen=True, slots=True)
class Goal:
    """What is had, what is wanted, and what else a plan must heed.

    Attributes:
        have: Schemas of the values that the caller gives, in order.
        want: Schemas of the values that must come out, in order.
        capabilities: One stage for each, in this order, each feeding the next.
        exclude: Agents that must not be used.
        require: Agents that must be used.
        max_stages: Most stages a plan may have, or None for any number.
        objective: What to make as small as possible.
    """

    have: tuple[SchemaId, ...] = ()
    want: tuple[SchemaId, ...] = ()
    capabilities: tuple[CapabilityName, ...] = ()
    exclude: frozenset[AgentId] = frozenset()
    require: frozenset[AgentId] = frozenset()
    max_stages: int | None = None
    objective: Objective = "stages"
