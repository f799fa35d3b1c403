"""Mixed faults for a while: nothing may pile up.

``python -m tests.benchmarks.soak [SECONDS]`` runs for a minute unless told otherwise, prints what
it saw, and fails when a task, a thread or memory is left behind or the counts do not add up.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from registry_core import Policy, agent
from registry_core.names import AgentId
from registry_core.pipeline.policy import Backoff
from registry_core.runtime.agents import Blueprints
from registry_core.runtime.compiling import Chains
from registry_core.runtime.engine import execute, result_of
from registry_core.runtime.host import Host
from registry_core.runtime.scope import RunOptions
from registry_core.settings.limits import BreakerPolicy
from tests.benchmarks.frame import benchmark
from tests.runtime.rig import Part, assemble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from registry_core.results.run import RunResult
    from tests.runtime.rig import Rig

__all__ = ["Soaked", "soak"]

AT_ONCE = 20
SECONDS = 60.0
SHORT_SECONDS = 6.0
WARM_UP = 0.25
SHORT = RunOptions(grace_seconds=0.01, close_seconds=0.5)


@agent(mutates=False)
async def adds(number: int) -> int:
    """Return the next number."""
    return number + 1


@agent(mutates=False, idempotent=True)
async def fails_often(number: int) -> int:
    """Fail two times out of three, which trips its breaker again and again."""
    await asyncio.sleep(0)
    if number % 3:
        raise OSError(number)
    return number


@agent(mutates=False)
async def hangs(number: int) -> int:
    """Never answer."""
    await asyncio.sleep(60)
    return number


@agent(mutates=False)
async def swallows(number: int) -> int:
    """Never answer, and never listen."""
    while number > -1:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue
    return number


@agent(mutates=False)
async def cancels_itself(number: int) -> int:
    """Leave a cancellation behind."""
    task = asyncio.current_task()
    if task is not None:
        task.cancel()
    return number


@agent(mutates=False)
def in_a_thread(number: int) -> int:
    """Take a moment in a thread."""
    threading.Event().wait(0.002)
    return number


@agent(mutates=False)
async def takes_two(left: int, right: int) -> int:
    """Return the sum."""
    return left + right


def _rigs() -> list[Rig]:
    quick = Policy(timeout_seconds=0.005, max_attempts=1)
    again = Policy(max_attempts=3, backoff=Backoff(first_seconds=0.001))

    def beside(part: Part) -> Rig:
        return assemble(
            adds,
            Part(adds, id="left", sources={"number": "adds"}),
            Part(part.target, id="right", policy=part.policy, sources={"number": "adds"}),
            Part(takes_two, sources={"left": "left", "right": "right"}),
        )

    return [
        assemble(*(Part(adds, id=f"s{n}") for n in range(10))),
        assemble(adds, Part(fails_often, policy=again), in_a_thread),
        assemble(adds, Part(hangs, policy=quick)),
        assemble(Part(swallows, policy=quick), adds),
        assemble(cancels_itself, in_a_thread, adds),
        beside(Part(in_a_thread)),
        beside(Part(hangs, policy=quick)),
        beside(Part(swallows, policy=quick)),
    ]


@dataclass(slots=True)
class Soaked:
    """What was seen.

    Attributes:
        statuses: How many runs ended how.
        growth_mib: How much more memory the process held at the end than after the warm-up.
        tasks: Tasks left on the event loop.
        threads: Most threads that there were at once.
        stages: Stages that were recorded, and that there should be.
    """

    statuses: Counter[str] = field(default_factory=Counter[str])
    growth_mib: float = 0.0
    tasks: int = 0
    threads: int = 0
    stages: tuple[int, int] = (0, 0)


def soak(seconds: float) -> Soaked:
    """Return what was seen in that many seconds of runs that fail in every way."""
    logging.disable(logging.CRITICAL)  # a line for each of a million failures
    try:
        return asyncio.run(_soak(seconds))
    finally:
        logging.disable(logging.NOTSET)


async def _soak(seconds: float) -> Soaked:
    seen = Soaked()
    host = Host(BreakerPolicy(minimum_calls=5, window_calls=10, open_seconds=0.05))
    rigs = [(rig, _kept(rig, host)) for rig in _rigs()]
    own = asyncio.all_tasks()
    start = time.monotonic()
    workers = [
        asyncio.create_task(_work(rigs, seen, random.Random(seed), start + seconds))  # noqa: S311
        for seed in range(AT_ONCE)
    ]
    await asyncio.sleep(seconds * WARM_UP)
    before = _resident_mib()
    while not all(worker.done() for worker in workers):
        seen.threads = max(seen.threads, threading.active_count())
        await asyncio.sleep(0.2)
    await asyncio.gather(*workers)
    await asyncio.sleep(0.1)
    seen.growth_mib = _resident_mib() - before
    seen.tasks = len(asyncio.all_tasks() - own)
    return seen


def _kept(rig: Rig, host: Host) -> Chains:
    blueprints = Blueprints(rig.agents, host)
    for stage in rig.pipeline.stages:
        blueprints.read(AgentId(stage.agent))
    return Chains(blueprints)


async def _work(
    rigs: Sequence[tuple[Rig, Chains]], seen: Soaked, draw: random.Random, until: float
) -> None:
    while time.monotonic() < until:
        rig, chains = draw.choice(rigs)
        result = await _ended(rig, chains, draw)
        if result is not None:
            seen.statuses[result.status] += 1
            recorded, expected = seen.stages
            seen.stages = recorded + len(result.stages), expected + len(rig.pipeline.stages)


async def _ended(rig: Rig, chains: Chains, draw: random.Random) -> RunResult | None:
    """Return what came out of a run; one in five is cancelled, one in five has little time."""
    chance = draw.random()
    limit = 0.004 if chance < 0.2 else None
    options = RunOptions(
        timeout_seconds=limit, grace_seconds=SHORT.grace_seconds, close_seconds=0.5
    )
    run = asyncio.create_task(
        execute(
            rig.pipeline,
            {"number": draw.randrange(100)},
            agents=chains,
            options=options,
            observers=[lambda _: None] if 0.4 < chance < 0.5 else (),
        )
    )
    if chance > 0.8:
        await asyncio.sleep(0.003 * draw.random())
        run.cancel()
    try:
        return await run
    except asyncio.CancelledError as error:
        return result_of(error)


def _resident_mib() -> float:
    gc.collect()
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * 4096 / 2**20
    return 0.0


@benchmark(name="soak: memory growth after warm-up", unit="MiB", goal=5)
def memory_growth() -> float:
    """Return how much a few seconds leave behind; an hour is run by hand."""
    return soak(SHORT_SECONDS).growth_mib


def main(words: Sequence[str]) -> int:
    """Soak, say what was seen, and return 1 if something was left behind."""
    seconds = float(words[0]) if words else SECONDS
    seen = soak(seconds)
    recorded, expected = seen.stages
    runs = sum(seen.statuses.values())
    print(f"{runs} runs in {seconds:g} s: {dict(seen.statuses)}")
    print(f"stages {recorded} of {expected}, tasks left {seen.tasks}, most threads {seen.threads}")
    print(f"memory grew by {seen.growth_mib:.1f} MiB after the warm-up")
    held = recorded == expected and not seen.tasks and seen.threads < 64 + AT_ONCE
    return int(not (held and seen.growth_mib <= 5 + seconds / 600))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
