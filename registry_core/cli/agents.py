"""``agentreg agents``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry_core.cli.options import as_json, discovered, plain, rescan
from registry_core.cli.rendering import Output

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue
    from registry_core.discovery.rows import AgentRow

__all__ = ["command"]


@click.command("agents")
@click.option("--capability", metavar="NAME", help="Only those that claim it or a narrower one.")
@click.option("--takes", metavar="SCHEMA", help="Only those that can take it.")
@click.option("--gives", metavar="SCHEMA", help="Only those whose output can be taken as it.")
@click.option("--tag", metavar="WORD", help="Only those that carry it.")
@click.option("--text", metavar="WORDS", help="Only those that mention every word.")
@as_json
@plain
@rescan
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
    registry = discovered(ctx)
    rows = registry.listing
    if any((capability, takes, gives, tag, text)):
        catalog = registry.catalog
        found = catalog.find(
            capability=capability,
            takes=catalog.resolve_schema(takes) if takes else None,
            gives=catalog.resolve_schema(gives) if gives else None,
            tag=tag,
            text=text,
        )
        known = {row[0]: row for row in rows}
        rows = tuple(known[entry.id] for entry in found)
    output = Output(plain=plain)
    if as_json:
        output.json([_value(row) for row in rows])
        return
    output.table(
        ("agent", "takes", "gives", "capabilities", "summary"),
        (
            (
                agent,
                " + ".join(_schema_name(schema) for _, schema in inputs),
                _schema_name(given),
                ", ".join(name for name, _ in capabilities),
                summary,
            )
            for agent, inputs, given, capabilities, summary, *_ in rows
        ),
    )


def _schema_name(schema: str) -> str:
    return schema.rpartition("#")[0]


def _value(row: AgentRow) -> dict[str, JsonValue]:
    agent, inputs, output, capabilities, summary, tags, contested = row
    return {
        "id": agent,
        "summary": summary,
        "takes": dict(inputs),
        "gives": output,
        "capabilities": dict(capabilities),
        "tags": list(tags),
        "contested": contested,
    }
