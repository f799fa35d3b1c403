"""The middleware: wait for one's turn, or be told when it will be."""

from __future__ import annotations

import asyncio
import os
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aiolimiter import AsyncLimiter

from middleware_ratelimit.rates import Rate, RateSettings
from registry_core import AdmissionError, Call, Proceed, middleware

if TYPE_CHECKING:
    from collections.abc import MutableMapping

__all__ = ["rate_limit"]

# The host calls a function and keeps nothing for it, and a limit is nothing but what it
# remembers: it stands here, by event loop, since neither limiters nor their waiters can change
# theirs, and goes with it.
_LIMITS: MutableMapping[asyncio.AbstractEventLoop, dict[Rate, _Limit]] = WeakKeyDictionary()


class _Limit:
    """One rate on one event loop."""

    __slots__ = ("_bucket", "_pace_seconds", "_waiting")

    def __init__(self, rate: Rate) -> None:
        self._bucket = AsyncLimiter(rate.calls, rate.seconds)
        self._pace_seconds = rate.seconds / rate.calls
        self._waiting = 0

    async def turn(self, agent: str, wait_seconds: float) -> None:
        """Come back when a call may be made, which then counts.

        Raises:
            AdmissionError: If that would take, or takes, longer than *wait_seconds*.
        """
        if not self._waiting and self._bucket.has_capacity():
            await self._bucket.acquire()
            return
        likely_seconds = (self._waiting + 1) * self._pace_seconds
        # The first in line may be due at any moment of one pace, so that one is not counted.
        if likely_seconds - self._pace_seconds >= wait_seconds:
            raise AdmissionError(agent, "rate", 0.0, likely_seconds)
        self._waiting += 1
        try:
            async with asyncio.timeout(wait_seconds):
                await self._bucket.acquire()
        except TimeoutError:
            raise AdmissionError(agent, "rate", wait_seconds, self._pace_seconds) from None
        finally:
            self._waiting -= 1


@middleware(scope="attempt", order=-500)
async def rate_limit(call: Call, proceed: Proceed) -> object:
    """Call an agent no more often than its rates allow; wait a little, else refuse.

    What it waits counts as time of the attempt.
    """
    settings = _settings(
        os.environ.get("AGENTREG_RATES", ""),  # noqa: TID251 -- a plugin has settings of its own
        os.environ.get("AGENTREG_RATE_WAIT_SECONDS", ""),  # noqa: TID251 -- as above
    )
    limits = _LIMITS.setdefault(asyncio.get_running_loop(), {})
    for rate in settings.rates:
        if rate.covers(call.agent):
            limit = limits.get(rate) or limits.setdefault(rate, _Limit(rate))
            await limit.turn(call.agent, settings.wait_seconds)
    return await proceed()


@lru_cache(maxsize=4)
def _settings(rates: str, wait: str) -> RateSettings:
    return RateSettings.of({"AGENTREG_RATES": rates, "AGENTREG_RATE_WAIT_SECONDS": wait})
