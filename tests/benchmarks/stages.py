"""What a whole run costs: ten trivial stages against ten bare awaits."""

from __future__ import annotations

import asyncio
from time import process_time
from typing import TYPE_CHECKING

from registry_core import Pipeline, agent
from registry_core.pipeline.binding import bind
from registry_core.registry import Registry
from registry_core.runtime.agents import Blueprints
from registry_core.runtime.engine import execute
from registry_core.runtime.threads import AgentThreads
from tests.benchmarks.frame import benchmark, cpu_ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.catalog.catalog import Catalog
    from registry_core.definitions.agent import AgentDefinition
    from registry_core.names import AgentId
    from registry_core.pipeline.pipeline import Pipeline as Bound

STAGES = 10
RUNS = 50


@agent(mutates=False)
async def hand_on(number: int) -> int:
    """Return *number* without waiting."""
    return number


@agent(mutates=False)
async def wait_once(number: int) -> int:
    """Return *number* after one turn of the event loop."""
    await asyncio.sleep(0)
    return number


@agent(mutates=False)
def in_thread(number: int) -> int:
    """Return *number* from a thread."""
    return number


class _InCode:
    """Agents that stand in this module."""

    def __init__(self, catalog: Catalog, target: Callable[..., object]) -> None:
        self._catalog = catalog
        self._target = target

    def definition(self, agent: AgentId) -> AgentDefinition:
        return self._catalog.definition(agent)

    def load(self, agent: AgentId) -> Callable[..., object]:
        del agent
        return self._target


def _chain(target: Callable[..., object]) -> tuple[Bound, Blueprints]:
    catalog = Registry().with_agents(target).catalog
    pipeline = Pipeline("chain")
    for _ in range(STAGES):
        pipeline = pipeline.stage(target.__name__)
    return bind(pipeline, catalog), Blueprints(_InCode(catalog, target))


def _against_awaits(target: Callable[..., object]) -> float:
    """Return how many times a run of the chain costs what its bare calls cost."""
    pipeline, blueprints = _chain(target)
    values = {pipeline.inputs[0].name: 1}
    threads = AgentThreads()

    async def runs() -> float:
        await execute(pipeline, values, agents=blueprints, threads=threads)
        start = process_time()
        for _ in range(RUNS):
            await execute(pipeline, values, agents=blueprints, threads=threads)
        return process_time() - start

    async def awaits() -> float:
        start = process_time()
        for _ in range(RUNS * 100):
            for _ in range(STAGES):
                await hand_on(1)
        return (process_time() - start) / 100

    return cpu_ratio(lambda: asyncio.run(runs()), lambda: asyncio.run(awaits()))


@benchmark(name="run of ten stages that never wait", unit="x bare awaits")
def never_waiting() -> float:
    """Return the ratio for agents that answer at once."""
    return _against_awaits(hand_on)


@benchmark(name="run of ten stages that wait once", unit="x bare awaits")
def waiting_once() -> float:
    """Return the ratio for agents that give the event loop a turn."""
    return _against_awaits(wait_once)


@benchmark(name="run of ten stages in threads", unit="x bare awaits")
def threaded() -> float:
    """Return the ratio for agents that are not async."""
    return _against_awaits(in_thread)
