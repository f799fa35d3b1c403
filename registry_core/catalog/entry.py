"""One agent in the catalog."""

from __future__ import annotations

from dataclasses import dataclass

from registry_core.definitions.agent import AgentDefinition
from registry_core.names import AgentId

__all__ = ["CatalogEntry"]


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """An agent with its identity.

    Attributes:
        id: ``distribution/agent@version``.
        definition: What its plugin declares.
        contested: Whether its plugin shares its name with another: then it answers to its
            full id only, and no plan picks it by itself.
    """

    id: AgentId
    definition: AgentDefinition
    contested: bool = False
