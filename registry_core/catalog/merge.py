"""Many manifests become one catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_core.catalog.catalog import Catalog
from registry_core.catalog.entry import CatalogEntry
from registry_core.catalog.fitting import Verdicts
from registry_core.catalog.schema_index import SchemaIndex
from registry_core.definitions.manifest import Manifest
from registry_core.names import AgentId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Contribution", "entries_of", "merge"]

_HOST = "registry-core"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one distribution adds.

    Attributes:
        distribution: Its name, in normal form.
        version: Its version, which is that of agents that declare none.
        manifest: What it offers.
        contested: Whether its plugin's name is contested.
    """

    distribution: str
    version: str
    manifest: Manifest
    contested: bool = False


def entries_of(contribution: Contribution) -> tuple[CatalogEntry, ...]:
    """Return the catalog entries of the agents in *contribution*."""
    return tuple(
        CatalogEntry(
            id=AgentId.of(
                contribution.distribution, agent.name, agent.version or contribution.version
            ),
            definition=agent,
            contested=contribution.contested,
        )
        for agent in contribution.manifest.agents
    )


def merge(
    contributions: Iterable[Contribution],
    *,
    pins: Mapping[str, str] | None = None,
    verdicts: Verdicts | None = None,
) -> Catalog:
    """Return the catalog of all *contributions*; their order makes no difference.

    Args:
        contributions: What the plugins offer.
        pins: Distribution that owns a contested short name, by that name.
        verdicts: What was decided of schemas before; it grows with what is decided now.

    Raises:
        DuplicateAgentError: If two of them offer the same agent id.
    """
    # What the host itself describes comes first: nobody can give its terms another meaning.
    ordered = sorted(
        contributions,
        key=lambda item: (item.distribution != _HOST, item.distribution, item.version),
    )
    index = SchemaIndex(verdicts=Verdicts() if verdicts is None else verdicts)
    catalog = Catalog(schemas=index, pins=dict(pins or {}))
    return catalog.adding(
        (entry for item in ordered for entry in entries_of(item)),
        schemas=(schema for item in ordered for schema in item.manifest.schemas),
        capabilities=(c for item in ordered for c in item.manifest.capabilities),
    )
