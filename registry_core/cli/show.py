"""``agentreg show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry_core.cli.options import as_json, discovered, plain, rescan
from registry_core.cli.rendering import Output

if TYPE_CHECKING:
    from registry_core.catalog.catalog import Catalog
    from registry_core.definitions.schema import JsonValue

__all__ = ["command"]


@click.command("show")
@click.argument("agent")
@as_json
@plain
@rescan
@click.pass_context
def command(ctx: click.Context, *, agent: str, as_json: bool, plain: bool) -> None:
    """Show what AGENT declares, and who it goes together with. Imports nothing."""
    catalog = discovered(ctx).catalog
    facts = _facts(catalog, agent)
    output = Output(plain=plain)
    if as_json:
        output.json(facts)
        return
    output.table(("fact", "value"), [(name, _written(value)) for name, value in facts.items()])


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
    }


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
