"""What is counted and timed, under which names and labels.

Names come from pipelines and agents, so there may be any number of them: a metric keeps a
thousand label sets apart and counts what comes later under ``other``.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

__all__ = ["MOST_LABEL_SETS", "OTHER", "Instruments"]

MOST_LABEL_SETS = 1_000
OTHER = "other"

_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Instruments:
    """The metrics of one Prometheus registry; any thread may use them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics with *registry*.

        Raises:
            ValueError: If it has metrics of these names already.
        """
        self._lock = Lock()
        self._known: dict[str, set[tuple[str, ...]]] = {}
        self._running = Gauge(
            "agentreg_runs_in_progress", "Runs that began and did not end.", registry=registry
        )
        self._runs = Counter(
            "agentreg_runs_total", "Runs that ended.", ("pipeline", "status"), registry=registry
        )
        self._run_seconds = Histogram(
            "agentreg_run_seconds",
            "How long runs took.",
            ("pipeline",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._stages = Histogram(
            "agentreg_stage_seconds",
            "How long stages took, waits and middleware included.",
            ("pipeline", "stage", "agent", "status"),
            buckets=_SECONDS,
            registry=registry,
        )
        self._attempts = Counter(
            "agentreg_attempts_total",
            "Attempts that ended.",
            ("agent", "status"),
            registry=registry,
        )
        self._errors = Counter(
            "agentreg_attempt_errors_total",
            "Attempts that failed, by the type of the error.",
            ("agent", "error"),
            registry=registry,
        )

    def run_began(self) -> None:
        """Count a run that began."""
        self._running.inc()

    def run_ended(self, pipeline: str, status: str, seconds: float) -> None:
        """Count a run that began and ended."""
        self._running.dec()
        (pipeline,) = self._bounded("runs", pipeline)
        self._runs.labels(pipeline, status).inc()
        self._run_seconds.labels(pipeline).observe(seconds)

    def stage_ended(
        self, pipeline: str, stage: str, agent: str, status: str, seconds: float
    ) -> None:
        """Count a stage that ran."""
        names = self._bounded("stages", pipeline, stage, agent)
        self._stages.labels(*names, status).observe(seconds)

    def attempt_ended(self, agent: str, status: str, error: str) -> None:
        """Count an attempt; *error* is the type of what went wrong, or empty."""
        (name,) = self._bounded("attempts", agent)
        self._attempts.labels(name, status).inc()
        if error:
            self._errors.labels(*self._bounded("errors", agent, error)).inc()

    def _bounded(self, metric: str, *names: str) -> tuple[str, ...]:
        """Return *names*, or as often ``other`` when the metric has enough of them."""
        known = self._known.setdefault(metric, set())
        if names not in known:
            with self._lock:
                if len(known) >= MOST_LABEL_SETS:
                    return (OTHER,) * len(names)
                known.add(names)
        return names
