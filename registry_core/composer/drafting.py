"""From agents in an order to a plan: stages, bindings, and the reason for each edge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_core.names import AgentId, SchemaId
from registry_core.pipeline.pipeline import (
    Binding,
    FromInput,
    FromStage,
    Pipeline,
    PipelineInput,
    Source,
    Stage,
)
from registry_core.pipeline.plan import Edge
from registry_core.schemas.verdict import Fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from registry_core.catalog.catalog import Catalog

__all__ = ["Feed", "draft", "input_names", "title", "why"]


@dataclass(frozen=True, slots=True)
class Feed:
    """One value on its way between agents.

    Attributes:
        consumer: The agent that takes it, or None for the goal.
        input: Name of the input, or of the wanted schema.
        source: The agent that gives it, or None for the caller.
        gives: Schema it is given as.
        takes: Schema it is taken as.
    """

    consumer: AgentId | None
    input: str
    source: AgentId | None
    gives: SchemaId
    takes: SchemaId


def draft(
    catalog: Catalog,
    agents: Sequence[AgentId],
    feeds: Iterable[Feed],
    *,
    name: str,
    have: Sequence[SchemaId],
) -> tuple[Pipeline, tuple[Edge, ...]]:
    """Return the pipeline of *agents* in that order, and its edges with their reasons."""
    stage_ids = _stage_ids(agents)
    inputs = input_names(have)
    ordered = sorted(feeds, key=lambda feed: _place(catalog, feed))
    edges = tuple(_edge(catalog, feed, stage_ids, inputs) for feed in ordered)
    outputs = [
        edge.source.stage for edge in edges if not edge.stage and isinstance(edge.source, FromStage)
    ]
    pipeline = Pipeline(
        name=name,
        stages=tuple(
            Stage(
                id=stage_ids[agent],
                agent=agent,
                bindings=tuple(
                    Binding(edge.input, edge.source)
                    for edge in edges
                    if edge.stage == stage_ids[agent]
                ),
            )
            for agent in agents
        ),
        inputs=tuple(PipelineInput(inputs[schema], schema) for schema in have),
        # Where all that is wanted was given, the last agent is what somebody required.
        outputs=tuple(dict.fromkeys(outputs)) or tuple(stage_ids[a] for a in agents[-1:]),
    )
    return pipeline, edges


def input_names(have: Iterable[SchemaId]) -> dict[SchemaId, str]:
    """Return a name for each given schema: its own in snake case, numbered when taken.

    >>> input_names([SchemaId("HtmlPage#1f0c9a62b7e4")])
    {'HtmlPage#1f0c9a62b7e4': 'html_page'}
    """
    names: dict[SchemaId, str] = {}
    for schema in have:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", schema.name).lower()
        base = re.sub(r"[^a-z0-9_]+", "_", words).strip("_") or "value"
        taken = set(names.values())
        choices = (base, *(f"{base}_{n}" for n in range(2, len(taken) + 3)))
        names[schema] = next(choice for choice in choices if choice not in taken)
    return names


def title(want: Iterable[SchemaId]) -> str:
    """Return a name for the pipeline that leads to *want*.

    >>> title([SchemaId("list[str]#1f0c9a62b7e4")])
    'list_str'
    """
    words = "_".join(schema.name for schema in want)
    return re.sub(r"[^A-Za-z0-9]+", "_", words)[:80].strip("_") or "plan"


def why(catalog: Catalog, gives: SchemaId, takes: SchemaId) -> str:
    """Return why every value of one schema is a value of the other."""
    if gives == takes:
        return "same schema"
    verdict = catalog.fits(gives, takes)
    if not isinstance(verdict, Fits):
        return "forced: not proved"
    reason = verdict.note or "every value fits"
    ours, theirs = catalog.called(gives, takes)
    if gives.name == takes.name:
        return f"{ours} taken as {theirs} ({reason})"
    return f"fits {theirs} ({reason})"


def _place(catalog: Catalog, feed: Feed) -> int:
    """Return where the input stands among those of its agent."""
    if feed.consumer is None:
        return 0
    return [item.name for item in catalog.definition(feed.consumer).inputs].index(feed.input)


def _edge(
    catalog: Catalog,
    feed: Feed,
    stage_ids: Mapping[AgentId, str],
    inputs: Mapping[SchemaId, str],
) -> Edge:
    source: Source
    if feed.source is None:
        source = FromInput(inputs[feed.gives])
    else:
        source = FromStage(stage_ids[feed.source])
    return Edge(
        stage=stage_ids[feed.consumer] if feed.consumer else "",
        input=feed.input,
        source=source,
        gives=feed.gives,
        takes=feed.takes,
        why=why(catalog, feed.gives, feed.takes),
    )


def _stage_ids(agents: Iterable[AgentId]) -> dict[AgentId, str]:
    ids: dict[AgentId, str] = {}
    for agent in agents:
        taken = set(ids.values())
        base = agent.agent
        choices = (base, *(f"{base}_{n}" for n in range(2, len(taken) + 3)))
        ids[agent] = next(choice for choice in choices if choice not in taken)
    return ids
