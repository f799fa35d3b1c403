"""What Prometheus reads after a run."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

import pytest
from metrics_prometheus import collector as module
from metrics_prometheus.collector import Collector, shared_instruments
from metrics_prometheus.instruments import MOST_LABEL_SETS, OTHER, Instruments
from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from registry_core import Backoff, Pipeline, Policy, Registry, agent
from registry_core.settings.values import RunSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from wsgiref.simple_server import WSGIServer

    from registry_core import RunResult

PREFIX = "agentreg_"


@agent
async def shout(text: str) -> str:
    """Put a text in capitals."""
    return text.upper()


@agent(idempotent=True)
async def refuse(text: str) -> str:
    """Fail whatever the text."""
    raise LookupError(text)


def run(numbers: CollectorRegistry, pipeline: Pipeline) -> RunResult:
    """Return the result of a run that is counted in *numbers*."""
    observer = Collector(Instruments(numbers))
    return Registry().run_sync(pipeline, "secret", observers=[observer])


def sample(numbers: CollectorRegistry, name: str, labels: Mapping[str, str]) -> float:
    """Return a number, 0 when it is not there."""
    return numbers.get_sample_value(f"{PREFIX}{name}", dict(labels)) or 0.0


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[CollectorRegistry]:
    """Give a registry that stands for the process's own."""
    numbers = CollectorRegistry()
    monkeypatch.setattr(module, "REGISTRY", numbers)
    shared_instruments.cache_clear()
    yield numbers
    shared_instruments.cache_clear()


class TestExposition:
    @pytest.mark.requirement("R22")
    def test_a_run_is_read_by_prometheus_under_the_documented_names(self) -> None:
        """Dashboards are built on these names."""
        numbers = CollectorRegistry()
        readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
        documented = dict(re.findall(rf"^\| `({PREFIX}\w+)` \| (\w+) \|", readme, re.MULTILINE))

        run(numbers, Pipeline("report").stage(shout))
        text = generate_latest(numbers).decode()

        found = {
            f"{family.name}_total" if family.type == "counter" else family.name: family.type
            for family in text_string_to_metric_families(text)
            if not family.name.endswith("_created")
        }
        assert found == documented

    @pytest.mark.requirement("R22", "R29")
    def test_every_stage_and_attempt_is_counted_once(self) -> None:
        """A failure that is counted twice wakes somebody up twice."""
        numbers = CollectorRegistry()
        pipeline = (
            Pipeline("report")
            .stage(shout)
            .stage(refuse, policy=Policy(max_attempts=2, backoff=Backoff(first_seconds=0)))
            .stage(shout, id="again")
        )

        result = run(numbers, pipeline)

        assert result.status == "failed"
        mine = {"agent": "local/refuse@0"}
        assert sample(numbers, "runs_total", {"pipeline": "report", "status": "failed"}) == 1
        assert sample(numbers, "run_seconds_count", {"pipeline": "report"}) == 1
        assert sample(numbers, "attempts_total", {**mine, "status": "failed"}) == 2
        assert sample(numbers, "attempt_errors_total", {**mine, "error": "LookupError"}) == 2
        assert sample(numbers, "runs_in_progress", {}) == 0
        stages = [
            (s.labels["stage"], s.labels["status"], s.value)
            for family in numbers.collect()
            for s in family.samples
            if s.name == "agentreg_stage_seconds_count"
        ]
        assert sorted(stages) == [("refuse", "failed", 1.0), ("shout", "succeeded", 1.0)]

    @pytest.mark.fault("F33")
    def test_no_value_gets_into_a_label(self) -> None:
        """Whoever may see the metrics may not see the customers."""
        numbers = CollectorRegistry()

        run(numbers, Pipeline("report").stage(refuse, policy=Policy(max_attempts=1)))

        assert "secret" not in generate_latest(numbers).decode()


class TestBounds:
    @pytest.mark.requirement("R20", "R106")
    def test_names_without_end_are_counted_together(self) -> None:
        """A name made of a user's input would take the metrics server down."""
        numbers = CollectorRegistry()
        instruments = Instruments(numbers)

        for number in range(MOST_LABEL_SETS + 50):
            instruments.attempt_ended(f"made/a{number}@1", "succeeded", "")

        assert sample(numbers, "attempts_total", {"agent": OTHER, "status": "succeeded"}) == 50
        assert sample(numbers, "attempts_total", {"agent": "made/a0@1", "status": "succeeded"}) == 1


class TestPlaces:
    def test_runs_of_one_process_are_counted_together(self, shared: CollectorRegistry) -> None:
        """A collector is made for each run; the numbers belong to the process."""
        for _ in range(3):
            Registry().run_sync(shout, "hey", observers=[Collector()])

        assert sample(shared, "runs_total", {"pipeline": "single", "status": "success"}) == 3

    def test_a_file_is_written_after_each_run(
        self, shared: CollectorRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A command that ends at once can not be asked over the network."""
        assert shared is not None
        monkeypatch.setenv("AGENTREG_PROMETHEUS_FILE", str(tmp_path / "agentreg.prom"))

        Registry().run_sync(shout, "hey", observers=[Collector()])

        text = (tmp_path / "agentreg.prom").read_text("utf-8")
        names = {family.name for family in text_string_to_metric_families(text)}
        assert "agentreg_stage_seconds" in names

    def test_numbers_are_served_on_the_loopback_interface(
        self, shared: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A service without a web server of its own can be scraped; not by the whole network."""
        with socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        servers: list[WSGIServer] = []

        def start(port: int, address: str, registry: CollectorRegistry) -> None:
            server, _ = start_http_server(port, address, registry)
            servers.append(server)

        monkeypatch.setattr(module, "start_http_server", start)
        monkeypatch.setenv("AGENTREG_PROMETHEUS_PORT", str(port))

        Collector()

        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            assert b"agentreg_runs_in_progress" in answer.read()
        (server,) = servers
        assert server.server_address[0] == "127.0.0.1"
        assert shared is not None
        server.shutdown()
        server.server_close()


class TestInstalled:
    @pytest.mark.requirement("R19", "R22")
    def test_it_hears_runs_where_the_settings_name_it_and_nowhere_else(
        self, shared: CollectorRegistry
    ) -> None:
        """What was merely installed wraps no run; what was asked for must not be missing."""
        named = Settings(run=RunSettings(collectors=("metrics-prometheus/collector",) * 2))
        plain, watched = Registry.discover(), Registry.discover(settings=named)

        plain.with_agents(shout).run_sync(shout, "hey")
        watched.with_agents(shout).run_sync(shout, "hey")

        assert sample(shared, "runs_total", {"pipeline": "single", "status": "success"}) == 1
