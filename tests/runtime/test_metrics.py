"""Counting in bounded memory, from anywhere."""

from __future__ import annotations

import sys
import threading
import tracemalloc

import pytest

from registry_core.runtime.metrics import OTHER, Metrics


class TestCounting:
    @pytest.mark.requirement("R20")
    def test_stages_and_runs_are_counted_apart(self) -> None:
        """Stages of one name in two pipelines have nothing to do with each other."""
        metrics = Metrics()
        metrics.stage("report", "read", "a/b@1", "succeeded").record(0.5)
        metrics.stage("report", "read", "a/b@1", "failed").record(1.5)
        metrics.stage("letter", "read", "a/b@1", "succeeded").record(2.0)
        metrics.run("report", "failed").record(3.0)

        found = metrics.snapshot()

        assert [(s.pipeline, s.status, s.seconds.count) for s in found.stages] == [
            ("letter", "succeeded", 1),
            ("report", "failed", 1),
            ("report", "succeeded", 1),
        ]
        assert found.by_stage["report/read"].error_rate == 0.5
        assert found.by_pipeline["report"].failures == 1

    def test_one_recorder_is_kept_for_one_series(self) -> None:
        """It is looked up once and used for as long as the pipeline is."""
        metrics = Metrics()
        kept = metrics.run("report", "success")

        kept.record(1.0)
        metrics.run("report", "success").record(1.0)

        assert metrics.snapshot().runs[0].seconds.count == 2

    def test_what_was_never_recorded_is_not_shown(self) -> None:
        """A compiled pipeline asks for recorders that it may never need."""
        metrics = Metrics()
        metrics.stage("report", "read", "a/b@1", "failed")

        assert metrics.snapshot().stages == ()


class TestBounds:
    @pytest.mark.requirement("R20", "R106")
    def test_a_million_records_take_no_memory(self) -> None:
        """A service records for months."""
        metrics = Metrics()
        recorder = metrics.stage("report", "read", "a/b@1", "succeeded")
        durations = [number / 1e5 for number in range(10_000)]
        for seconds in durations:
            recorder.record(seconds)
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()

        for _ in range(100):
            for seconds in durations:
                recorder.record(seconds)

        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert metrics.snapshot().stages[0].seconds.count == 1_010_000
        assert peak - before < 100_000  # promised: a million

    @pytest.mark.requirement("R20")
    def test_names_beyond_the_most_are_counted_together(self) -> None:
        """Names made of user input must not fill the memory, and nothing may be lost."""
        metrics = Metrics(max_series=3)

        for number in range(10):
            metrics.stage(f"made-{number}", "read", "a/b@1", "succeeded").record(1.0)
            metrics.run(f"made-{number}", "success").record(1.0)

        found = metrics.snapshot()
        assert sum(one.seconds.count for one in found.stages) == 10
        assert sum(one.seconds.count for one in found.runs) == 10
        assert {one.pipeline for one in found.stages} == {"made-0", "made-1", OTHER}
        assert {one.pipeline for one in found.runs} == {"made-0", OTHER}


class TestThreads:
    def test_nothing_is_lost_between_threads(self) -> None:
        """Several event loops may share one registry."""
        metrics = Metrics()
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)

        def work() -> None:
            for number in range(5_000):
                metrics.stage("report", "read", "a/b@1", "succeeded").record(number / 1e3)
                if number % 100 == 0:
                    metrics.snapshot()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)

        (found,) = metrics.snapshot().stages
        assert found.seconds.count == 20_000
        assert sum(count for _, count in found.seconds.buckets) == 20_000
