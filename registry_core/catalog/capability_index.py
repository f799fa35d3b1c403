"""Which agents can do what, broader terms included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from registry_core.catalog.multimap import AgentsBy
from registry_core.definitions.capability import CapabilityDefinition
from registry_core.names import AgentId, CapabilityName

if TYPE_CHECKING:
    from registry_core.catalog.entry import CatalogEntry

__all__ = ["CapabilityIndex"]


@dataclass(frozen=True, slots=True)
class CapabilityIndex:
    """Capabilities, and the agents that claim them.

    Attributes:
        definitions: Every described capability, by name.
        claims: Agents by the capability exactly as they claim it.
    """

    definitions: Mapping[CapabilityName, CapabilityDefinition] = field(
        default_factory=dict[CapabilityName, CapabilityDefinition]
    )
    claims: AgentsBy[CapabilityName] = field(default_factory=AgentsBy[CapabilityName])

    def describing(self, definitions: Iterable[CapabilityDefinition]) -> CapabilityIndex:
        """Return this index with more *definitions*; the first description of a name stays."""
        known = dict(self.definitions)
        for definition in definitions:
            known.setdefault(definition.name, definition)
        return CapabilityIndex(known, self.claims)

    def adding(self, entries: Iterable[CatalogEntry]) -> CapabilityIndex:
        """Return this index with the claims of *entries*."""
        return CapabilityIndex(self.definitions, self.claims.adding(_claims(entries)))

    def removing(self, entries: Iterable[CatalogEntry]) -> CapabilityIndex:
        """Return this index without the claims of *entries*."""
        return CapabilityIndex(self.definitions, self.claims.removing(_claims(entries)))

    def names(self) -> tuple[CapabilityName, ...]:
        """Return every capability that is described or claimed, sorted."""
        return tuple(sorted({*self.definitions, *self.claims.keys()}))

    def broader(self, name: CapabilityName) -> tuple[CapabilityName, ...]:
        """Return all broader terms of *name*, nearest first."""
        chain: list[CapabilityName] = []
        term = self._broader_term(name)
        while term is not None and term not in chain and term != name:
            chain.append(term)
            term = self._broader_term(term)
        return tuple(chain)

    def narrower(self, name: CapabilityName) -> tuple[CapabilityName, ...]:
        """Return *name* and every narrower term of it, sorted."""
        return tuple(
            other for other in self.names() if other == name or name in self.broader(other)
        )

    def agents(self, name: CapabilityName) -> tuple[AgentId, ...]:
        """Return the agents that claim *name* or a narrower term, sorted by id."""
        found = {agent for term in self.narrower(name) for agent in self.claims[term]}
        return tuple(sorted(found))

    def _broader_term(self, name: CapabilityName) -> CapabilityName | None:
        definition = self.definitions.get(name)
        return definition.broader_term if definition else name.broader


def _claims(entries: Iterable[CatalogEntry]) -> Iterator[tuple[CapabilityName, AgentId]]:
    for entry in entries:
        for claim in entry.definition.capabilities:
            yield claim.name, entry.id
