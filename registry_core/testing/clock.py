"""A clock that a test moves by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

__all__ = ["FakeClock"]

_START = datetime(2030, 1, 1, tzinfo=UTC)


class FakeClock:
    """Time that passes only when something sleeps on it or a test says so.

    Attributes:
        pauses: Every pause that was asked for, in seconds, in order.

    >>> clock = FakeClock()
    >>> clock.advance(1.5)
    >>> clock.monotonic(), clock.utc_now().isoformat()
    (1.5, '2030-01-01T00:00:01.500000+00:00')
    """

    def __init__(self, start: datetime = _START) -> None:
        """Begin at 0 seconds, and at *start* on the wall."""
        self.pauses: list[float] = []
        self._seconds = 0.0
        self._wall = start

    def monotonic(self) -> float:
        """Return the seconds that were slept or advanced."""
        return self._seconds

    def unix(self) -> float:
        """Return the moment on the wall, in seconds since 1970 began in UTC."""
        return self._wall.timestamp()

    def utc_now(self) -> datetime:
        """Return the moment on the wall."""
        return self._wall

    async def sleep(self, seconds: float) -> None:
        """Let *seconds* pass at once; others get their turn."""
        self.pauses.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self._seconds += seconds
        self._wall += timedelta(seconds=seconds)

    def set_wall(self, moment: datetime) -> None:
        """Put the wall clock right, or wrong; the monotonic one takes no notice."""
        self._wall = moment
