"""Schemas of one name and version that nobody can tell apart.

A name with a version is what people say, a structure is what values have. Two structures of one
name and version that do not fit each other are a conflict: both owners are named, and nothing
is linked by the name.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING

from registry_core.names import PluginName, SchemaId
from registry_core.schemas.verdict import Fits, Misfit, Undecided

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.catalog.catalog import Catalog

__all__ = ["SchemaConflict", "schema_conflicts"]

# Pairs of one name and version that are compared; a name with more of them is looked at no further.
_MOST_PAIRS = 2_000


@dataclass(frozen=True, slots=True)
class SchemaConflict:
    """Two structures of one name and version, of which neither can be taken as the other.

    Attributes:
        name: Name and version, as ``Page@1.0``.
        schemas: The first two such structures, sorted.
        owners: Distributions whose agents give or take them, sorted.
        reason: What the second asks for that the first does not give.
        advice: What to do about it.
    """

    name: str
    schemas: tuple[SchemaId, SchemaId]
    owners: tuple[PluginName, ...]
    reason: str
    advice: str

    def __str__(self) -> str:
        """As a line of a list."""
        return f"schema {self.name} of {' and '.join(self.owners)}: {self.reason}. {self.advice}"


def schema_conflicts(catalog: Catalog) -> tuple[SchemaConflict, ...]:
    """Return the names and versions under which agents exchange structures that cannot meet."""
    index = catalog.schemas
    groups: dict[str, list[SchemaId]] = {}
    for schema in sorted({*index.producers, *index.consumers}):
        groups.setdefault(index.full_name(schema), []).append(schema)
    found = (_conflict(catalog, name, schemas) for name, schemas in groups.items())
    return tuple(conflict for conflict in found if conflict is not None)


def _conflict(catalog: Catalog, name: str, schemas: list[SchemaId]) -> SchemaConflict | None:
    for one, other in islice(combinations(schemas, 2), _MOST_PAIRS):
        there, back = catalog.fits(one, other), catalog.fits(other, one)
        if isinstance(there, Fits) or isinstance(back, Fits):
            continue
        return SchemaConflict(
            name=name,
            schemas=(one, other),
            owners=tuple(sorted({*_owners(catalog, one), *_owners(catalog, other)})),
            reason=f"{one} is no {other}: {_reason(there)}",
            advice='Give one another version or name: @schema(version="2.0")',
        )
    return None


def _owners(catalog: Catalog, schema: SchemaId) -> Iterator[PluginName]:
    index = catalog.schemas
    return (agent.distribution for agent in (*index.producers[schema], *index.consumers[schema]))


def _reason(verdict: Misfit | Undecided) -> str:
    where = f" at {verdict.pointer}" if verdict.pointer else ""
    decided = "" if isinstance(verdict, Misfit) else "not decided: "
    return f"{decided}{verdict.reason}{where}"
