"""A stranger's coroutine, called from code that is in no lane."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from registry_core.runtime.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from registry_core.runtime.settled import Overdue, Settled

__all__ = ["supervise"]

T = TypeVar("T")


async def supervise(
    work: Coroutine[object, object, T],
    *,
    now: Callable[[], float],
    seconds: float,
    grace_seconds: float,
    forced: Callable[[], None],
) -> Settled[T] | Overdue:
    """Return how a stranger's *work* ended, at most *seconds* and a grace from now.

    For code that is in no lane.

    Raises:
        asyncio.CancelledError: If the caller is cancelled; *work* was ended before.
    """
    ended: list[Settled[T] | Overdue] = []

    async def only() -> None:
        ended.append(await lane.attempt(work, seconds))

    over = asyncio.get_running_loop().create_future()

    def wake(_: Lane) -> None:
        if not over.done():
            over.set_result(None)

    lane = Lane(now, grace_seconds=grace_seconds, on_forced=forced, on_over=wake)
    if not lane.start(only()):
        try:
            await over
        except asyncio.CancelledError:
            lane.cut()
            if not lane.is_over:
                over = asyncio.get_running_loop().create_future()
                try:
                    await over
                finally:
                    lane.close()
            raise
        except GeneratorExit:
            lane.close()
            raise
    if lane.error is not None:
        raise lane.error
    return ended[0]
