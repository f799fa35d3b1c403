"""Kept runs on the command line: where they are, and how one is shown."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from registry_core.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.definitions.schema import JsonObject
    from registry_core.results.outcomes import StageRecord
    from registry_core.store.alerts import Alert
    from registry_core.store.store import Store
    from registry_core.store.views import RunLine, RunReport

__all__ = ["RUN_COLUMNS", "STAGE_COLUMNS", "alert_value", "line_value", "own_store"]
__all__ += ["report_value", "run_cells", "stage_cells"]

RUN_COLUMNS = ("run", "pipeline", "status", "started", "seconds")
STAGE_COLUMNS = ("stage", "agent", "status", "attempts", "ms", "note")


def own_store() -> Store:
    """Return the user's own store of runs; nothing is made by that.

    Raises:
        StoreError: If the user has no home to keep it in.
    """
    from registry_core.settings.sources import user_state_folder
    from registry_core.store.store import Store

    folder = user_state_folder()
    if not folder:
        raise StoreError("runs", "there is no home to keep them in: set XDG_STATE_HOME")
    return Store(folder)


def run_cells(lines: Iterable[RunLine]) -> list[tuple[str, ...]]:
    """Return the rows of a table of runs."""
    return [
        (
            line.run_id,
            line.pipeline,
            line.status,
            line.started_at[:19].replace("T", " "),
            "" if line.seconds is None else f"{line.seconds:.3f}",
        )
        for line in lines
    ]


def stage_cells(report: RunReport) -> list[tuple[str, ...]]:
    """Return the rows of a table of one run's stages."""
    return [
        (
            stage.stage_id,
            stage.agent,
            stage.state,
            str(len(stage.record.attempts)) if stage.record else "",
            f"{stage.record.seconds * 1000:.0f}" if stage.record else "",
            _note(stage.record),
        )
        for stage in report.stages
    ]


def line_value(line: RunLine) -> JsonObject:
    """Return a run of a list as JSON."""
    return cast("JsonObject", asdict(line))


def report_value(report: RunReport) -> JsonObject:
    """Return everything that is known of a run as JSON."""
    return cast(
        "JsonObject",
        {
            **asdict(report.line),
            "error": asdict(report.error) if report.error else None,
            "metadata": dict(report.metadata),
            "stages": [asdict(stage) for stage in report.stages],
        },
    )


def alert_value(alert: Alert) -> JsonObject:
    """Return an alert as JSON."""
    return {**cast("JsonObject", asdict(alert)), "text": str(alert)}


def _note(record: StageRecord | None) -> str:
    if record is None:
        return ""
    if record.answered_by:
        return f"from {record.answered_by}"
    error = record.error
    return f"{error.type or error.code}: {error.message}" if error else ""
