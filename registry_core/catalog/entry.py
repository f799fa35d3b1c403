"""One agent in the catalog, and what many of them say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from registry_core.definitions.agent import AgentDefinition
from registry_core.names import AgentId, AgentName, CapabilityName, SchemaId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["CatalogEntry", "Facts", "Pairs"]

KeyT = TypeVar("KeyT")


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


class Pairs(Generic[KeyT]):
    """Keys with the agents that have them, in two lists.

    Ten thousand tuples would wake the garbage collector, which costs more than the indexing.
    """

    __slots__ = ("_agents", "_keys")

    def __init__(self) -> None:
        """Start empty."""
        self._keys: list[KeyT] = []
        self._agents: list[AgentId] = []

    def add(self, key: KeyT, agent: AgentId) -> None:
        """Note that *agent* has *key*."""
        self._keys.append(key)
        self._agents.append(agent)

    def __iter__(self) -> Iterator[tuple[KeyT, AgentId]]:
        """Each key with its agent, in the order they were added."""
        return zip(self._keys, self._agents, strict=True)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is indexed of many entries, read in one pass: definitions lie far apart in memory.

    Attributes:
        names: Agents by short name.
        claims: Agents by claimed capability.
        given: Agents by schema of the output.
        taken: Agents by schema of an input.
        unfed: Agents that need no input.
        configured: Schemas of configurations.
    """

    names: Pairs[AgentName] = field(default_factory=Pairs[AgentName])
    claims: Pairs[CapabilityName] = field(default_factory=Pairs[CapabilityName])
    given: Pairs[SchemaId] = field(default_factory=Pairs[SchemaId])
    taken: Pairs[SchemaId] = field(default_factory=Pairs[SchemaId])
    unfed: set[AgentId] = field(default_factory=set[AgentId])
    configured: set[SchemaId] = field(default_factory=set[SchemaId])

    @classmethod
    def of(cls, entries: Iterable[CatalogEntry]) -> Facts:
        """Return what *entries* say."""
        facts = cls()
        for entry in entries:
            agent, definition = entry.id, entry.definition
            facts.names.add(definition.name, agent)
            facts.given.add(definition.output, agent)
            for item in definition.inputs:
                facts.taken.add(item.schema, agent)
            if not any(item.required for item in definition.inputs):
                facts.unfed.add(agent)
            for claim in definition.capabilities:
                facts.claims.add(claim.name, agent)
            if definition.config is not None:
                facts.configured.add(definition.config)
        return facts
