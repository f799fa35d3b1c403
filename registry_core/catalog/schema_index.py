"""Which agents give and take which schemas.

Exact lists are kept; what fits what is decided by comparing structures, when somebody asks.
So the answers do not depend on the order of registration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from registry_core.catalog.fitting import Takers, Verdicts, judge
from registry_core.catalog.layered import Layered
from registry_core.catalog.multimap import AgentsBy
from registry_core.definitions.schema import SchemaDefinition
from registry_core.errors import UnknownNameError
from registry_core.names import AgentId, SchemaId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.catalog.entry import Facts
    from registry_core.definitions.schema import JsonValue
    from registry_core.schemas.verdict import Verdict

__all__ = ["SchemaIndex"]


@dataclass(frozen=True, slots=True)
class SchemaIndex:
    """Schemas, their producers and their consumers.

    Attributes:
        definitions: Every known schema, by id.
        producers: Agents by the schema of their output.
        consumers: Agents by the schema of an input.
        unfed: Agents that need no input.
        verdicts: What was decided so far.
    """

    definitions: Layered[SchemaId, SchemaDefinition] = field(
        default_factory=Layered[SchemaId, SchemaDefinition]
    )
    producers: AgentsBy[SchemaId] = field(default_factory=AgentsBy[SchemaId])
    consumers: AgentsBy[SchemaId] = field(default_factory=AgentsBy[SchemaId])
    unfed: Layered[AgentId, None] = field(default_factory=Layered[AgentId, None])
    # They depend on the schemas alone, so all snapshots share what was ever decided and filed.
    verdicts: Verdicts = field(default_factory=Verdicts, compare=False, repr=False)
    _takers: Takers = field(default_factory=Takers, compare=False, repr=False)

    def describing(self, definitions: Iterable[SchemaDefinition]) -> SchemaIndex:
        """Return this index with more *definitions*; of one structure the latest version stays."""
        new: dict[SchemaId, SchemaDefinition] = {}
        for definition in definitions:
            schema = definition.id
            there = new.get(schema) or self.definitions.get(schema)
            if there is None:
                new[schema] = definition
            elif definition.version != there.version:
                new[schema] = max(there, definition, key=_version_parts)
        return replace(self, definitions=self.definitions.changed(new)) if new else self

    def adding(self, facts: Facts) -> SchemaIndex:
        """Return this index with what some agents give and take.

        Raises:
            UnknownNameError: If one of them mentions a schema that is not in this index.
        """
        given, taken = ({schema for schema, _ in pairs} for pairs in (facts.given, facts.taken))
        for schema in sorted(given | taken | facts.configured):
            if schema not in self.definitions:
                raise UnknownNameError("schema", schema)
        self._takers.file(self.definitions[schema] for schema in taken)
        return replace(
            self,
            producers=self.producers.adding(facts.given),
            consumers=self.consumers.adding(facts.taken),
            unfed=self.unfed.changed(dict.fromkeys(facts.unfed)),
        )

    def removing(self, facts: Facts) -> SchemaIndex:
        """Return this index without what some agents give and take."""
        return replace(
            self,
            producers=self.producers.removing(facts.given),
            consumers=self.consumers.removing(facts.taken),
            unfed=self.unfed.changed({}, without=facts.unfed),
        )

    def named(self, name: str) -> tuple[SchemaId, ...]:
        """Return the schemas of this name that agents give or take, else all, sorted.

        Args:
            name: A name, which stands for all versions, or one with its version: ``Page@1.1``.
        """
        plain, _, version = name.partition("@")
        owners = sorted(
            schema
            for schema, definition in self.definitions.items()
            if schema.name == plain and (not version or definition.version == version)
        )
        used = [s for s in owners if s in self.producers or s in self.consumers]
        return tuple(used or owners)

    def full_name(self, schema: SchemaId) -> str:
        """Return the name of *schema* with its version, as ``Page@1.0``.

        Raises:
            UnknownNameError: If it is not in this index.
        """
        return f"{schema.name}@{self.definition(schema).version}"

    def called(self, producer: SchemaId, consumer: SchemaId) -> tuple[str, str]:
        """Return what to call the two schemas of an edge, so that nobody mixes them up.

        Returns:
            Their names; with versions where both have one name, and their ids where the versions
            are the same too.

        Raises:
            UnknownNameError: If they have one name and are not in this index.
        """
        if producer.name != consumer.name or producer == consumer:
            return producer.name, consumer.name
        ours, theirs = self.full_name(producer), self.full_name(consumer)
        return (producer, consumer) if ours == theirs else (ours, theirs)

    def fits(self, producer: SchemaId, consumer: SchemaId) -> Verdict:
        """Return whether everything given as *producer* can be taken as *consumer*.

        Raises:
            UnknownNameError: If one of them is not in this index.
        """
        return self.verdicts.of(self.definition(producer), self.definition(consumer))

    def judge(self, value: JsonValue, schema: SchemaId, *, as_layer: bool = False) -> Verdict:
        """Return whether one JSON *value* can be taken as *schema*.

        Args:
            value: What is offered.
            schema: What it is to be taken as.
            as_layer: Whether members may be missing, since *value* goes over others, but none may
                be undeclared.

        Raises:
            UnknownNameError: If the schema is not in this index.
        """
        return judge(value, self.definition(schema).accepts, as_layer=as_layer)

    def taken_as(self, schema: SchemaId) -> tuple[SchemaId, ...]:
        """Return the schemas of inputs that take everything given as *schema*, sorted.

        In time that depends on the candidates, not on how many agents there are.

        Raises:
            UnknownNameError: If the schema is not in this index.
        """
        taking = self._takers.taking(self.definition(schema), self.verdicts)
        return tuple(other for other in taking if other in self.consumers)

    def takers(self, schemas: Iterable[SchemaId]) -> Takers:
        """Return *schemas* filed so that whoever fits is found fast."""
        return Takers(map(self.definition, schemas))

    def taking(self, schema: SchemaId, takers: Takers) -> tuple[SchemaId, ...]:
        """Return those of *takers* that take everything given as *schema*, sorted."""
        return takers.taking(self.definition(schema), self.verdicts)

    def consumers_of(self, schema: SchemaId) -> tuple[AgentId, ...]:
        """Return the agents that can take *schema* in one of their inputs, sorted.

        Raises:
            UnknownNameError: If the schema is not in this index.
        """
        return _union(self.consumers[other] for other in self.taken_as(schema))

    def producers_of(self, schema: SchemaId) -> tuple[AgentId, ...]:
        """Return the agents whose output can be taken as *schema*, sorted.

        Raises:
            UnknownNameError: If the schema is not in this index.
        """
        takers = self.takers([schema])
        fitting = (other for other in self.producers if self.taking(other, takers))
        return _union(self.producers[other] for other in fitting)

    def definition(self, schema: SchemaId) -> SchemaDefinition:
        """Return the schema with this id.

        Raises:
            UnknownNameError: If it is not in this index.
        """
        try:
            return self.definitions[schema]
        except KeyError:
            raise UnknownNameError("schema", schema) from None


def _version_parts(definition: SchemaDefinition) -> tuple[tuple[int, str], ...]:
    """Return what sorts ``1.10`` after ``1.9``."""
    parts = re.findall(r"[0-9]+|[^0-9]+", definition.version)
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)


def _union(lists: Iterable[tuple[AgentId, ...]]) -> tuple[AgentId, ...]:
    return tuple(sorted({agent for agents in lists for agent in agents}))
