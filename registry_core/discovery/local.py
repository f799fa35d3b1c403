"""What comes from code and not from a package, beside what is installed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from registry_core.authoring.declaration import declare, declare_middleware
from registry_core.catalog.entry import CatalogEntry
from registry_core.errors import DuplicateAgentError
from registry_core.names import AgentId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from registry_core.authoring.declaration import Declaration
    from registry_core.catalog.catalog import Catalog
    from registry_core.definitions.middleware import MiddlewareDefinition, MiddlewareFunction
    from registry_core.definitions.schema import SchemaDefinition
    from registry_core.pipeline.pipeline import Pipeline

__all__ = ["LOCAL", "LocalCode", "adopt", "join", "wrap"]

LOCAL = "local"
"""The distribution they belong to."""

LocalCode: TypeAlias = "Mapping[AgentId, Callable[..., object]]"
"""Decorated functions and classes, by the id that they declare."""


def join(
    catalog: Catalog,
    known: LocalCode,
    targets: Iterable[Callable[..., object]],
    *,
    replacing: bool,
) -> tuple[Catalog, LocalCode]:
    """Return *catalog* with the agents that *targets* declare, and all local code by id.

    Args:
        catalog: What there is.
        known: The code of the local agents in it.
        targets: Decorated functions and classes; one that is known changes nothing.
        replacing: Whether one may take the id of another.

    Raises:
        DefinitionError: If one of them is not a valid agent.
        DuplicateAgentError: If an id belongs to another agent, unless *replacing*.
    """
    local = dict(known)
    entries: list[CatalogEntry] = []
    schemas: list[SchemaDefinition] = []
    for target in targets:
        declared = declare(target)
        agent = _id_of(declared)
        if local.get(agent, target) is not target and not replacing:
            raise DuplicateAgentError(agent)
        local[agent] = target
        entries.append(CatalogEntry(agent, declared.definition))
        schemas.extend(declared.schemas)
    return catalog.adding(entries, schemas=schemas, replacing=replacing), local


def adopt(pipeline: Pipeline) -> tuple[Pipeline, tuple[Callable[..., object], ...]]:
    """Return *pipeline* with the ids of its own callables in their stages, and the callables.

    Raises:
        DefinitionError: If one of them is not a valid agent.
        DuplicateAgentError: If two different ones declare the same id.
    """
    own: dict[AgentId, Callable[..., object]] = {}
    ids: dict[str, AgentId] = {}
    for stage_id, target in pipeline.local:
        ids[stage_id] = agent = _id_of(declare(target))
        if own.setdefault(agent, target) is not target:
            raise DuplicateAgentError(agent)
    stages = tuple(
        replace(stage, agent=ids.get(stage.id, stage.agent)) for stage in pipeline.stages
    )
    return replace(pipeline, stages=stages), tuple(own.values())


def wrap(target: MiddlewareFunction) -> tuple[str, MiddlewareDefinition, MiddlewareFunction]:
    """Return the full name, the declaration and the code of a middleware from code.

    Raises:
        DefinitionError: If it is not a valid one.
    """
    definition = declare_middleware(target)
    return f"{LOCAL}/{definition.name}", definition, target


def _id_of(declared: Declaration) -> AgentId:
    definition = declared.definition
    return AgentId.of(LOCAL, definition.name, definition.version or "0")
