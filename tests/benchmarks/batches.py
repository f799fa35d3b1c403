"""What a batch costs beside workers that do nothing but pull and await."""

from __future__ import annotations

import asyncio
import statistics
import tracemalloc
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from registry_core import Registry, agent
from registry_core.results.batch import Outcome
from registry_core.runtime.balancer import Balancer
from registry_core.runtime.batch import run_batch, stream_batch
from registry_core.runtime.batching_options import BatchOptions
from registry_core.runtime.replicas import Replica
from tests.benchmarks.frame import benchmark, cpu_ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator

MANY = 100_000
STREAMED = 20_000
SLEEPS = 10_000
MEGABYTE = 1_000_000
DONE = Outcome(ok=True)


async def at_once(item: int) -> Outcome:
    """Return without waiting."""
    del item
    return DONE


async def one_each(item: int) -> Outcome:
    """Return an outcome of its own without waiting."""
    return Outcome(ok=True, value=item)


async def give_back(item: str) -> Outcome:
    """Return the item."""
    return Outcome(ok=True, value=item)


async def wait_a_little(item: int) -> Outcome:
    """Return after a millisecond."""
    await asyncio.sleep(0.001)
    return Outcome(ok=True, value=item)


@agent(mutates=False)
async def echo(number: int) -> int:
    """Return *number* without waiting."""
    return number


def texts() -> Iterator[str]:
    """Yield texts of 10 kB, each made when it is asked for."""
    return (str(number).ljust(10_000) for number in range(STREAMED))


async def pull(items: Iterable[int], workers: int = 8) -> None:
    """Run all items with workers that pull from one iterator."""
    source = iter(items)

    async def worker() -> None:
        for item in source:
            await at_once(item)

    await asyncio.gather(*(worker() for _ in range(workers)))


class Ordered:
    """The least that puts a stream in order: workers, a dict, and two events."""

    def __init__(self, workers: int, ahead: int) -> None:
        """Let so many *workers* be so many items *ahead*."""
        self.workers = workers
        self.ahead = ahead
        self.ready: dict[int, Outcome] = {}
        self.pulled = self.sent = self.left = 0

    async def stream(self, items: Iterable[str]) -> int:
        """Return how many items came out."""
        self.source = enumerate(items)
        self.room, self.news = asyncio.Event(), asyncio.Event()
        tasks = [asyncio.create_task(self.work()) for _ in range(self.workers)]
        while self.left < self.workers or self.ready:
            while self.sent in self.ready:
                self.ready.pop(self.sent)
                self.sent += 1
                self.room.set()
            if self.left < self.workers:
                self.news.clear()
                await self.news.wait()
        await asyncio.gather(*tasks)
        return self.sent

    async def work(self) -> None:
        """Run items while there is room for what they leave."""
        while True:
            while self.pulled - self.sent >= self.ahead:
                self.room.clear()
                await self.room.wait()
            index, item = next(self.source, (-1, ""))
            if index < 0:
                break
            self.pulled = index + 1
            self.ready[index] = await give_back(item)
            if index == self.sent:
                self.news.set()
        self.left += 1
        self.news.set()


async def bounded_queue(count: int, workers: int) -> list[Outcome]:
    """Return the outcomes of *count* short waits in order, by workers on a bounded queue."""
    queue: asyncio.Queue[int] = asyncio.Queue(workers)
    results = [DONE] * count

    async def worker() -> None:
        while True:
            item = await queue.get()
            results[item] = await wait_a_little(item)
            queue.task_done()

    tasks = [asyncio.create_task(worker()) for _ in range(workers)]
    for item in range(count):
        await queue.put(item)
    await queue.join()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return results


def cpu(run: Callable[[], Coroutine[object, object, object]]) -> float:
    """Return the processor seconds of *run*."""
    start = process_time()
    asyncio.run(run())
    return process_time() - start


def wall(run: Callable[[], Coroutine[object, object, object]]) -> float:
    """Return the seconds of *run*."""
    start = perf_counter()
    asyncio.run(run())
    return perf_counter() - start


def growth(run: Callable[[], Coroutine[object, object, object]]) -> float:
    """Return by how much memory grew at the most during *run*, in megabytes."""
    asyncio.run(run())
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    asyncio.run(run())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (peak - before) / MEGABYTE


async def trivial() -> None:
    """Run many trivial items, and keep nothing."""
    result = await run_batch(range(MANY), at_once, options=BatchOptions(keep="none"))
    assert result.summary.succeeded == MANY


