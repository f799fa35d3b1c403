"""``agentreg status``."""

from __future__ import annotations

import json
from threading import Event
from typing import TYPE_CHECKING

import click

from registry_core.cli.kept import (
    RUN_COLUMNS,
    STAGE_COLUMNS,
    alert_value,
    line_value,
    own_store,
    report_value,
    run_cells,
    stage_cells,
)
from registry_core.cli.options import as_json, discovered, plain
from registry_core.cli.rendering import Output

if TYPE_CHECKING:
    from registry_core.settings.values import MonitoringSettings
    from registry_core.store.store import Store
    from registry_core.store.views import RunReport

__all__ = ["command"]

_WATCH_SECONDS = 0.25


@click.command("status")
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--watch", is_flag=True, help="Follow the run until it ends.")
@as_json
@plain
@click.pass_context
def command(
    ctx: click.Context, *, run: str | None, watch: bool, as_json: bool, plain: bool
) -> None:
    """Show how far RUN got, or what runs now and what was interrupted.

    RUN is an id, its beginning, or "last", of a run in any process. Without it: also which agents
    are beyond the limits of the settings.
    """
    output = Output(plain=plain)
    with own_store() as store:
        if run is None:
            if watch:
                raise click.UsageError("--watch follows one run: agentreg status RUN --watch")
            limits = discovered(ctx).settings.monitoring
            _overview(output, store, limits, as_json=as_json)
            return
        run_id = store.find(run)
        report = _watched(output, store, run_id, as_json=as_json) if watch else store.report(run_id)
    if not as_json:
        _print(output, report)
    elif not watch:
        output.json(report_value(report))


def _overview(output: Output, store: Store, limits: MonitoringSettings, *, as_json: bool) -> None:
    from registry_core.store.alerts import alerts_of

    lines = (*store.runs(status="running"), *store.runs(status="interrupted"))
    alerts = alerts_of(store.evidence().values(), limits)
    if as_json:
        runs = [line_value(line) for line in lines]
        output.json({"runs": list(runs), "alerts": [alert_value(alert) for alert in alerts]})
        return
    if lines:
        output.table(RUN_COLUMNS, run_cells(lines))
    else:
        output.text("nothing runs, and nothing was interrupted")
    for alert in alerts:
        output.text(f"alert: {alert}")


def _watched(output: Output, store: Store, run_id: str, *, as_json: bool) -> RunReport:
    """Return the report once the run is over; until then say what changes, a line each time."""
    told: dict[str, str] = {}
    before: RunReport | None = None
    while True:
        report = store.report(run_id)
        if as_json and report != before:
            output.text(json.dumps(report_value(report), allow_nan=False))
        elif not as_json:
            _tell(output, report, told)
        if report.line.status != "running":
            return report
        before = report
        Event().wait(_WATCH_SECONDS)


def _tell(output: Output, report: RunReport, told: dict[str, str]) -> None:
    for stage in report.stages:
        if stage.state not in {"pending", told.get(stage.stage_id)}:
            told[stage.stage_id] = stage.state
            output.text(f"{stage.stage_id}: {stage.state}")


def _print(output: Output, report: RunReport) -> None:
    output.table(STAGE_COLUMNS, stage_cells(report))
    line = report.line
    took = "" if line.seconds is None else f" in {line.seconds * 1000:.0f} ms"
    output.text(f"run {line.run_id}: {line.status}{took}")
    if report.error is not None:
        error = report.error
        output.text(f"error: {error.type or error.code}: {error.message}")
    if line.status == "interrupted":
        output.text(f"go on with it: agentreg resume {line.run_id}")
