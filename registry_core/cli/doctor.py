"""``agentreg doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from registry_core.cli.options import as_json
from registry_core.cli.plugins import record_value
from registry_core.cli.rendering import Output

if TYPE_CHECKING:
    from registry_core.discovery.report import DiscoveryReport

__all__ = ["command"]


@click.command("doctor")
@as_json
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Explain every plugin that is not ok, and every contested name.

    Exits with 1 when anything is wrong.
    """
    from registry_core.discovery.discover import discover
    from registry_core.settings import load_settings

    state = cast("dict[str, str | None]", ctx.find_root().obj or {})
    report = discover(load_settings(state.get("config")))
    if as_json:
        _print_json(report)
    else:
        _print_text(report)
    if report.problems or report.conflicts:
        ctx.exit(1)


def _print_json(report: DiscoveryReport) -> None:
    Output().json(
        {
            "plugins": len(report.plugins),
            "problems": [record_value(record) for record in report.problems],
            "conflicts": [
                {"kind": c.kind, "name": c.name, "owners": list(c.owners), "pin": c.pin}
                for c in report.conflicts
            ],
            "notes": {r.full_name: list(r.notes) for r in report.plugins if r.notes},
        }
    )


def _print_text(report: DiscoveryReport) -> None:
    output = Output()
    for record in report.problems:
        output.text(f"{record.full_name} {record.version} is {record.state} ({record.code})")
        output.text(f"  what   {_indented(record.reason)}")
        output.text(f"  where  {record.location}")
        if record.fix:
            output.text(f"  type   {record.fix}")
    for conflict in report.conflicts:
        output.text(f"{conflict.kind} name {conflict.name} is contested")
        output.text(f"  owners {', '.join(conflict.owners)}")
        output.text(f"  decide {conflict.pin}")
    for record in report.plugins:
        for note in record.notes:
            output.text(f"{record.full_name}: note: {note}")
    count = len(report.plugins)
    healthy = count - len(report.problems)
    output.text(f"{healthy} of {count} plugins are ok")


def _indented(text: str) -> str:
    return text.replace("\n", "\n         ")
