"""``agentreg plugins``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry_core.cli.options import as_json, discovered, plain, rescan
from registry_core.cli.rendering import Output

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue
    from registry_core.discovery.rows import PluginRow

__all__ = ["command", "row_value"]


@click.command("plugins")
@as_json
@plain
@rescan
@click.pass_context
def command(ctx: click.Context, *, as_json: bool, plain: bool) -> None:
    """List all installed plugins, the failed too. Imports none of them."""
    rows = discovered(ctx).installed.plugin_listing
    output = Output(plain=plain)
    if as_json:
        output.json([row_value(row) for row in rows])
        return
    output.table(
        ("plugin", "distribution", "version", "state", "agents", "reason"),
        (
            (
                row.name,
                row.distribution,
                row.version,
                row.state,
                "-" if row.agents is None else str(row.agents),
                row.reason.partition("\n")[0],
            )
            for row in rows
        ),
    )
    if any(row.state != "ok" for row in rows):
        click.echo("Some plugins are not ok. Explain them: agentreg doctor", err=True)


def row_value(row: PluginRow) -> dict[str, JsonValue]:
    """Return *row* as JSON."""
    return {
        **row._asdict(),
        "notes": list(row.notes),
        "blocked_agents": list(row.blocked_agents),
        "hooks": None if row.hooks is None else list(row.hooks),
    }
