"""What a plan has and does not need goes to the optional inputs that it fits.

A caller who gives a value, or requires an agent, means it to count. Needed values are never
spread like this: that two texts fit one parameter does not say that they are the same text.
"""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from registry_core.composer.drafting import Feed
from registry_core.schemas.verdict import Fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from registry_core.catalog.catalog import Catalog
    from registry_core.names import AgentId, SchemaId

__all__ = ["in_layers", "spread"]


def spread(
    catalog: Catalog, have: Iterable[SchemaId], agents: Sequence[AgentId], feeds: Iterable[Feed]
) -> list[Feed]:
    """Return *feeds* with one more for each optional input that something unneeded fits."""
    found = list(feeds)
    used = {(feed.source, feed.gives) for feed in found}
    spare: list[tuple[AgentId | None, SchemaId]] = [
        *((None, schema) for schema in have),
        *((agent, catalog.definition(agent).output) for agent in agents),
    ]
    for source, gives in spare:
        if (source, gives) in used:
            continue
        behind = _upstream(source, found)
        for agent in agents:
            if agent in behind:
                continue
            fed = {feed.input for feed in found if feed.consumer == agent}
            found.extend(
                Feed(agent, item.name, source, gives, item.schema)
                for item in catalog.definition(agent).inputs
                if not item.required
                and item.name not in fed
                and isinstance(catalog.fits(gives, item.schema), Fits)
            )
    return found


def in_layers(agents: Iterable[AgentId], feeds: Iterable[Feed]) -> list[list[AgentId]]:
    """Return *agents* by the layer in which each can run, sorted within a layer."""
    reads: dict[AgentId, set[AgentId]] = {agent: set() for agent in agents}
    for feed in feeds:
        if feed.consumer is not None and feed.source is not None:
            reads[feed.consumer].add(feed.source)
    sorter = TopologicalSorter(reads)
    sorter.prepare()
    layers: list[list[AgentId]] = []
    while sorter.is_active():
        layers.append(sorted(sorter.get_ready()))
        sorter.done(*layers[-1])
    return layers


def _upstream(source: AgentId | None, feeds: Iterable[Feed]) -> set[AgentId]:
    """Return *source* and every agent whose output leads to it."""
    readers: dict[AgentId, list[AgentId]] = {}
    for feed in feeds:
        if feed.consumer is not None and feed.source is not None:
            readers.setdefault(feed.consumer, []).append(feed.source)
    found: set[AgentId] = set() if source is None else {source}
    waiting = list(found)
    for agent in waiting:
        for before in readers.get(agent, ()):
            if before not in found:
                found.add(before)
                waiting.append(before)
    return found
