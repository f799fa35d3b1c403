"""What it costs to count and to tell what runs."""

from __future__ import annotations

import asyncio
import math
import random
import tracemalloc
from time import process_time

from registry_core.results.events import Event
from registry_core.runtime.metrics import Metrics, Recorder
from registry_core.runtime.observing import ObserverFeed
from tests.benchmarks.frame import benchmark, cpu_ratio

RECORDS = 100_000
EVENTS = 10_000
REPEATS = 9
EVENT = Event("stage_finished", "run", "2026-01-01T00:00:00+00:00", "stage", status="succeeded")


def _durations() -> list[float]:
    """Return durations from microseconds to seconds, always the same ones."""
    draw = random.Random(1)  # noqa: S311 -- durations, no secrets
    return [draw.lognormvariate(-6, 1.5) for _ in range(RECORDS)]


DURATIONS = _durations()


def _recording() -> float:
    record = Recorder().record
    start = process_time()
    for seconds in DURATIONS:
        record(seconds)
    return process_time() - start


async def _nothing() -> None:
    return None


async def _awaiting() -> float:
    start = process_time()
    for _ in DURATIONS:
        await _nothing()
    return process_time() - start


def _hear(event: Event) -> None:
    assert event is EVENT


async def _telling() -> float:
    feed = ObserverFeed([_hear], limit=EVENTS)
    start = process_time()
    for _ in range(EVENTS):
        feed.tell(EVENT)
    await feed.drain(10)
    spent = process_time() - start
    feed.close()
    return spent


@benchmark(name="one duration counted", unit="CPU us")
def one_record() -> float:
    """Return what it costs to record a duration, its part of the sorting included."""
    return min(_recording() for _ in range(REPEATS)) / RECORDS * 1e6


@benchmark(name="one duration counted against a bare await", unit="x", goal=3)
def one_record_ratio() -> float:
    """Return the same in units that do not depend on the machine."""
    return cpu_ratio(_recording, lambda: asyncio.run(_awaiting()))


@benchmark(name="a million durations of ten series", unit="kB", goal=1_000)
def memory() -> float:
    """Return how far the memory grows."""
    metrics = Metrics()
    recorders = [metrics.stage("p", f"s{n}", "a/b@1", "succeeded") for n in range(10)]
    tracemalloc.start()
    for recorder in recorders:
        for seconds in DURATIONS:
            recorder.record(seconds)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e3


@benchmark(name="worst of p50, p95 and p99", unit="% off", goal=6.25)
def percentiles() -> float:
    """Return how far a percentile is from the true one."""
    recorder, ranked = Recorder(), sorted(DURATIONS)
    for seconds in DURATIONS:
        recorder.record(seconds)
    found = recorder.distribution()
    true = {share: ranked[math.ceil(share * RECORDS) - 1] for share in (0.5, 0.95, 0.99)}
    return max(abs(found.quantile(s) / seconds - 1) for s, seconds in true.items()) * 100


@benchmark(name="one event told to one observer, heard", unit="CPU us")
def one_event() -> float:
    """Return what it costs to hand an event over and to hear it, in both threads together."""
    return min(asyncio.run(_telling()) for _ in range(REPEATS)) / EVENTS * 1e6


@benchmark(name="a feed for one run", unit="CPU us")
def one_feed() -> float:
    """Return what the first observer costs a run: a queue, a thread, and waiting for it."""

    async def feeds() -> float:
        start = process_time()
        for _ in range(200):
            feed = ObserverFeed([_hear])
            feed.tell(EVENT)
            await feed.drain(10)
            feed.close()
        return process_time() - start

    return min(asyncio.run(feeds()) for _ in range(REPEATS)) / 200 * 1e6
