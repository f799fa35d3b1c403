"""The collector: events of a run become spans and numbers.

A run is a span, its stages are spans inside it, attempts are events of their stage's span.
Where the trace goes is decided by whoever sets OpenTelemetry up, not here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode

from metrics_otel import conventions as names
from metrics_otel.instruments import Instruments
from registry_core import Event, collector

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

__all__ = ["Collector"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_ERROR = frozenset({"success", "partial", "succeeded", "cancelled", "not_run"})


@collector()
class Collector:
    """Trace and time runs, stages and attempts with OpenTelemetry."""

    def __init__(
        self, tracer: Tracer | None = None, instruments: Instruments | None = None
    ) -> None:
        """Use the *tracer* and the *instruments* of the process unless given."""
        self._tracer = tracer or trace.get_tracer("metrics_otel")
        self._instruments = instruments or _shared_instruments()
        self._pipeline = ""
        self._run: _Open | None = None
        self._stages: dict[str, _Open] = {}

    def __call__(self, event: Event) -> None:
        """Begin, annotate or end a span."""
        match event.kind:
            case "run_started":
                self._run_started(event)
            case "stage_started":
                self._stage_started(event)
            case "attempt_finished":
                self._attempt_finished(event)
            case "stage_finished":
                self._stage_finished(event)
            case "run_finished":
                self._run_finished(event)
            case _:
                pass

    def _run_started(self, event: Event) -> None:
        self._pipeline = event.detail
        span = self._tracer.start_span(
            f"{names.INVOKE_WORKFLOW} {self._pipeline}",
            start_time=_nanoseconds(event),
            attributes={
                names.OPERATION: names.INVOKE_WORKFLOW,
                names.WORKFLOW_NAME: self._pipeline,
                names.RUN_ID: event.run_id,
            },
        )
        self._run = _Open(span, _nanoseconds(event))

    def _stage_started(self, event: Event) -> None:
        inside = trace.set_span_in_context(self._run.span) if self._run else None
        span = self._tracer.start_span(
            f"{names.INVOKE_AGENT} {_name(event)}",
            context=inside,
            start_time=_nanoseconds(event),
            attributes={
                names.OPERATION: names.INVOKE_AGENT,
                names.PROVIDER: names.PROVIDER_NAME,
                names.STAGE_ID: event.stage_id,
                **_of_agent(event),
            },
        )
        self._stages[event.stage_id] = _Open(span, _nanoseconds(event))

    def _attempt_finished(self, event: Event) -> None:
        self._instruments.attempt_ended(_name(event), event.status)
        stage = self._stages.get(event.stage_id)
        if stage:
            attributes: dict[str, str | int | float] = {
                names.ATTEMPT_NUMBER: event.attempt,
                names.ATTEMPT_SECONDS: event.seconds,
                names.STATUS: event.status,
                **_of_agent(event),
                **_of_error(event),
            }
            stage.span.add_event(names.ATTEMPT, attributes, _nanoseconds(event))

    def _stage_finished(self, event: Event) -> None:
        if event.status != "not_run":
            self._instruments.stage_ended(_name(event), _error_type(event), event.seconds)
        stage = self._stages.pop(event.stage_id, None)
        if stage:
            stage.end(event)

    def _run_finished(self, event: Event) -> None:
        self._instruments.run_ended(self._pipeline, _error_type(event), event.seconds)
        for stage in self._stages.values():
            stage.span.end()
        self._stages.clear()
        if self._run:
            self._run.end(event)


class _Open:
    """A span that was begun."""

    def __init__(self, span: Span, started: int) -> None:
        self.span = span
        self._started = started

    def end(self, event: Event) -> None:
        """End it as long after its start as the monotonic clock says."""
        self.span.set_attributes({names.STATUS: event.status, **_of_error(event)})
        if error := _error_type(event):
            # Without the text of the error, which may hold values.
            self.span.set_status(Status(StatusCode.ERROR, error))
        self.span.end(self._started + round(event.seconds * 1e9))


@cache
def _shared_instruments() -> Instruments:
    return Instruments()


def _name(event: Event) -> str:
    return str(event.agent.agent) if event.agent else ""


def _of_agent(event: Event) -> dict[str, str]:
    agent = event.agent
    if agent is None:
        return {}
    return {
        names.AGENT_ID: str(agent),
        names.AGENT_NAME: _name(event),
        names.AGENT_VERSION: agent.version,
    }


def _of_error(event: Event) -> dict[str, str]:
    error = _error_type(event)
    return {names.ERROR_TYPE: error} if error else {}


def _error_type(event: Event) -> str:
    """Return the class of what went wrong, or the status where there is none; else empty."""
    if event.status in _NO_ERROR:
        return ""
    return event.detail.partition(":")[0] or event.status


def _nanoseconds(event: Event) -> int:
    """Return when *event* happened, since the epoch."""
    return (datetime.fromisoformat(event.at) - _EPOCH) // timedelta(microseconds=1) * 1_000
