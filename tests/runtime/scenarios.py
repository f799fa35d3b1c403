"""Agents that do not end when they are told to, or end in a way that looks like being told.

Each is a few lines that somebody has written and shipped. What they wait for, :data:`Free` lets
go, so that no event loop has to wait for them once a test has seen enough.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from registry_core import Policy, agent
from registry_core.pipeline.policy import Backoff
from registry_core.results.run import RunResult
from registry_core.runtime.clock import SystemClock
from registry_core.runtime.engine import result_of
from registry_core.runtime.scope import RunOptions
from tests.runtime.rig import Part, assemble

if TYPE_CHECKING:
    from registry_core.runtime.middleware import ActiveMiddleware
    from tests.runtime.rig import Rig

__all__ = [
    "ENDS",
    "HANGS",
    "LIMITS",
    "Ended",
    "Ender",
    "Hang",
    "end",
    "follows",
    "misbehaving",
    "options_of",
]


class HeldClock(SystemClock):
    """Stands still until an agent is called: a busy machine may take long to get there."""

    def __init__(self) -> None:
        """Stand still."""
        self._start = time.monotonic()
        self._began: float | None = None

    def begin(self) -> None:
        """Go, from now on."""
        self._began = self._began or time.monotonic()

    def monotonic(self) -> float:
        """Return seconds since it went."""
        return self._start + (0.0 if self._began is None else time.monotonic() - self._began)


class Free(asyncio.Event):
    """Lets everybody go in the end, and times from when the agent is called."""

    def __init__(self) -> None:
        """Let nobody go yet."""
        super().__init__()
        self.clock = HeldClock()


Behaviour: TypeAlias = Callable[[int, Free], Awaitable[int]]
Ender: TypeAlias = Literal["attempt timeout", "second attempt", "run deadline", "caller"]

LIMITS: Mapping[Ender, float] = {
    "attempt timeout": 0.03,
    "second attempt": 0.03,
    "run deadline": 0.2,
    "caller": 0.1,
}
ENDS = tuple(LIMITS)


async def waits(number: int, free: Free) -> int:
    """Wait for something that does not come."""
    await free.wait()
    return number


async def swallows_once(number: int, free: Free) -> int:
    """Answer when told to end."""
    with suppress(asyncio.CancelledError):
        await free.wait()
    return number


async def swallows_for_ever(number: int, free: Free) -> int:
    """Try again whatever is said."""
    while not free.is_set():
        try:
            await free.wait()
        except asyncio.CancelledError:
            continue
    return number


async def defies_everything(number: int, free: Free) -> int:
    """Take even the end of the world for a passing fault."""
    while not free.is_set():
        try:
            await asyncio.sleep(0.01)
        except BaseException:  # noqa: BLE001, S112 -- its purpose
            continue
    return number


async def awaits_a_task_that_swallows(number: int, free: Free) -> int:
    """Hand its own cancellation to somebody who does not care."""
    return await asyncio.create_task(swallows_for_ever(number, free))


async def cleans_up_for_a_moment(number: int, free: Free) -> int:
    """Say goodbye first."""
    try:
        await free.wait()
    finally:
        await asyncio.sleep(0.05)
    return number


async def cleans_up_for_long(number: int, free: Free) -> int:
    """Say goodbye to everybody."""
    try:
        await free.wait()
    finally:
        await asyncio.sleep(5)
    return number


async def makes_an_error_of_it(number: int, free: Free) -> int:
    """Take a cancellation for bad input."""
    try:
        await free.wait()
    except asyncio.CancelledError:
        raise ValueError(number) from None
    return number


async def gathers(number: int, free: Free) -> int:
    """Wait for two, one of which swallows once."""
    numbers = await asyncio.gather(waits(number, free), swallows_once(number, free))
    return numbers[0]


async def groups(number: int, free: Free) -> int:
    """Wait for two in a task group."""
    async with asyncio.TaskGroup() as group:
        first = group.create_task(waits(number, free))
        group.create_task(swallows_once(number, free))
    return first.result()


async def groups_a_swallower(number: int, free: Free) -> int:
    """Wait in a task group, which waits for its members whatever happens."""
    async with asyncio.TaskGroup() as group:
        first = group.create_task(swallows_for_ever(number, free))
    return first.result()


async def limits_itself(number: int, free: Free) -> int:
    """Have a limit of its own, which is over and over up."""
    while not free.is_set():
        try:
            async with asyncio.timeout(0.01):
                await free.wait()
        except TimeoutError:
            continue
    return number


async def limits_itself_for_long(number: int, free: Free) -> int:
    """Have a limit of its own, which is far away."""
    async with asyncio.timeout(60):
        await free.wait()
    return number


async def cancels_itself_again_and_again(number: int, free: Free) -> int:
    """Deliver a cancellation until it is heard, as cancel scopes of other libraries do."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    again = True

    def deliver() -> None:
        if again:
            task.cancel()
            loop.call_soon(deliver)

    loop.call_later(0.01, deliver)
    try:
        while not free.is_set():
            with suppress(asyncio.CancelledError):
                await free.wait()
            task.uncancel()
    finally:
        again = False
    return number


async def shields(number: int, free: Free) -> int:
    """Protect what it waits for."""
    return await asyncio.shield(asyncio.create_task(waits(number, free)))


async def shields_and_waits_on(number: int, free: Free) -> int:
    """Protect what it waits for, and see it through."""
    inner = asyncio.create_task(waits(number, free))
    while not inner.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(inner)
    return inner.result()


