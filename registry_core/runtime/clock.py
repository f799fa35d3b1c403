"""What time it is: the one place of the runtime that asks the machine.

Durations come from a clock that only goes forward, stamps are aware UTC. Whoever runs a
pipeline may give another clock; then pauses, durations, deadlines and stamps follow it.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock", "utc_now"]


class Clock(Protocol):
    """Time, as a run needs it."""

    def monotonic(self) -> float:
        """Return seconds since some moment; never goes back."""
        ...

    def unix(self) -> float:
        """Return the moment it is, in seconds since 1970 began in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Come back after *seconds*."""
        ...


class SystemClock:
    """The machine's own time.

    >>> utc_now(SystemClock()).utcoffset()
    datetime.timedelta(0)
    """

    __slots__ = ()

    monotonic = staticmethod(time.monotonic)
    """Return seconds since some moment; never goes back."""

    unix = staticmethod(time.time)
    """Return the moment it is, in seconds since 1970 began in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Come back after *seconds*."""
        await asyncio.sleep(seconds)


def utc_now(clock: Clock) -> datetime:
    """Return the moment it is, aware and in UTC."""
    return datetime.fromtimestamp(clock.unix(), UTC)
