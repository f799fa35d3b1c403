"""``agentreg runs``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

import click

from registry_core.cli.kept import RUN_COLUMNS, line_value, own_store, run_cells
from registry_core.cli.options import as_json, discovered, plain
from registry_core.cli.rendering import Output

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject
    from registry_core.store.views import KeptStatus

__all__ = ["command"]

_STATUSES = ("running", "interrupted", "success", "partial", "failed", "cancelled", "timed_out")


@click.command("runs")
@click.option("--status", type=click.Choice(_STATUSES), help="Only those with this status.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most.")
@click.option("--failures", is_flag=True, help="List what agents failed with instead.")
@click.option("--check", is_flag=True, help="Read everything, and say what is damaged.")
@click.option("--purge", is_flag=True, help="Remove runs that are older than the settings keep.")
@click.option("--days", type=click.FloatRange(min=0), help="Remove what is older than that.")
@as_json
@plain
@click.pass_context
def command(  # noqa: PLR0913 -- one parameter an option
    ctx: click.Context,
    *,
    status: KeptStatus | None,
    limit: int,
    failures: bool,
    check: bool,
    purge: bool,
    days: float | None,
    as_json: bool,
    plain: bool,
) -> None:
    """List the runs that were kept, the newest first.

    A run is interrupted when it neither ended nor is worked on by any process: go on with it by
    agentreg resume.
    """
    if sum((failures, check, purge)) > 1:
        raise click.UsageError("choose one of --failures, --check and --purge")
    if days is not None and not purge:
        raise click.UsageError("--days is about --purge")
    output = Output(plain=plain)
    if check:
        if _check(output, as_json=as_json):
            ctx.exit(1)
    elif purge:
        kept = discovered(ctx).settings.monitoring.metrics_retention_days
        _purge(output, kept if days is None else days, as_json=as_json)
    elif failures:
        _failures(output, limit, as_json=as_json)
    else:
        _list(output, status, limit, as_json=as_json)


def _list(output: Output, status: KeptStatus | None, limit: int, *, as_json: bool) -> None:
    with own_store() as store:
        lines = store.runs(status=status, limit=limit)
    if as_json:
        output.json([line_value(line) for line in lines])
    else:
        output.table(RUN_COLUMNS, run_cells(lines))


def _failures(output: Output, limit: int, *, as_json: bool) -> None:
    with own_store() as store:
        found = store.failures()[:limit]
    if as_json:
        output.json([cast("JsonObject", asdict(one)) for one in found])
        return
    columns = ("agent", "stage", "failure", "count", "last")
    rows = [
        (one.agent, one.stage_id, one.type or one.code, str(one.count), one.last_at[:19])
        for one in found
    ]
    output.table(columns, rows)


def _check(output: Output, *, as_json: bool) -> bool:
    with own_store() as store:
        found = store.check()
    if as_json:
        output.json([cast("JsonObject", asdict(one)) for one in found])
    else:
        for one in found:
            output.text(f"run {one.run_id}: {one.reason}" if one.run_id else one.reason)
        output.text(f"{len(found)} damaged")
    return bool(found)


def _purge(output: Output, days: float, *, as_json: bool) -> None:
    with own_store() as store:
        removed = store.purge(older_than_days=days)
    if as_json:
        output.json({"removed": removed})
    else:
        output.text(f"removed {removed} runs older than {days:g} days")
