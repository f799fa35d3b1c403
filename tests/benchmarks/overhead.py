"""What a stage costs beside its agent's own work."""

from __future__ import annotations

import asyncio
import statistics
from time import process_time
from typing import TYPE_CHECKING

from registry_core import Pipeline, Policy, agent
from registry_core.pipeline.binding import bind
from registry_core.registry import Registry
from registry_core.runtime.agents import Blueprints
from registry_core.runtime.engine import execute
from tests.benchmarks.frame import benchmark

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.catalog.catalog import Catalog
    from registry_core.definitions.agent import AgentDefinition
    from registry_core.names import AgentId

STAGES = 200
AWAITS = 100_000
REPEATS = 15
LONG = list(range(100_000))


@agent(mutates=False)
async def step(number: int) -> int:
    """Return *number*: an agent that does nothing."""
    return number


@agent(mutates=False)
async def hand_on(numbers: list[int]) -> list[int]:
    """Return *numbers*: an agent that does nothing, to a large value."""
    return numbers


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


async def _run_seconds(target: Callable[..., object], value: object, stages: int) -> float:
    """Return the median processor time of one run of a chain."""
    catalog = Registry().with_agents(target).catalog
    pipeline = Pipeline("chain")
    for _ in range(stages):
        pipeline = pipeline.stage(target.__name__, policy=Policy(max_attempts=1))
    bound = bind(pipeline, catalog)
    values = {bound.inputs[0].name: value}
    blueprints = Blueprints(_InCode(catalog, target))
    times: list[float] = []
    for _ in range(REPEATS):
        start = process_time()
        result = await execute(bound, values, agents=blueprints)
        times.append(process_time() - start)
        result.raise_for_status()
    return statistics.median(times)


def _stage_us(target: Callable[..., object], value: object) -> float:
    """Return the cost of one more stage: what a run costs by itself falls out."""
    long = asyncio.run(_run_seconds(target, value, STAGES + 1))
    short = asyncio.run(_run_seconds(target, value, 1))
    return (long - short) / STAGES * 1e6


async def _await_us() -> float:
    start = process_time()
    for _ in range(AWAITS):
        await step(1)
    return (process_time() - start) / AWAITS * 1e6


@benchmark(name="one stage", unit="CPU us", goal=15)
def one_stage() -> float:
    """Return the cost of a stage that does nothing, without observers."""
    return _stage_us(step, 1)


@benchmark(name="one stage against a bare await", unit="x")
def one_stage_ratio() -> float:
    """Return the same in units that do not depend on the machine."""
    return _stage_us(step, 1) / asyncio.run(_await_us())


@benchmark(name="one stage, 100 000 numbers against one", unit="x", goal=2)
def large_values() -> float:
    """Return how much a stage costs more when the value it hands on is large."""
    return _stage_us(hand_on, LONG) / _stage_us(step, 1)
