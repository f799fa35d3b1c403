"""The lanes of one run: opened, cut together, waited for."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from registry_core.errors import StoreError
from registry_core.runtime.failures import record_failure
from registry_core.runtime.lane import Lane
from registry_core.runtime.waiting import until_over, wake

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
        ended: Wakes whoever waits for all of them.
    """

    def __init__(self, scope: RunScope) -> None:
        """Start with none."""
        self.error: ErrorRecord | None = None
        self._scope = scope
        self._lanes: dict[Lane, StageRun | None] = {}
        self.ended: asyncio.Future[None] | None = None

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
            await until_over(self, self._scope.remaining_seconds(), self._time_is_up)

    @property
    def is_over(self) -> bool:
        """Whether none is left."""
        return not self._lanes

    def cut(self) -> None:
        """Tell all of them to end."""
        for lane in tuple(self._lanes):
            lane.cut()

    def close(self) -> None:
        """End all of them now."""
        for lane in tuple(self._lanes):
            lane.close()

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
            self.cut()
        if self.is_over:
            wake(self)

    def _time_is_up(self) -> None:
        self._scope.has_expired = True
        self.cut()
