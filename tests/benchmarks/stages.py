"""What a whole run costs: ten trivial stages against ten bare awaits of the same agents."""

from __future__ import annotations

import asyncio
from time import process_time
from typing import TYPE_CHECKING

from registry_core import Call, Pipeline, Proceed, Registry, agent
from registry_core.authoring.agent import middleware
from registry_core.runtime.engine import execute
from tests.benchmarks.frame import benchmark, cpu_ratio
from tests.runtime.rig import Part, assemble, layer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from registry_core.runtime.middleware import ActiveMiddleware

    Bare = Callable[[int], Awaitable[int]]

STAGES = 10
RUNS = 200
LONG = list(range(100_000))


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


@agent(mutates=False)
async def hand_on_many(numbers: list[int]) -> list[int]:
    """Return *numbers* without waiting."""
    return numbers


@middleware()
async def outer(call: Call, proceed: Proceed) -> object:
    """Go on."""
    del call
    return await proceed()


@middleware()
async def inner(call: Call, proceed: Proceed) -> object:
    """Go on."""
    del call
    return await proceed()


TWO = (layer(outer), layer(inner))


def _runs(
    target: Callable[..., object],
    value: object = 1,
    *,
    layers: Sequence[ActiveMiddleware] = (),
    runs: int = RUNS,
) -> Callable[[], float]:
    """Return what tells the processor seconds of a run of ten stages, kept as registries do."""
    rig = assemble(*(Part(target, id=f"s{n}") for n in range(STAGES)))
    values = {rig.pipeline.inputs[0].name: value}

    async def main() -> float:
        result = await execute(rig.pipeline, values, agents=rig.chains, middleware=layers)
        result.raise_for_status()
        start = process_time()
        for _ in range(runs):
            await execute(rig.pipeline, values, agents=rig.chains, middleware=layers)
        return (process_time() - start) / runs

    return lambda: asyncio.run(main())


def _awaits(bare: Bare) -> Callable[[], float]:
    """Return what tells the processor seconds of ten bare awaits."""

    async def main() -> float:
        start = process_time()
        for _ in range(RUNS):
            for _ in range(STAGES):
                await bare(1)
        return (process_time() - start) / RUNS

    return lambda: asyncio.run(main())


@benchmark(name="ten stages that never wait, two middlewares", unit="x bare awaits", goal=12)
def never_waiting_covered() -> float:
    """Return the ratio with the default policy: timeout, breaker, retries, metrics, records."""
    return cpu_ratio(_runs(hand_on, layers=TWO), _awaits(hand_on))


@benchmark(name="ten stages that never wait", unit="x bare awaits")
def never_waiting() -> float:
    """Return the same without middleware."""
    return cpu_ratio(_runs(hand_on), _awaits(hand_on))


@benchmark(name="ten stages that wait once, two middlewares", unit="x bare awaits", goal=5)
def waiting_once_covered() -> float:
    """Return the ratio where agents give the event loop a turn, and could be abandoned there."""
    return cpu_ratio(_runs(wait_once, layers=TWO), _awaits(wait_once))


@benchmark(name="ten stages that wait once", unit="x bare awaits")
def waiting_once() -> float:
    """Return the same without middleware."""
    return cpu_ratio(_runs(wait_once), _awaits(wait_once))


@benchmark(name="ten stages asked of a registry, against the engine alone", unit="x", goal=1.35)
def asked_of_registry() -> float:
    """Return what it costs that a registry finds out each time what is meant, and on what terms."""
    return cpu_ratio(_asked, _runs(hand_on))


def _asked() -> float:
    registry = Registry().with_agents(hand_on)
    pipeline = Pipeline("ten")
    for number in range(STAGES):
        pipeline = pipeline.stage("hand_on", id=f"s{number}")

    async def main() -> float:
        for _ in range(2):  # the first brings the agent in, the second compiles
            result = await registry.run(pipeline, 1)
            result.raise_for_status()
        start = process_time()
        for _ in range(RUNS):
            await registry.run(pipeline, 1)
        return (process_time() - start) / RUNS

    return asyncio.run(main())


@benchmark(name="ten stages in threads", unit="x bare awaits")
def threaded() -> float:
    """Return the ratio for agents that are not async."""
    return cpu_ratio(_runs(in_thread, runs=20), _awaits(hand_on))


@benchmark(name="ten stages, 100 000 numbers against one", unit="x", goal=1.2)
def large_values() -> float:
    """Return how much more a run costs whose value is large; checking the caller's costs once."""
    return cpu_ratio(_hand_on(LONG), _hand_on([]))


def _hand_on(numbers: list[int]) -> Callable[[], float]:
    @agent(mutates=False)
    async def makes(number: int) -> list[int]:
        return numbers if number else []

    rig = assemble(makes, *(Part(hand_on_many, id=f"s{n}") for n in range(STAGES)))

    async def main() -> float:
        await execute(rig.pipeline, {"number": 1}, agents=rig.chains)
        start = process_time()
        for _ in range(RUNS):
            await execute(rig.pipeline, {"number": 1}, agents=rig.chains)
        return process_time() - start

    return lambda: asyncio.run(main())
