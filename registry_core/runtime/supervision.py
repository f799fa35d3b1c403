"""A stranger's coroutine, called from code that is in no lane."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from registry_core.runtime.lane import Lane
from registry_core.runtime.waiting import until_over, wake

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

    lane = Lane(now, grace_seconds=grace_seconds, on_forced=forced, on_over=wake)
    if not lane.start(only()):
        await until_over(lane)
    if lane.error is not None:
        raise lane.error
    return ended[0]