async def loops_over_a_generator(number: int, free: Free) -> int:
    """Wait inside an async generator."""

    async def numbers() -> AsyncIterator[int]:
        try:
            yield number
            await free.wait()
            yield number
        finally:
            await asyncio.sleep(0)

    return [each async for each in numbers()][-1]


async def waits_for_a_lock(number: int, free: Free) -> int:
    """Wait for a lock that nobody releases."""
    del free
    lock = asyncio.Lock()
    await lock.acquire()
    async with lock:
        return number


async def waits_in_a_thread(number: int, free: Free) -> int:
    """Have a thread do the waiting."""
    del free
    await asyncio.to_thread(threading.Event().wait, 0.4)
    return number


async def never_lets_go(number: int, free: Free) -> int:
    """Turn the event loop without ever waiting for anything."""
    while not free.is_set():  # noqa: ASYNC110 -- its purpose
        await asyncio.sleep(0)
    return number


async def computes(number: int, free: Free) -> int:
    """Keep the event loop from turning, and answer late."""
    del free
    threading.Event().wait(0.25)
    return number


@dataclass(frozen=True, slots=True)
class Hang:
    """A way not to end.

    Attributes:
        acts: What the agent does.
        by: What may end it.
        leaves_tasks: Whether it starts tasks of its own that nobody but it can end.
    """

    acts: Behaviour
    by: tuple[Ender, ...] = ENDS
    leaves_tasks: bool = False


HANGS: tuple[Hang, ...] = (
    Hang(waits),
    Hang(swallows_once),
    Hang(swallows_for_ever),
    Hang(defies_everything),
    Hang(awaits_a_task_that_swallows, leaves_tasks=True),
    Hang(cleans_up_for_a_moment),
    Hang(cleans_up_for_long),
    Hang(makes_an_error_of_it),
    Hang(gathers),
    Hang(groups),
    Hang(groups_a_swallower, leaves_tasks=True),
    Hang(limits_itself),
    Hang(limits_itself_for_long),
    Hang(cancels_itself_again_and_again),
    Hang(shields, leaves_tasks=True),
    Hang(shields_and_waits_on, leaves_tasks=True),
    Hang(loops_over_a_generator),
    Hang(waits_for_a_lock),
    Hang(waits_in_a_thread),
    Hang(never_lets_go),
    Hang(computes, by=("attempt timeout", "second attempt", "run deadline")),
)


@agent(mutates=False)
async def follows(number: int) -> int:
    """Wait a moment: whoever left a cancellation behind hits this one."""
    for _ in range(3):
        await asyncio.sleep(0)
    return number


def options_of(ender: Ender, seconds: float, grace_seconds: float) -> RunOptions:
    """Return the options of a run that *ender* ends after *seconds*."""
    limit = seconds if ender == "run deadline" else None
    return RunOptions(timeout_seconds=limit, grace_seconds=grace_seconds)


def misbehaving(acts: Behaviour, free: Free, ender: Ender) -> Rig:
    """Return a stage that misbehaves at its first attempt, and a stage behind it."""
    calls = count()

    @agent(idempotent=True, mutates=False)
    async def misbehaves(number: int) -> int:
        if next(calls):
            await asyncio.sleep(0)
            return number
        free.clock.begin()
        return await acts(number, free)

    limited = ender in {"attempt timeout", "second attempt"}
    policy = Policy(
        timeout_seconds=LIMITS[ender] if limited else None,
        max_attempts=2 if ender == "second attempt" else 1,
        backoff=Backoff(first_seconds=0.001),
    )
    return assemble(Part(misbehaves, policy=policy), follows)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Attributes:
        result: Its result.
        seconds: How long its caller waited.
        left: Tasks on the event loop that were not there before.
    """

    result: RunResult
    seconds: float
    left: frozenset[asyncio.Task[object]]


async def end(
    rig: Rig,
    ender: Ender,
    free: Free,
    *,
    is_watched: bool,
    seconds: float | None = None,
    grace_seconds: float = 0.1,
    times: int = 1,
    middleware: Sequence[ActiveMiddleware] = (),
) -> Ended:
    """Return how a run of *rig* ended that *ender* ends, or that ends by itself.

    Args:
        rig: What to run.
        ender: What limits it.
        free: Set when it has ended, or has not for five seconds.
        is_watched: Whether it has an observer, and so takes the long way.
        seconds: The limit; unless given, long enough for a busy machine to begin the run.
        grace_seconds: How long it may then take to end.
        times: How often a caller cancels.
        middleware: Around its stages or attempts.
    """
    if seconds is None:
        seconds = LIMITS[ender]
    options = options_of(ender, seconds, grace_seconds)
    loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()
    start = loop.time()
    run = asyncio.Task(
        rig.execute(
            {"number": 1},
            options=options,
            clock=free.clock,
            observers=[lambda _: None] if is_watched else (),
            middleware=middleware,
        )
    )

    def cancel(more: int) -> None:
        if more:
            run.cancel()
            loop.call_later(0.01, cancel, more - 1)

    loop.call_later(seconds, cancel, times if ender == "caller" else 0)
    try:
        done, _ = await asyncio.wait({run}, timeout=5 + seconds)
        waited = loop.time() - start
        assert done, "it has not ended"
        await asyncio.sleep(0)
        left = cast("set[asyncio.Task[object]]", asyncio.all_tasks() - before)
    finally:
        free.set()
    result = result_of(_cancellation(run)) if run.cancelled() else run.result()
    assert result is not None
    return Ended(result, waited, frozenset(left))


def _cancellation(task: asyncio.Task[RunResult]) -> asyncio.CancelledError:
    try:
        task.result()
    except asyncio.CancelledError as error:
        return error
    raise AssertionError
