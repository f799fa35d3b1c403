"""Somebody waits for what was begun, and takes it along when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Begun", "until_over", "wake"]


class Begun(Protocol):
    """What was begun and may be waited for.

    Attributes:
        is_over: Whether it is over.
        ended: Wakes whoever waits, or None while nobody does.
    """

    ended: asyncio.Future[None] | None

    @property
    def is_over(self) -> bool: ...  # noqa: D102 -- told above

    def cut(self) -> None:
        """Tell it to end; within a grace it will have ended."""
        ...

    def close(self) -> None:
        """End now what is left of it."""
        ...


async def until_over(
    begun: Begun, seconds: float = math.inf, time_is_up: Callable[[], None] | None = None
) -> None:
    """Come back when *begun* is over; nothing of it is left behind, however this ends.

    Args:
        begun: Tells of its end with :func:`wake`.
        seconds: How long to wait quietly.
        time_is_up: Called then.

    Raises:
        asyncio.CancelledError: If the caller is cancelled; *begun* has ended before.
    """
    loop = asyncio.get_running_loop()
    begun.ended = loop.create_future()
    timer = None
    if time_is_up is not None and seconds < math.inf:
        timer = loop.call_later(seconds, time_is_up)
    try:
        await begun.ended
    except asyncio.CancelledError:
        begun.cut()
        if not begun.is_over:
            begun.ended = loop.create_future()
            await begun.ended
        raise
    finally:
        begun.ended = None
        if timer is not None:
            timer.cancel()
        begun.close()  # whoever waits here is closed, or cancelled once more


def wake(begun: Begun) -> None:
    """Let whoever waits for *begun* know that it is over."""
    if begun.ended is not None and not begun.ended.done():
        begun.ended.set_result(None)
