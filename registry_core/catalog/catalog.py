"""The immutable snapshot of all agents."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from registry_core.catalog.capability_index import CapabilityIndex
from registry_core.catalog.entry import CatalogEntry, Facts
from registry_core.catalog.layered import Layered
from registry_core.catalog.multimap import AgentsBy
from registry_core.catalog.schema_index import SchemaIndex
from registry_core.errors import AmbiguousNameError, DuplicateAgentError, UnknownNameError
from registry_core.names import AgentId, AgentName, CapabilityName, SchemaId

if TYPE_CHECKING:
    from registry_core.definitions.agent import AgentDefinition
    from registry_core.definitions.capability import CapabilityDefinition
    from registry_core.definitions.schema import JsonValue, SchemaDefinition
    from registry_core.schemas.verdict import Verdict

__all__ = ["Catalog"]


@dataclass(frozen=True, slots=True)
class Catalog:
    """All agents, by id, with what they can do and what they give and take.

    A catalog never changes; :meth:`adding` and :meth:`removing` return another one.

    Attributes:
        entries: Every agent by its id.
        capabilities: Who can do what.
        schemas: Who gives and takes what.
        pins: Distribution that owns a contested short name, by that name.
        by_name: Agents by short name, the contested too.
    """

    entries: Layered[AgentId, CatalogEntry] = field(default_factory=Layered[AgentId, CatalogEntry])
    capabilities: CapabilityIndex = field(default_factory=CapabilityIndex)
    schemas: SchemaIndex = field(default_factory=SchemaIndex)
    pins: Mapping[str, str] = field(default_factory=dict[str, str])
    by_name: AgentsBy[AgentName] = field(default_factory=AgentsBy[AgentName])

    def __len__(self) -> int:
        """How many agents there are."""
        return len(self.entries)

    def __iter__(self) -> Iterator[CatalogEntry]:
        """All entries, sorted by id."""
        return (self.entries[agent] for agent in sorted(self.entries))

    def __contains__(self, agent: object) -> bool:
        """Whether there is an agent with this id."""
        return agent in self.entries

    def adding(
        self,
        entries: Iterable[CatalogEntry],
        *,
        schemas: Iterable[SchemaDefinition] = (),
        capabilities: Iterable[CapabilityDefinition] = (),
        replacing: bool = False,
    ) -> Catalog:
        """Return this catalog with more agents; one that is there already changes nothing.

        Args:
            entries: What to add.
            schemas: Schemas they mention.
            capabilities: Capabilities to describe.
            replacing: Whether an agent may take the id of one that is there.

        Raises:
            DuplicateAgentError: If an id belongs to another agent, unless *replacing*.
            UnknownNameError: If an agent mentions a schema that nobody described.
        """
        batch: dict[AgentId, CatalogEntry] = {}
        for entry in entries:
            there = batch.get(entry.id) or self.entries.get(entry.id)
            if there is not None and there != entry and not replacing:
                raise DuplicateAgentError(entry.id)
            batch[entry.id] = entry
        base = self.removing([agent for agent in batch if agent in self.entries])
        facts = Facts.of(batch.values())
        return Catalog(
            entries=base.entries.changed(batch),
            capabilities=base.capabilities.describing(capabilities).adding(facts),
            schemas=base.schemas.describing(schemas).adding(facts),
            pins=self.pins,
            by_name=base.by_name.adding(facts.names),
        )

    def removing(self, agents: Iterable[AgentId]) -> Catalog:
        """Return this catalog without *agents*.

        Raises:
            UnknownNameError: If one of them is not there.
        """
        gone = {agent: self.entry(agent) for agent in agents}
        if not gone:
            return self
        facts = Facts.of(gone.values())
        return replace(
            self,
            entries=self.entries.changed({}, without=gone),
            capabilities=self.capabilities.removing(facts),
            schemas=self.schemas.removing(facts),
            by_name=self.by_name.removing(facts.names),
        )

    def entry(self, agent: str) -> CatalogEntry:
        """Return the entry of the agent with this full id.

        Raises:
            UnknownNameError: If there is none.
        """
        found = self.entries.get(AgentId(agent))
        if found is None:
            raise UnknownNameError("agent", agent, self._close_agents(agent))
        return found

    def definition(self, agent: str) -> AgentDefinition:
        """Return what the agent with this full id declares.

        Raises:
            UnknownNameError: If there is none.
        """
        return self.entry(agent).definition

    def resolve(self, name: str) -> AgentId:
        """Return the id that *name* leads to.

        Args:
            name: A full id, ``distribution/agent``, or a short name that has one owner.

        Raises:
            UnknownNameError: If nothing has the name.
            AmbiguousNameError: If several have it and no pin decides.
        """
        if AgentId(name) in self.entries:
            return AgentId(name)
        distribution, _, short = name.rpartition("/")
        owners = tuple(
            agent
            for agent in self.by_name[AgentName(short)]
            if (agent.distribution == distribution if distribution else self._answers(agent))
        )
        if len(owners) > 1 and name in self.pins:
            pinned = tuple(o for o in owners if self.pins[name] in {o.distribution, o})
            owners = pinned or owners
        if len(owners) > 1:
            raise AmbiguousNameError("agent", name, owners)
        if not owners:
            raise UnknownNameError("agent", name, self._close_agents(short))
        return owners[0]

    def resolve_schema(self, name: str) -> SchemaId:
        """Return the schema that *name* leads to.

        Args:
            name: A full id, a name with a version as in ``Page@1.1``, or a name. Where several
                structures have the name, those count that some agent gives or takes.

        Raises:
            UnknownNameError: If nothing has the name.
            AmbiguousNameError: If several structures have it.
        """
        if SchemaId(name) in self.schemas.definitions:
            return SchemaId(name)
        owners = self.schemas.named(name)
        if len(owners) > 1:
            raise AmbiguousNameError("schema", name, owners)
        if not owners:
            names = sorted({schema.name for schema in self.schemas.definitions})
            raise UnknownNameError("schema", name, difflib.get_close_matches(name, names))
        return owners[0]

    def resolve_capability(self, name: str) -> CapabilityName:
        """Return the capability of that name.

        Raises:
            UnknownNameError: If no plugin describes or claims it.
        """
        if name not in self.capabilities:
            close = difflib.get_close_matches(name, self.capabilities.names())
            raise UnknownNameError("capability", name, close)
        return CapabilityName(name)

    def fits(self, producer: SchemaId, consumer: SchemaId) -> Verdict:
        """Return whether everything given as *producer* can be taken as *consumer*."""
        return self.schemas.fits(producer, consumer)

    def called(self, producer: SchemaId, consumer: SchemaId) -> tuple[str, str]:
        """Return what to call two schemas of one edge, so that nobody mixes them up."""
        return self.schemas.called(producer, consumer)

    def judge(self, value: JsonValue, schema: SchemaId, *, as_layer: bool = False) -> Verdict:
        """Return whether one JSON *value* can be taken as *schema*.

        Args:
            value: What is offered.
            schema: What it is to be taken as.
            as_layer: Whether members may be missing, since *value* goes over others, but none may
                be undeclared.
        """
        return self.schemas.judge(value, schema, as_layer=as_layer)

    def find(
        self,
        *,
        capability: str | None = None,
        takes: SchemaId | None = None,
        gives: SchemaId | None = None,
        tag: str | None = None,
        text: str | None = None,
    ) -> tuple[CatalogEntry, ...]:
        """Return the agents that meet every condition given.

        Args:
            capability: They claim it or a narrower one; then best score first.
            takes: They can take this schema in one of their inputs.
            gives: Their output can be taken as this schema.
            tag: They carry it.
            text: Every word of it occurs in their name, summary, tags or capabilities.

        Returns:
            Entries sorted by id, or by falling score and then id.

        Raises:
            UnknownNameError: If the capability or a schema is not known.
        """
        found: Collection[AgentId] = self.entries.keys()
        scores: dict[AgentId, float] = {}
        if capability is not None:
            term = self.resolve_capability(capability)
            found = self.capabilities.agents(term)
            scores = {a: self.capabilities.score(self.entries[a].definition, term) for a in found}
        if takes is not None:
            found = set(self.schemas.consumers_of(takes)).intersection(found)
        if gives is not None:
            found = set(self.schemas.producers_of(gives)).intersection(found)
        entries = (self.entries[agent] for agent in found)
        meeting = (
            entry
            for entry in entries
            if (tag is None or tag in entry.definition.tags)
            and (text is None or _mentions(entry, text))
        )
        return tuple(sorted(meeting, key=lambda entry: (-scores.get(entry.id, 0.0), entry.id)))

    def _answers(self, agent: AgentId) -> bool:
        return not self.entries[agent].contested

    def _close_agents(self, name: str) -> list[str]:
        close = difflib.get_close_matches(name, sorted(self.by_name), cutoff=0.7)
        return list(dict.fromkeys((*self.by_name[AgentName(name)], *close)))


def _mentions(entry: CatalogEntry, text: str) -> bool:
    definition = entry.definition
    capabilities = (claim.name for claim in definition.capabilities)
    content = " ".join((entry.id, definition.summary, *definition.tags, *capabilities)).lower()
    return all(word in content for word in text.lower().split())
