"""What is counted and timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import metrics

from metrics_otel import conventions as names

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

__all__ = ["Instruments"]


class Instruments:
    """The instruments of one meter; any thread may use them."""

    def __init__(self, meter: Meter | None = None) -> None:
        """Make the instruments with *meter*; with that of the process unless given."""
        meter = meter or metrics.get_meter("metrics_otel")
        self._runs = meter.create_histogram(
            names.WORKFLOW_DURATION,
            unit="s",
            description="How long runs took.",
            explicit_bucket_boundaries_advisory=names.WORKFLOW_SECONDS,
        )
        self._stages = meter.create_histogram(
            names.AGENT_DURATION,
            unit="s",
            description="How long stages took, waits and middleware included.",
            explicit_bucket_boundaries_advisory=names.AGENT_SECONDS,
        )
        self._attempts = meter.create_counter(
            names.ATTEMPTS, unit="{attempt}", description="Attempts that ended."
        )

    def run_ended(self, pipeline: str, error: str, seconds: float) -> None:
        """Time a run; *error* is the type of what went wrong, or empty."""
        self._runs.record(seconds, {names.WORKFLOW_NAME: pipeline, **_of_error(error)})

    def stage_ended(self, agent: str, error: str, seconds: float) -> None:
        """Time a stage that ran."""
        self._stages.record(seconds, {names.AGENT_NAME: agent, **_of_error(error)})

    def attempt_ended(self, agent: str, status: str) -> None:
        """Count an attempt."""
        self._attempts.add(1, {names.AGENT_NAME: agent, names.STATUS: status})


def _of_error(error: str) -> dict[str, str]:
    return {names.ERROR_TYPE: error} if error else {}
