"""Which agents can do what, broader terms included."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from registry_core.catalog.layered import Layered
from registry_core.catalog.multimap import AgentsBy
from registry_core.definitions.capability import CapabilityDefinition
from registry_core.names import AgentId, CapabilityName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from registry_core.catalog.entry import Facts
    from registry_core.definitions.agent import AgentDefinition

__all__ = ["CapabilityIndex"]


@dataclass(frozen=True, slots=True)
class CapabilityIndex:
    """Capabilities, and the agents that claim them.

    Attributes:
        definitions: Every described capability, by name.
        claims: Agents by the capability exactly as they claim it.
        under: Agents by each capability that they claim or that is broader than a claim.
    """

    definitions: Layered[CapabilityName, CapabilityDefinition] = field(
        default_factory=Layered[CapabilityName, CapabilityDefinition]
    )
    claims: AgentsBy[CapabilityName] = field(default_factory=AgentsBy[CapabilityName])
    under: AgentsBy[CapabilityName] = field(default_factory=AgentsBy[CapabilityName])

    def describing(self, definitions: Iterable[CapabilityDefinition]) -> CapabilityIndex:
        """Return this index with more *definitions*; the first description of a name stays."""
        new: dict[CapabilityName, CapabilityDefinition] = {}
        for definition in definitions:
            if definition.name not in self.definitions:
                new.setdefault(definition.name, definition)
        if not new:
            return self
        known = self.definitions.changed(new)
        # A description may put what was claimed before under another broader term.
        if not any(new[name].broader and name in self.under for name in new):
            return replace(self, definitions=known)
        described = CapabilityIndex(known, self.claims)
        pairs = ((name, agent) for name in self.claims for agent in self.claims[name])
        return replace(described, under=AgentsBy[CapabilityName]().adding(described._rise(pairs)))

    def adding(self, facts: Facts) -> CapabilityIndex:
        """Return this index with the claims of some agents."""
        return replace(
            self,
            claims=self.claims.adding(facts.claims),
            under=self.under.adding(self._rise(facts.claims)),
        )

    def removing(self, facts: Facts) -> CapabilityIndex:
        """Return this index without the claims of some agents."""
        return replace(
            self,
            claims=self.claims.removing(facts.claims),
            under=self.under.removing(self._rise(facts.claims)),
        )

    def __contains__(self, name: object) -> bool:
        """Whether the capability is described, claimed, or broader than one that is claimed."""
        return name in self.definitions or name in self.under

    def names(self) -> tuple[CapabilityName, ...]:
        """Return every capability there is, sorted."""
        return tuple(sorted({*self.definitions, *self.under}))

    def broader(self, name: CapabilityName) -> tuple[CapabilityName, ...]:
        """Return all broader terms of *name*, nearest first."""
        chain: list[CapabilityName] = []
        term = self._broader_term(name)
        while term is not None and term not in chain and term != name:
            chain.append(term)
            term = self._broader_term(term)
        return tuple(chain)

    def agents(self, name: CapabilityName) -> tuple[AgentId, ...]:
        """Return the agents that claim *name* or a narrower term, sorted by id."""
        return self.under[name]

    def score(self, definition: AgentDefinition, name: CapabilityName) -> float:
        """Return the best score that an agent claims for *name* or a narrower term; else 0."""
        scores = (
            claim.score
            for claim in definition.capabilities
            if claim.name == name or name in self.broader(claim.name)
        )
        return max(scores, default=0.0)

    def _broader_term(self, name: CapabilityName) -> CapabilityName | None:
        definition = self.definitions.get(name)
        return definition.broader_term if definition else name.broader

    def _rise(
        self, pairs: Iterable[tuple[CapabilityName, AgentId]]
    ) -> Iterator[tuple[CapabilityName, AgentId]]:
        """Yield each pair, and one for each broader term."""
        terms: dict[CapabilityName, tuple[CapabilityName, ...]] = {}
        for name, agent in pairs:
            if name not in terms:
                terms[name] = (name, *self.broader(name))
            for term in terms[name]:
                yield term, agent
