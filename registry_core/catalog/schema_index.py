"""Which agents give and take which schemas.

Exact lists are kept; what fits what is decided by comparing structures, once for each pair
of schemas, when somebody asks. So the answers do not depend on the order of registration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from registry_core.catalog.multimap import AgentsBy
from registry_core.definitions.schema import SchemaDefinition
from registry_core.errors import UnknownNameError
from registry_core.names import AgentId, SchemaId
from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits, Verdict

if TYPE_CHECKING:
    from registry_core.catalog.entry import CatalogEntry

__all__ = ["SchemaIndex"]


@dataclass(frozen=True, slots=True)
class SchemaIndex:
    """Schemas, their producers and their consumers.

    Attributes:
        definitions: Every known schema, by id.
        producers: Agents by the schema of their output.
        consumers: Agents by the schema of an input.
    """

    definitions: Mapping[SchemaId, SchemaDefinition] = field(
        default_factory=dict[SchemaId, SchemaDefinition]
    )
    producers: AgentsBy[SchemaId] = field(default_factory=AgentsBy[SchemaId])
    consumers: AgentsBy[SchemaId] = field(default_factory=AgentsBy[SchemaId])
    # Verdicts depend on the two ids alone, so all snapshots share what was ever decided.
    _verdicts: dict[tuple[SchemaId, SchemaId], Verdict] = field(
        default_factory=dict[tuple[SchemaId, SchemaId], Verdict], compare=False, repr=False
    )

    def describing(self, definitions: Iterable[SchemaDefinition]) -> SchemaIndex:
        """Return this index with more *definitions*."""
        known = dict(self.definitions)
        for definition in definitions:
            known.setdefault(definition.id, definition)
        return SchemaIndex(known, self.producers, self.consumers, self._verdicts)

    def adding(self, entries: Iterable[CatalogEntry]) -> SchemaIndex:
        """Return this index with what *entries* give and take."""
        batch = tuple(entries)
        return SchemaIndex(
            self.definitions,
            self.producers.adding(_given(batch)),
            self.consumers.adding(_taken(batch)),
            self._verdicts,
        )

    def removing(self, entries: Iterable[CatalogEntry]) -> SchemaIndex:
        """Return this index without what *entries* give and take."""
        batch = tuple(entries)
        return SchemaIndex(
            self.definitions,
            self.producers.removing(_given(batch)),
            self.consumers.removing(_taken(batch)),
            self._verdicts,
        )

    def fits(self, producer: SchemaId, consumer: SchemaId) -> Verdict:
        """Return whether everything given as *producer* can be taken as *consumer*.

        Raises:
            UnknownNameError: If one of them is not in this index.
        """
        verdict = self._verdicts.get((producer, consumer))
        if verdict is None:
            verdict = self._decide(producer, consumer)
            self._verdicts[producer, consumer] = verdict
        return verdict

    def _decide(self, producer: SchemaId, consumer: SchemaId) -> Verdict:
        gives, takes = self._definition(producer), self._definition(consumer)
        if producer == consumer:
            return Fits("same schema")
        return compare(gives.emits, takes.accepts)

    def accepting(self, schema: SchemaId) -> tuple[SchemaId, ...]:
        """Return the schemas of inputs that take everything given as *schema*, sorted."""
        taken = sorted(self.consumers.keys())
        return tuple(other for other in taken if isinstance(self.fits(schema, other), Fits))

    def consumers_of(self, schema: SchemaId) -> tuple[AgentId, ...]:
        """Return the agents that can take *schema* in one of their inputs, sorted."""
        return _union(self.consumers[other] for other in self.accepting(schema))

    def producers_of(self, schema: SchemaId) -> tuple[AgentId, ...]:
        """Return the agents whose output can be taken as *schema*, sorted."""
        given = sorted(self.producers.keys())
        fitting = (other for other in given if isinstance(self.fits(other, schema), Fits))
        return _union(self.producers[other] for other in fitting)

    def _definition(self, schema: SchemaId) -> SchemaDefinition:
        try:
            return self.definitions[schema]
        except KeyError:
            raise UnknownNameError("schema", schema) from None


def _given(entries: Iterable[CatalogEntry]) -> Iterator[tuple[SchemaId, AgentId]]:
    for entry in entries:
        yield entry.definition.output, entry.id


def _taken(entries: Iterable[CatalogEntry]) -> Iterator[tuple[SchemaId, AgentId]]:
    for entry in entries:
        for declared in entry.definition.inputs:
            yield declared.schema, entry.id


def _union(lists: Iterable[tuple[AgentId, ...]]) -> tuple[AgentId, ...]:
    return tuple(sorted({agent for agents in lists for agent in agents}))