async def kept() -> None:
    """Run many trivial items, and keep a record of each."""
    result = await run_batch(range(MANY), one_each)
    assert len(result.items) == MANY


async def stream_texts() -> None:
    """Read a stream of texts in order."""
    async with stream_batch(texts(), give_back) as stream:
        count = 0
        async for _ in stream:
            count += 1
    assert count == STREAMED


async def sleeps() -> None:
    """Run many short waits, a hundred at once, and keep the records in order."""
    result = await run_batch(
        range(SLEEPS), wait_a_little, options=BatchOptions(max_concurrency=100)
    )
    assert result.items[SLEEPS - 1].output == SLEEPS - 1


async def read_sleeps() -> None:
    """Read a stream of many short waits, a hundred at once, in order."""
    options = BatchOptions(max_concurrency=100)
    async with stream_batch(range(SLEEPS), wait_a_little, options=options) as stream:
        assert [r.index async for r in stream] == list(range(SLEEPS))


@benchmark(name="batch of 100 000 trivial items", unit="x bare workers", goal=10)
def trivial_items() -> float:
    """Return the ratio of processor times."""
    return cpu_ratio(lambda: cpu(trivial), lambda: cpu(lambda: pull(range(MANY))), pairs=9)


@benchmark(
    name="batch of 100 000 trivial items, each an agent's run", unit="x bare workers", goal=10
)
def trivial_runs() -> float:
    """Return what a batch costs when each item is a run with everything that a run has."""
    registry = Registry().with_agents(echo)

    async def batch() -> float:
        await registry.run(echo, 1)
        start = process_time()
        result = await registry.batch(echo, range(MANY), batch=BatchOptions(keep="none"))
        assert result.ok
        return process_time() - start

    async def bare() -> float:
        start = process_time()
        await pull(range(MANY))
        return process_time() - start

    return cpu_ratio(lambda: asyncio.run(batch()), lambda: asyncio.run(bare()))


@benchmark(name="memory of a batch of 100 000 trivial items", unit="MB", goal=5)
def trivial_memory() -> float:
    """Return the growth."""
    return growth(trivial)


@benchmark(name="memory of 100 000 kept results", unit="MB", goal=15)
def kept_memory() -> float:
    """Return the growth, outcomes included."""
    return growth(kept)


@benchmark(
    name="ordered stream of 20 000 x 10 kB", unit="of bare workers", goal=0.4, better="higher"
)
def streamed_texts() -> float:
    """Return the ratio of throughputs."""
    return cpu_ratio(lambda: cpu(lambda: Ordered(8, 16).stream(texts())), lambda: cpu(stream_texts))


@benchmark(name="memory of a stream of 20 000 x 10 kB", unit="MB", goal=5)
def streamed_memory() -> float:
    """Return the growth."""
    return growth(stream_texts)


@benchmark(
    name="batch of 10 000 x 1 ms, 100 at once", unit="of a bare queue", goal=0.9, better="higher"
)
def short_waits() -> float:
    """Return the ratio of throughputs."""
    return cpu_ratio(lambda: wall(lambda: bounded_queue(SLEEPS, 100)), lambda: wall(sleeps))


@benchmark(
    name="ordered stream of 10 000 x 1 ms, 100 at once",
    unit="of a bare queue",
    goal=0.9,
    better="higher",
)
def streamed_waits() -> float:
    """Return the ratio of throughputs."""
    return cpu_ratio(lambda: wall(lambda: bounded_queue(SLEEPS, 100)), lambda: wall(read_sleeps))


def _replica(name: str, seconds: float) -> Replica[int]:
    async def work(item: int) -> Outcome:
        await asyncio.sleep(seconds)
        return Outcome(ok=True, value=item)

    return Replica(name, work)


@benchmark(name="1 500 items on replicas of 10, 10, 100 ms", unit="x ideal makespan", goal=1.15)
def uneven_replicas() -> float:
    """Return the median ratio; the ideal keeps all three busy to the end."""
    pace = {"a": 0.010, "b": 0.010, "c": 0.100}
    ideal = 1500 / sum(1 / seconds for seconds in pace.values())

    def once() -> float:
        balancer = Balancer([_replica(name, seconds) for name, seconds in pace.items()])
        options = BatchOptions(max_concurrency=balancer.capacity)
        return wall(lambda: run_batch(range(1500), balancer, options=options))

    return statistics.median(once() for _ in range(3)) / ideal
