"""``agentreg doctor``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_core.cli.options import as_json, discovered, rescan
from registry_core.cli.plugins import row_value
from registry_core.cli.rendering import Output
from registry_core.discovery.rows import plugin_row_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from registry_core.catalog.catalog import Catalog
    from registry_core.definitions.schema import JsonValue
    from registry_core.discovery.checkup import ImportCheck
    from registry_core.discovery.report import Conflict, DiscoveryReport, PluginRecord

__all__ = ["command"]


@click.command("doctor")
@click.option(
    "--import", "imports", is_flag=True, help="Also import every plugin, in child processes."
)
@as_json
@rescan
@click.pass_context
def command(ctx: click.Context, *, imports: bool, as_json: bool) -> None:
    """Explain every plugin that is not ok, and every contested name.

    Exits with 1 when anything is wrong.
    """
    report = discovered(ctx).report
    tried = _import_checks(report) if imports else ()
    lifted = _lifted(report, tried)
    if lifted:
        report = discovered(ctx).report
    checks = (*_cut_imports(), *tried)
    contested = (*report.conflicts, *_contested_schemas(discovered(ctx).catalog))
    if as_json:
        _print_json(report, checks, lifted, contested)
    else:
        for name in lifted:
            click.echo(f"{name} survived its import: it is no longer quarantined")
        _print_text(report, checks, contested)
    if report.problems or contested or any(check.code for check in checks):
        ctx.exit(1)


def _contested_schemas(catalog: Catalog) -> tuple[Conflict, ...]:
    from registry_core.catalog.versions import schema_conflicts
    from registry_core.discovery.report import Conflict

    return tuple(
        Conflict("schema", found.name, found.owners, f"{found.reason}. {found.advice}")
        for found in schema_conflicts(catalog)
    )


def _cut_imports() -> tuple[ImportCheck, ...]:
    """Return what was being imported when a process left, and was not imported since."""
    from registry_core.discovery.breadcrumbs import cut_imports
    from registry_core.discovery.checkup import ImportCheck
    from registry_core.settings.sources import user_cache_folder

    return tuple(
        ImportCheck(
            cut.plugin,
            "died",
            f"process {cut.process} left while it imported this, {_moment(cut.began)}; "
            "see whether it comes to an end: agentreg doctor --import",
        )
        for cut in cut_imports(user_cache_folder())
        if not cut.location  # the others are in quarantine, or not what is installed here
    )


def _import_checks(report: DiscoveryReport) -> tuple[ImportCheck, ...]:
    from registry_core.discovery.checkup import check_imports

    return check_imports(report.plugins)


def _lifted(report: DiscoveryReport, checks: Sequence[ImportCheck]) -> tuple[str, ...]:
    from registry_core.discovery.quarantine import lift
    from registry_core.settings.sources import user_cache_folder

    return lift(user_cache_folder(), report.plugins, checks)


def _print_json(
    report: DiscoveryReport,
    checks: Sequence[ImportCheck],
    lifted: Sequence[str],
    contested: Sequence[Conflict],
) -> None:
    value: dict[str, JsonValue] = {
        "plugins": len(report.plugins),
        "problems": [{**row_value(plugin_row_of(r)), "since": _since(r)} for r in report.problems],
        "lifted": list(lifted),
        "conflicts": [_conflict_value(conflict) for conflict in contested],
        "imports": [
            {"plugin": c.plugin, "code": c.code, "reason": c.reason, "changed": list(c.changed)}
            for c in checks
        ],
        "notes": {r.full_name: list(r.notes) for r in report.plugins if r.notes},
    }
    Output().json(value)


def _conflict_value(conflict: Conflict) -> dict[str, JsonValue]:
    return {
        "kind": conflict.kind,
        "name": conflict.name,
        "owners": list(conflict.owners),
        "pin": conflict.pin,
    }


def _print_text(
    report: DiscoveryReport, checks: Sequence[ImportCheck], contested: Sequence[Conflict]
) -> None:
    output = Output()
    for record in report.problems:
        output.text(f"{record.full_name} {record.version} is {record.state} ({record.code})")
        output.text(f"  what   {_indented(record.reason)}")
        output.text(f"  where  {record.location}")
        output.text(f"  since  {_since(record)}")
        if record.fix:
            output.text(f"  type   {record.fix}")
    for conflict in contested:
        output.text(f"{conflict.kind} {conflict.name} is contested")
        output.text(f"  owners {', '.join(conflict.owners)}")
        output.text(f"  decide {conflict.pin}")
    for check in checks:
        if check.code:
            output.text(f"{check.plugin} cannot be used as it is ({check.code})")
            output.text(f"  what   {_indented(check.reason)}")
        if check.changed:
            output.text(f"{check.plugin}: note: its import changed {', '.join(check.changed)}")
    for record in report.plugins:
        for note in record.notes:
            output.text(f"{record.full_name}: note: {note}")
        for agent in record.blocked_agents:
            output.text(f"{record.full_name}: note: agent {agent} is blocked by the settings")
    count = len(report.plugins)
    healthy = count - len(report.problems)
    output.text(f"{healthy} of {count} plugins are ok")


def _since(record: PluginRecord) -> str:
    """Return when the plugin was installed as it is, in UTC; empty when that cannot be known.

    Of one in quarantine it is when the import began that put it there.
    """
    if record.state == "quarantined":
        from registry_core.discovery.breadcrumbs import fatal_imports
        from registry_core.settings.sources import user_cache_folder

        cuts = fatal_imports(user_cache_folder())
        return max((_moment(c.began) for c in cuts if c.plugin == record.full_name), default="")
    try:
        return _moment(Path(record.location).stat().st_mtime)
    except (OSError, ValueError):
        return ""


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _indented(text: str) -> str:
    return text.replace("\n", "\n         ")
