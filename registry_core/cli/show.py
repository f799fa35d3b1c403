"""``agentreg show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry_core.catalog.versions import schema_conflicts
from registry_core.cli.evidence import score_of, score_value
from registry_core.cli.options import as_json, discovered, plain, rescan
from registry_core.cli.rendering import Output
from registry_core.schemas.verdict import Fits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.catalog.catalog import Catalog
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.composer.ranking import Score
    from registry_core.definitions.agent import AgentDefinition
    from registry_core.definitions.schema import JsonValue
    from registry_core.names import SchemaId
    from registry_core.registry import Registry

__all__ = ["command"]


@click.command("show")
@click.argument("agent")
@click.option("--explain", is_flag=True, help="Also show the factors of its score.")
@as_json
@plain
@rescan
@click.pass_context
def command(ctx: click.Context, *, agent: str, explain: bool, as_json: bool, plain: bool) -> None:
    """Show what AGENT declares, and who it goes together with. Imports nothing."""
    registry = discovered(ctx)
    facts = _facts(registry.catalog, agent)
    scores = _scores(registry, agent) if explain else {}
    output = Output(plain=plain)
    if as_json:
        scored: dict[str, JsonValue] = {name: score_value(s) for name, s in scores.items()}
        output.json({**facts, "scores": scored} if explain else facts)
        return
    facts |= {f"score for {name}": str(score) for name, score in scores.items()}
    output.table(("fact", "value"), [(name, _written(value)) for name, value in facts.items()])


def _scores(registry: Registry, name: str) -> dict[str, Score]:
    """Return the score of an agent for each capability that it claims; else for nothing of it."""
    catalog = registry.catalog
    agent = catalog.resolve(name)
    claims = catalog.definition(agent).capabilities
    if not claims:
        return {"anything": score_of(registry, agent)}
    return {claim.name: score_of(registry, agent, claim.name) for claim in claims}


def _facts(catalog: Catalog, name: str) -> dict[str, JsonValue]:
    entry = catalog.entry(catalog.resolve(name))
    definition = entry.definition
    needs = definition.resources
    fed_by: dict[str, JsonValue] = {
        item.name: [*catalog.schemas.producers_of(item.schema)] for item in definition.inputs
    }
    return {
        "id": entry.id,
        "summary": definition.summary,
        "inputs": {
            item.name: item.schema if item.required else f"{item.schema} (optional)"
            for item in definition.inputs
        },
        "output": definition.output,
        "capabilities": {claim.name: claim.score for claim in definition.capabilities},
        "tags": list(definition.tags),
        "cost": definition.cost,
        "memory_mib": needs.memory_mib,
        "cpu_cores": needs.cpu_cores,
        "max_concurrency": needs.max_concurrency,
        "timeout_seconds": definition.timeout_seconds,
        "idempotent": definition.idempotent,
        "config": definition.config,
        "examples": len(definition.examples),
        "target": definition.target,
        "can be fed by": {key: value for key, value in fed_by.items() if value},
        "can feed": [*catalog.schemas.consumers_of(definition.output)],
        "schema versions": {
            schema: catalog.schemas.definition(schema).version for schema in _schemas(definition)
        },
        "across versions": [*_across_versions(catalog, entry)],
        "schema conflicts": [*_conflicts(catalog, definition)],
    }


def _schemas(definition: AgentDefinition) -> tuple[SchemaId, ...]:
    return tuple(dict.fromkeys((*(i.schema for i in definition.inputs), definition.output)))


def _across_versions(catalog: Catalog, entry: CatalogEntry) -> Iterator[str]:
    """Yield a line for each version of a schema of *entry* that is taken as another version."""
    index = catalog.schemas
    output = entry.definition.output
    for other in index.named(output.name):
        if other != output and index.consumers[other] and _fits(catalog, output, other):
            ours, theirs = index.called(output, other)
            yield f"its {ours} is taken as {theirs} by {', '.join(index.consumers[other])}"
    for item in entry.definition.inputs:
        for other in index.named(item.schema.name):
            if (
                other != item.schema
                and index.producers[other]
                and _fits(catalog, other, item.schema)
            ):
                ours, theirs = index.called(other, item.schema)
                givers = ", ".join(index.producers[other])
                yield f"{ours} of {givers} is taken as {theirs}, for {item.name}"


def _fits(catalog: Catalog, gives: SchemaId, takes: SchemaId) -> bool:
    return isinstance(catalog.fits(gives, takes), Fits)


def _conflicts(catalog: Catalog, definition: AgentDefinition) -> Iterator[str]:
    schemas = {*_schemas(definition)}
    names = {catalog.schemas.full_name(schema) for schema in schemas}
    return (str(conflict) for conflict in schema_conflicts(catalog) if conflict.name in names)


def _written(value: JsonValue) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case dict():
            return "; ".join(f"{key}: {_written(item)}" for key, item in value.items()) or "-"
        case list():
            return ", ".join(map(_written, value)) or "-"
        case _:
            return str(value)
