"""What a stage costs beside its agent's own work."""

from __future__ import annotations

import asyncio
import statistics
from time import process_time
from typing import TYPE_CHECKING

from registry_core import Policy, agent
from registry_core.runtime.engine import execute
from registry_core.runtime.scope import RunOptions
from tests.benchmarks.frame import benchmark, cpu_ratio
from tests.runtime.rig import Part, assemble

if TYPE_CHECKING:
    from collections.abc import Callable

STAGES = 200
AWAITS = 100_000
REPEATS = 15
LONG = list(range(100_000))
PLAIN = RunOptions()
MEASURED = RunOptions(measure_share=1)


@agent(mutates=False)
async def step(number: int) -> int:
    """Return *number*: an agent that does nothing."""
    return number


@agent(mutates=False)
async def hand_on(numbers: list[int]) -> list[int]:
    """Return *numbers*: an agent that does nothing, to a large value."""
    return numbers


def _chain(
    target: Callable[..., object], value: object, stages: int, options: RunOptions
) -> Callable[[], float]:
    """Return what runs a chain of *stages* once and tells the processor seconds."""
    policy = Policy(max_attempts=1)
    rig = assemble(*(Part(target, id=f"s{n}", policy=policy) for n in range(stages)))
    values = {rig.pipeline.inputs[0].name: value}
    chains = rig.chains

    async def run() -> float:
        start = process_time()
        result = await execute(rig.pipeline, values, agents=chains, options=options)
        seconds = process_time() - start
        result.raise_for_status()
        return seconds

    return lambda: asyncio.run(run())


def _stages(
    target: Callable[..., object], value: object, options: RunOptions = PLAIN
) -> Callable[[], float]:
    """Return what tells the cost of STAGES more stages: a run's own cost falls out."""
    long, short = (_chain(target, value, count, options) for count in (STAGES + 1, 1))
    return lambda: long() - short()


async def _awaits() -> float:
    start = process_time()
    for _ in range(AWAITS):
        await step(1)
    return process_time() - start


@benchmark(name="one stage", unit="CPU us", goal=15)
def one_stage() -> float:
    """Return the cost of a stage that does nothing, without observers."""
    stages = _stages(step, 1)
    return statistics.median(stages() for _ in range(REPEATS)) / STAGES * 1e6


@benchmark(name="one stage against a bare await", unit="x")
def one_stage_ratio() -> float:
    """Return the same in units that do not depend on the machine."""
    return cpu_ratio(_stages(step, 1), lambda: asyncio.run(_awaits())) * AWAITS / STAGES


@benchmark(name="one stage, 100 000 numbers against one, sizes measured", unit="x", goal=2)
def large_values_measured() -> float:
    """Return how much more a large value costs in a run whose records say how large values are."""
    return cpu_ratio(_stages(hand_on, LONG, MEASURED), _stages(step, 1, MEASURED))
