"""When a batch tells how far it is."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import TypeAlias

from registry_core.results.batch import BatchProgress
from registry_core.runtime.failures import type_name

__all__ = ["Milestones", "TellProgress"]

TellProgress: TypeAlias = Callable[[BatchProgress], None]

_log = logging.getLogger("registry_core.runtime")

_STEPS = 10
_EVERY_SECONDS = 1.0


class Milestones:
    """Tells somebody at each tenth of a known number of items, else every so often.

    The last time is the end, once. Somebody who raises hears no more.

    Attributes:
        mark: How many items have to be done for the next telling; infinite without marks.
    """

    __slots__ = ("_batch_id", "_count", "_every", "_now", "_started", "_tell", "_timer", "mark")

    def __init__(
        self,
        tell: TellProgress | None,
        *,
        batch_id: str,
        total: int | None,
        every_seconds: float | None,
        now: Callable[[], float],
    ) -> None:
        """Prepare; tells nothing yet.

        Args:
            tell: Who wants to know, or None.
            batch_id: The batch.
            total: How many items there are, or None where nobody knows.
            every_seconds: How often to tell, instead of at each tenth.
            now: The time.
        """
        self._tell = tell
        self._batch_id = batch_id
        self._now = now
        self._started = now()
        self._count: Callable[[], tuple[int, int, int | None]] = lambda: (0, 0, total)
        self._every = (every_seconds or _EVERY_SECONDS) if every_seconds or total is None else None
        self._timer: asyncio.TimerHandle | None = None
        self.mark: float = math.inf
        if tell is not None and self._every is None:
            self.mark = _mark_after(0, total or 0)

    def start(self, count: Callable[[], tuple[int, int, int | None]]) -> None:
        """Begin to tell what *count* gives: items done, items failed, items in all."""
        self._count = count
        if self._tell is not None and self._every is not None:
            self._again(asyncio.get_running_loop(), self._every)

    def reach(self) -> None:
        """Tell how far it is, if the mark was reached."""
        done, failed, total = self._count()
        if done >= self.mark and (total is None or done < total):
            self.mark = _mark_after(done, total or 0)
            self._say(done, failed, total)

    def end(self) -> None:
        """Tell for the last time."""
        if self._timer is not None:
            self._timer.cancel()
        self.mark = math.inf
        self._say(*self._count())
        self._tell = None

    def _again(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._timer = loop.call_later(seconds, self._tick, loop, seconds)

    def _tick(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._say(*self._count())
        self._again(loop, seconds)

    def _say(self, done: int, failed: int, total: int | None) -> None:
        if self._tell is None:
            return
        seconds = self._now() - self._started
        try:
            self._tell(BatchProgress(self._batch_id, done, failed, total, seconds))
        except Exception as error:  # noqa: BLE001 -- watching never changes what is watched
            self._tell = None
            _log.warning(
                "progress of batch %s raised %s and hears no more", self._batch_id, type_name(error)
            )


def _mark_after(done: int, total: int) -> float:
    """Return the next tenth of *total* after *done*.

    >>> [_mark_after(done, 1000) for done in (0, 99, 100, 950, 1000)]
    [100, 100, 200, 1000, inf]
    """
    step = done * _STEPS // total + 1 if total else _STEPS + 1
    return -(-step * total // _STEPS) if step <= _STEPS else math.inf
