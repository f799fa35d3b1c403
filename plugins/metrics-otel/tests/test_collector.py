"""What OpenTelemetry is told of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from metrics_otel.collector import Collector
from metrics_otel.instruments import Instruments
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    InMemoryMetricReader,
    NumberDataPoint,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from registry_core import Backoff, Event, Pipeline, Policy, Registry, agent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan

    from registry_core import RunResult

START = "2026-01-01T00:00:00+00:00"
START_NS = 1_767_225_600_000_000_000


@agent
async def shout(text: str) -> str:
    """Put a text in capitals."""
    return text.upper()


@agent(idempotent=True)
async def refuse(text: str) -> str:
    """Fail whatever the text."""
    raise LookupError(text)


@dataclass
class Telemetry:
    """OpenTelemetry as an application sets it up, kept in memory."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    def __post_init__(self) -> None:
        """Make the providers."""
        self.traces = TracerProvider(shutdown_on_exit=False)
        self.traces.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self.tracer = self.traces.get_tracer("tests")

    def collector(self) -> Collector:
        """Return a collector for one run."""
        return Collector(self.tracer, Instruments(self.meters.get_meter("tests")))

    def run(self, pipeline: Pipeline) -> RunResult:
        """Return the result of a run that is traced here."""
        return Registry().run_sync(pipeline, "secret", observers=[self.collector()])

    def spans(self) -> dict[str, ReadableSpan]:
        """Return the spans that ended, by name."""
        return {span.name: span for span in self.exporter.get_finished_spans()}

    def points(self, name: str) -> list[HistogramDataPoint | NumberDataPoint]:
        """Return the data points of a metric."""
        data = self.reader.get_metrics_data()
        assert data is not None
        return [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
            if isinstance(point, HistogramDataPoint | NumberDataPoint)
        ]


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """Give OpenTelemetry in memory, and shut it down."""
    made = Telemetry()
    yield made
    made.traces.shutdown()
    made.meters.shutdown()


FAILING = (
    Pipeline("report")
    .stage(shout)
    .stage(refuse, policy=Policy(max_attempts=2, backoff=Backoff(first_seconds=0)))
)


class TestSpans:
    @pytest.mark.requirement("R22")
    def test_a_run_is_a_workflow_and_its_stages_are_agents_inside(
        self, telemetry: Telemetry
    ) -> None:
        """Every backend that knows the conventions draws it without being told how."""
        result = telemetry.run(Pipeline("report").stage(shout))

        spans = telemetry.spans()
        run, stage = spans["invoke_workflow report"], spans["invoke_agent shout"]
        assert dict(run.attributes or {}) == {
            "gen_ai.operation.name": "invoke_workflow",
            "gen_ai.workflow.name": "report",
            "agentreg.run.id": result.run_id,
            "agentreg.status": "success",
        }
        assert dict(stage.attributes or {}) == {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": "registry_core",
            "gen_ai.agent.name": "shout",
            "gen_ai.agent.id": "local/shout@0",
            "gen_ai.agent.version": "0",
            "agentreg.stage.id": "shout",
            "agentreg.status": "succeeded",
        }
        assert (run.parent, run.kind, stage.kind) == (None, SpanKind.INTERNAL, SpanKind.INTERNAL)
        assert stage.parent is not None
        assert run.context is not None
        assert stage.parent.span_id == run.context.span_id

    @pytest.mark.requirement("R22", "R29")
    @pytest.mark.fault("F33")
    def test_a_failure_is_an_error_without_its_text(self, telemetry: Telemetry) -> None:
        """The type finds the cause; the text may hold a customer's letter."""
        telemetry.run(FAILING)

        spans = telemetry.spans()
        for name in ("invoke_workflow report", "invoke_agent refuse"):
            assert (spans[name].attributes or {})["error.type"] == "LookupError"
            assert spans[name].status.status_code is StatusCode.ERROR
        assert "secret" not in "".join(span.to_json() for span in spans.values())

    @pytest.mark.requirement("R29")
    def test_each_attempt_is_an_event_of_its_stage(self, telemetry: Telemetry) -> None:
        """A stage that took long because of retries looks like one."""
        telemetry.run(FAILING)

        attempts = telemetry.spans()["invoke_agent refuse"].events
        keys = ("agentreg.attempt.number", "agentreg.status", "gen_ai.agent.id", "error.type")
        found = [[(attempt.attributes or {})[key] for key in keys] for attempt in attempts]
        assert found == [
            [1, "failed", "local/refuse@0", "LookupError"],
            [2, "failed", "local/refuse@0", "LookupError"],
        ]

    @pytest.mark.requirement("R26")
    def test_a_span_lasts_as_long_as_the_monotonic_clock_says(self, telemetry: Telemetry) -> None:
        """A wall clock that is set back must not make a run end before it began."""
        hear = telemetry.collector()

        hear(Event("run_started", "run", START, detail="report"))
        hear(Event("run_finished", "run", "2025-12-31T23:00:00+00:00", status="success", seconds=2))

        (span,) = telemetry.spans().values()
        assert span.start_time == START_NS
        assert span.end_time == START_NS + 2_000_000_000

    def test_a_run_is_inside_the_request_that_began_it(self, telemetry: Telemetry) -> None:
        """Somebody follows one request through all services."""
        with telemetry.tracer.start_as_current_span("request") as request:
            telemetry.run(Pipeline("report").stage(shout))

        run = telemetry.spans()["invoke_workflow report"]
        assert run.parent is not None
        assert run.parent.span_id == request.get_span_context().span_id

    def test_events_that_were_dropped_leave_no_span_open(self, telemetry: Telemetry) -> None:
        """An open span is held in memory, and its trace never arrives."""
        hear = telemetry.collector()

        hear(Event("stage_started", "run", START, "lost"))
        hear(Event("stage_finished", "run", START, "unknown", status="succeeded"))
        hear(Event("attempt_finished", "run", START, "unknown", status="succeeded"))
        hear(Event("run_finished", "run", START, status="cancelled"))

        (span,) = telemetry.spans().values()
        assert (span.attributes or {})["agentreg.stage.id"] == "lost"


class TestMetrics:
    @pytest.mark.requirement("R22")
    def test_runs_stages_and_attempts_are_counted(self, telemetry: Telemetry) -> None:
        """Traces are sampled; numbers must not be."""
        telemetry.run(Pipeline("report").stage(shout))
        telemetry.run(FAILING)

        runs = {
            str(dict(point.attributes or {}).get("error.type", "")): point
            for point in telemetry.points("gen_ai.invoke_workflow.duration")
        }
        stages = telemetry.points("gen_ai.invoke_agent.duration")
        attempts = telemetry.points("agentreg.attempts")
        assert set(runs) == {"", "LookupError"}
        assert sum(p.count for p in stages if isinstance(p, HistogramDataPoint)) == 3
        assert {
            tuple(dict(p.attributes or {}).values()): p.value
            for p in attempts
            if isinstance(p, NumberDataPoint)
        } == {("shout", "succeeded"): 2, ("refuse", "failed"): 2}

    def test_without_any_setup_nothing_happens(self) -> None:
        """A library must not decide where telemetry goes."""
        result = Registry().run_sync(shout, "hey", observers=[Collector()])

        assert result.output == "HEY"
