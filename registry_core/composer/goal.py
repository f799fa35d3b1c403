"""What is asked of the composer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from registry_core.names import AgentId, CapabilityName, SchemaId
from registry_core.pipeline.plan import Objective

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.catalog.catalog import Catalog

__all__ = ["Goal", "knowing"]


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
