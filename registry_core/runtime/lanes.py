"""The lanes of one run: opened, cut together, waited for."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING

from registry_core.errors import StoreError
from registry_core.runtime.failures import record_failure
from registry_core.runtime.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from registry_core.results.outcomes import ErrorCode, ErrorRecord
    from registry_core.runtime.scope import RunScope
    from registry_core.runtime.stage import StageRun

__all__ = ["Lanes"]

_log = logging.getLogger("registry_core.runtime")


class Lanes:
    """The lanes that are not over, each with the stage that goes on in it.

    Attributes:
        error: What ends the run; every lane is cut once there is something.
    """

    def __init__(self, scope: RunScope) -> None:
        """Start with none."""
        self.error: ErrorRecord | None = None
        self._scope = scope
        self._lanes: dict[Lane, StageRun | None] = {}
        self._all_over: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        """Return how many are not over."""
        return len(self._lanes)

    def open(self) -> Lane:
        """Return a new lane, in which no stage goes on yet."""
        lane = Lane(
            self._scope.clock.monotonic,
            grace_seconds=self._scope.options.grace_seconds,
            on_forced=lambda: self.forced(lane),
            on_over=self.over,
        )
        self._lanes[lane] = None
        return lane

    def attend(self, lane: Lane, stage: StageRun) -> None:
        """Know that *stage* is what goes on in *lane*."""
        self._lanes[lane] = stage

    async def through(self, begin: Callable[[Lane], Coroutine[object, object, None]]) -> None:
        """Come back when all that *begin* leads to is over.

        Raises:
            asyncio.CancelledError: If the caller is cancelled; whatever ran has ended.
        """
        lane = self.open()
        lane.start(begin(lane))
        if self._lanes:
            await self._wait()

    async def wait_for(self, lane: Lane) -> None:
        """Come back when *lane* is over, which somebody else has begun.

        Raises:
            asyncio.CancelledError: If the caller is cancelled; whatever ran has ended.
        """
        self._lanes.setdefault(lane)
        await self._wait()

    def forced(self, lane: Lane) -> None:
        """Tell that somebody in *lane* had to be closed."""
        stage = self._lanes.get(lane)
        who = "an agent that was brought in" if stage is None else stage.name_of_agent
        self._scope.journal.forced("" if stage is None else stage.stage.id, who)

    def over(self, lane: Lane) -> None:
        """Take note that *lane* is over."""
        stage = self._lanes.pop(lane, None)
        error = lane.error
        if stage is not None and lane.is_cut:
            stage.cut_off()
        if error is not None and not isinstance(error, asyncio.CancelledError | GeneratorExit):
            _log.error("run %s met a fault of its host", self._scope.run_id, exc_info=error)
            code: ErrorCode = "storage_failed" if isinstance(error, StoreError) else "host_error"
            self.error = record_failure(error, code=code, stage_id="", phase="host")
        if self.error is not None:
            self._cut()
        if not self._lanes and self._all_over is not None and not self._all_over.done():
            self._all_over.set_result(None)

    async def _wait(self) -> None:
        """Come back when no lane is left."""
        loop = asyncio.get_running_loop()
        self._all_over = loop.create_future()
        limit = self._scope.remaining_seconds()
        timer = loop.call_later(limit, self._time_is_up) if limit < math.inf else None
        try:
            await self._all_over
        except asyncio.CancelledError:
            self._cut()
            if self._lanes:
                self._all_over = loop.create_future()
                await self._all_over
            raise
        finally:
            if timer is not None:
                timer.cancel()
            for lane in tuple(self._lanes):  # who waits here is closed, or cancelled once more
                lane.close()

    def _time_is_up(self) -> None:
        self._scope.has_expired = True
        self._cut()

    def _cut(self) -> None:
        for lane in tuple(self._lanes):
            lane.cut()
