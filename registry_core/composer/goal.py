"""What is asked of the composer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from registry_core.composer.versions import admits, split
from registry_core.names import AgentId, CapabilityName, SchemaId
from registry_core.pipeline.plan import Limits, Objective

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.catalog.catalog import Catalog

__all__ = ["CapabilityTerm", "Goal", "knowing"]


@dataclass(frozen=True, slots=True)
class CapabilityTerm:
    """A capability, of agents of certain versions.

    Attributes:
        name: What they claim, or something broader.
        versions: Specifier that an agent's version must meet; empty for any version.

    >>> str(CapabilityTerm.parse("reporting >= 1.2"))
    'reporting>=1.2'
    """

    name: CapabilityName
    versions: str = ""

    @classmethod
    def parse(cls, text: str) -> CapabilityTerm:
        """Return the term that *text* is.

        Raises:
            InvalidNameError: If it names no capability, or its versions are no specifier.
        """
        name, versions = split(text)
        return cls(CapabilityName.parse(name), versions)

    def __str__(self) -> str:
        """As it is typed."""
        return f"{self.name}{self.versions}"

    def agents(self, catalog: Catalog) -> tuple[AgentId, ...]:
        """Return the agents that meet the term, sorted by id."""
        agents = catalog.capabilities.agents(self.name)
        return tuple(agent for agent in agents if admits(self.versions, agent.version))


@dataclass(frozen=True, slots=True)
class Goal:
    """What is had, what is wanted, and what else a plan must heed.

    Attributes:
        have: Schemas of the values that the caller gives, in order.
        want: Schemas of the values that must come out, in order.
        capabilities: To pass through in this order: a stage for each, which takes what the one
            before it gave, itself or by way of other stages.
        any_order: Capabilities that some stage must have, wherever it stands.
        first: Capability of the stage at which that way begins; it takes given values only.
        last: Capability of the stage at which it ends; what it gives is a result.
        exclude: Agents that must not be used.
        require: Agents that must be used.
        limits: What a plan may not need more of.
        objective: What to make as small as possible.
        against: A second objective; then the plans are those of which none is better in both.
    """

    have: tuple[SchemaId, ...] = ()
    want: tuple[SchemaId, ...] = ()
    capabilities: tuple[CapabilityTerm, ...] = ()
    any_order: tuple[CapabilityTerm, ...] = ()
    first: CapabilityTerm | None = None
    last: CapabilityTerm | None = None
    exclude: frozenset[AgentId] = frozenset()
    require: frozenset[AgentId] = frozenset()
    limits: Limits = field(default_factory=Limits)
    objective: Objective = "stages"
    against: Objective | None = None

    @property
    def steps(self) -> tuple[CapabilityTerm, ...]:
        """The capabilities of the way, from its first stage to its last."""
        ends = self.first, *self.capabilities, self.last
        return tuple(term for term in ends if term is not None)


def knowing(catalog: Catalog, likes: Iterable[object]) -> tuple[Catalog, tuple[SchemaId, ...]]:
    """Return a catalog that knows each schema in *likes*, and their ids, each once.

    Args:
        catalog: What there is.
        likes: Names or ids as text, or Python types.

    Raises:
        NameLookupError: If a name leads to no schema, or to several.
        DefinitionError: If a type has no schema.
    """
    from registry_core.schemas.from_model import schema_of

    found: dict[SchemaId, None] = {}
    for like in likes:
        if isinstance(like, str):
            found[catalog.resolve_schema(like)] = None
        else:
            definition = schema_of(like)
            catalog = replace(catalog, schemas=catalog.schemas.describing([definition]))
            found[definition.id] = None
    return catalog, tuple(found)
