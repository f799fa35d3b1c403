"""What the records of its stages make of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.results.outcomes import ErrorRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from registry_core.results.outcomes import StageRecord
    from registry_core.results.run import RunStatus
    from registry_core.runtime.metrics import Metrics
    from registry_core.runtime.scope import RunScope

__all__ = ["measure", "verdict"]


def verdict(
    records: Sequence[StageRecord],
    scope: RunScope,
    error: ErrorRecord | None,
    *,
    cancelled: bool,
    answered: bool = False,
) -> tuple[RunStatus, ErrorRecord | None]:
    """Return how a run ended, and the error that decided it.

    Args:
        records: Of every stage.
        scope: The run.
        error: What ended it early.
        cancelled: Whether the caller did.
        answered: Whether middleware around the run gave the output.
    """
    errors = [record.error for record in records if record.error is not None]
    if cancelled:
        caught = next((error for error in errors if error.code == "cancelled"), None)
        return "cancelled", caught or scope.cut_record()
    if answered:
        whole = all(record.status in {"succeeded", "not_run"} for record in records)
        return ("success" if whole else "partial"), None
    error = error or next((e for e in errors if e.code == "run_timeout"), None)
    if error is not None:
        return ("timed_out" if error.code == "run_timeout" else "failed"), error
    if any(record.status == "not_run" for record in records):
        if scope.time_is_up():
            return "timed_out", scope.cut_record()
        return "failed", ErrorRecord("host_error", "", "a source never came", phase="host")
    skipped = any(record.status == "skipped" for record in records)
    return ("partial" if skipped else "success"), None


def measure(
    metrics: Metrics,
    pipeline: str,
    records: Iterable[StageRecord],
    status: RunStatus,
    seconds: float,
) -> None:
    """Count a run and those of its stages that ran in it."""
    for record in records:
        if record.started_at:
            stage = metrics.stage(pipeline, record.stage_id, record.agent, record.status)
            stage.record(record.seconds)
    metrics.run(pipeline, status).record(seconds)
