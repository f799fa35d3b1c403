"""Run a stranger's coroutine without ever being held by it.

The coroutine gets a task of its own and a time. When the time is up it is cancelled, and when
it does not end within a grace it is closed, which nothing survives but tasks that it started
itself. Whatever it raises, ``SystemExit`` included, comes back as a value.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from registry_core.runtime.eager import begin

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["Overdue", "Raised", "Returned", "Settled", "force", "supervise"]


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Returned(Generic[T]):
    """It ended with a value."""

    value: T


@dataclass(frozen=True, slots=True)
class Raised:
    """It ended with an exception, of whatever kind."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Overdue:
    """Its time was up; *answer* is what it raised on being told so."""

    answer: BaseException | None = None


Settled: TypeAlias = Returned[T] | Raised


async def _settle(work: Coroutine[object, object, T]) -> Settled[T]:
    """Return how *work* ended; raises nothing, not even a cancellation."""
    try:
        return Returned(await work)
    except BaseException as error:  # noqa: BLE001 -- what a stranger raises is a value here
        return Raised(error)


async def supervise(
    work: Coroutine[object, object, T],
    *,
    seconds: float,
    grace_seconds: float,
    forced: Callable[[], None],
) -> Settled[T] | Overdue:
    """Return how *work* ended, at most *seconds* and twice *grace_seconds* from now.

    Args:
        work: A stranger's coroutine; runs in a task of its own.
        seconds: How long it may take.
        grace_seconds: How long it may take to end once it was cancelled.
        forced: Called when it had to be closed.

    Raises:
        asyncio.CancelledError: If the caller is cancelled; *work* was ended before.
    """
    task = begin(_settle(work))
    if isinstance(task, tuple):
        return task[0]
    try:
        await asyncio.wait((task,), timeout=seconds)
    except asyncio.CancelledError:
        await _end(task, grace_seconds, forced)
        raise
    except GeneratorExit:  # who waits here is closed, and cannot wait any more
        force(task)
        raise
    if task.done():
        return task.result()
    return Overdue(await _end(task, grace_seconds, forced))


def force(task: asyncio.Task[T]) -> None:
    """Close what *task* runs; it is done as soon as the event loop gets to it.

    ``GeneratorExit`` is raised inside, which ``except CancelledError`` does not stop. A
    coroutine that catches even that, and awaits, is never resumed.
    """
    task.add_done_callback(_read)
    with suppress(BaseException):  # what it raises while it is closed
        task.get_coro().close()
    task.cancel()  # wakes the task, which finds its coroutine at an end


async def _end(
    task: asyncio.Task[Settled[T]], grace_seconds: float, forced: Callable[[], None]
) -> BaseException | None:
    """End *task*; return what it raised on being cancelled, if that was anything else.

    A cancellation of the caller meanwhile cuts the grace short.
    """
    task.cancel()
    try:
        await asyncio.wait((task,), timeout=grace_seconds)
    finally:
        if not task.done():
            force(task)
            forced()
    if task.done():
        settled = task.result()
        answer = settled.error if isinstance(settled, Raised) else None
        return None if isinstance(answer, asyncio.CancelledError) else answer
    await asyncio.wait((task,), timeout=grace_seconds)
    return None


def _read(task: asyncio.Task[T]) -> None:
    """Look at the exception of a closed task, or the loop complains that nobody did."""
    if not task.cancelled():
        task.exception()
