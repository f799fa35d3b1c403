"""Run a stranger's coroutine without ever being held by it.

The coroutine gets a task of its own and a time. When the time is up it is cancelled; when it
does not end within a grace it is closed; when even that does not end it, it is left behind.
Whatever it raises, ``SystemExit`` included, comes back as a value.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["Overdue", "Raised", "Returned", "Settled", "leave_behind", "supervise"]


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
    left_behind: Callable[[], None],
) -> Settled[T] | Overdue:
    """Return how *work* ended, at most *seconds* and twice *grace_seconds* from now.

    Args:
        work: A stranger's coroutine; runs in a task of its own.
        seconds: How long it may take.
        grace_seconds: How long it may take to end once it was cancelled.
        left_behind: Called when it could not be ended.

    Raises:
        asyncio.CancelledError: If the caller is cancelled; *work* was ended before.
    """
    task = asyncio.create_task(_settle(work))
    try:
        await asyncio.wait((task,), timeout=seconds)
    except asyncio.CancelledError:
        await _cut(task, grace_seconds=grace_seconds, left_behind=left_behind)
        raise
    if task.done():
        return task.result()
    await _cut(task, grace_seconds=grace_seconds, left_behind=left_behind)
    if not task.done() or task.cancelled() or task.exception() is not None:
        return Overdue()
    match task.result():
        case Raised(error) if not isinstance(error, asyncio.CancelledError):
            return Overdue(error)
        case _:
            return Overdue()


async def _cut(
    task: asyncio.Task[T],
    *,
    grace_seconds: float,
    left_behind: Callable[[], None],
) -> None:
    """End *task* by ever harder means, at most twice *grace_seconds* from now.

    A cancellation of the caller meanwhile goes straight to the last means.
    """
    try:
        task.cancel()
        await asyncio.wait((task,), timeout=grace_seconds)
        if not task.done():
            _close(task)
            await asyncio.wait((task,), timeout=grace_seconds)
    finally:
        if not task.done():
            leave_behind(task)
            left_behind()


def _close(task: asyncio.Task[T]) -> None:
    """Raise ``GeneratorExit`` inside: ``except CancelledError`` does not stop that."""
    coroutine = task.get_coro()
    task.add_done_callback(_read)
    try:
        coroutine.close()
    except BaseException:  # noqa: BLE001 -- it awaits or raises while being closed
        return
    task.cancel()  # wakes the task, which finds its coroutine at its end


def leave_behind(task: asyncio.Task[T]) -> None:
    """Take *task* off the loop's books, for ``asyncio.run`` waits for all that are on them."""
    task.add_done_callback(_read)
    asyncio.tasks._unregister_task(task)  # noqa: SLF001 -- see "Extending asyncio"


def _read(task: asyncio.Task[T]) -> None:
    if not task.cancelled():
        task.exception()
