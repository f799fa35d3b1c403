"""``agentreg plugins``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry_core.cli.options import as_json, discovered, plain, rescan
from registry_core.cli.rendering import Output

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue
    from registry_core.discovery.report import PluginRecord

__all__ = ["command", "record_value"]


@click.command("plugins")
@as_json
@plain
@rescan
@click.pass_context
def command(ctx: click.Context, *, as_json: bool, plain: bool) -> None:
    """List all installed plugins, the failed too. Imports none of them."""
    records = discovered(ctx).plugins
    output = Output(plain=plain)
    if as_json:
        output.json([record_value(record) for record in records])
        return
    output.table(
        ("plugin", "distribution", "version", "state", "agents", "reason"),
        (
            (
                record.name,
                record.distribution,
                record.version,
                record.state,
                str(len(record.manifest.agents)) if record.manifest else "-",
                record.reason.partition("\n")[0],
            )
            for record in records
        ),
    )
    if any(record.state != "ok" for record in records):
        click.echo("Some plugins are not ok. Explain them: agentreg doctor", err=True)


def record_value(record: PluginRecord) -> dict[str, JsonValue]:
    """Return *record* as JSON; its manifest as counts."""
    manifest = record.manifest
    return {
        "name": record.name,
        "distribution": record.distribution,
        "version": record.version,
        "location": record.location,
        "state": record.state,
        "code": record.code,
        "reason": record.reason,
        "fix": record.fix,
        "notes": list(record.notes),
        "blocked_agents": list(record.blocked_agents),
        "agents": len(manifest.agents) if manifest else None,
        "middleware": len(manifest.middleware) if manifest else None,
        "collectors": len(manifest.collectors) if manifest else None,
        "hooks": list(manifest.hooks) if manifest else None,
    }
