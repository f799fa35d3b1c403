"""``agentreg agents``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry_core.cli.options import as_json, discovered, plain
from registry_core.cli.rendering import Output

if TYPE_CHECKING:
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.definitions.schema import JsonValue

__all__ = ["command"]


@click.command("agents")
@click.option("--capability", metavar="NAME", help="Only those that claim it or a narrower one.")
@click.option("--takes", metavar="SCHEMA", help="Only those that can take it.")
@click.option("--gives", metavar="SCHEMA", help="Only those whose output can be taken as it.")
@click.option("--tag", metavar="WORD", help="Only those that carry it.")
@click.option("--text", metavar="WORDS", help="Only those that mention every word.")
@as_json
@plain
@click.pass_context
def command(
    ctx: click.Context,
    *,
    capability: str | None,
    takes: str | None,
    gives: str | None,
    tag: str | None,
    text: str | None,
    as_json: bool,
    plain: bool,
) -> None:
    """List the agents of all plugins. Imports none of them."""
    catalog = discovered(ctx).catalog
    found = catalog.find(
        capability=capability,
        takes=catalog.resolve_schema(takes) if takes else None,
        gives=catalog.resolve_schema(gives) if gives else None,
        tag=tag,
        text=text,
    )
    output = Output(plain=plain)
    if as_json:
        output.json([_value(entry) for entry in found])
        return
    output.table(
        ("agent", "takes", "gives", "capabilities", "summary"),
        (
            (
                entry.id,
                " + ".join(item.schema.name for item in entry.definition.inputs),
                entry.definition.output.name,
                ", ".join(claim.name for claim in entry.definition.capabilities),
                entry.definition.summary,
            )
            for entry in found
        ),
    )


def _value(entry: CatalogEntry) -> dict[str, JsonValue]:
    definition = entry.definition
    return {
        "id": entry.id,
        "summary": definition.summary,
        "takes": {item.name: item.schema for item in definition.inputs},
        "gives": definition.output,
        "capabilities": {claim.name: claim.score for claim in definition.capabilities},
        "tags": list(definition.tags),
        "contested": entry.contested,
    }
