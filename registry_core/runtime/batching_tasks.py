"""The tasks and timers of one batch, none of which outlives it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["BatchTasks"]


class BatchTasks:
    """Tasks that end together, if need be by force.

    Attributes:
        is_cut: Whether they were told to end.
    """

    __slots__ = ("_broke", "_grace_seconds", "_loop", "_news", "_tasks", "_timers", "is_cut")

    def __init__(self, *, grace_seconds: float, broke: Callable[[BaseException], None]) -> None:
        """Start with none, on the event loop that runs.

        Args:
            grace_seconds: How long those that were cancelled may take to end.
            broke: Called with what a task raised that was not told to end.
        """
        self.is_cut = False
        self._loop = asyncio.get_running_loop()
        self._grace_seconds = grace_seconds
        self._broke = broke
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._news: asyncio.Future[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether none is left."""
        return not self._tasks

    def are_cancelled(self, asking: asyncio.Task[object]) -> bool:
        """Return whether there are others than *asking*, and somebody cancelled all of them."""
        others = self._tasks - {asking}
        return bool(others) and all(task.cancelling() for task in others)

    def begin(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run *work* in a task."""
        # Not by the loop's factory: an eager one would nest every worker in the one before.
        task = asyncio.Task(work, loop=self._loop)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call after *seconds*, unless all tasks have ended by then."""
        self._timers.append(self._loop.call_later(seconds, call))

    async def news(self) -> None:
        """Come back when somebody calls :meth:`notify`, or no task is left."""
        if self._tasks:
            self._news = self._loop.create_future()
            await self._news

    async def over(self) -> None:
        """Come back when no task is left."""
        while self._tasks:
            await self.news()

    def notify(self) -> None:
        """Let whoever waits for news have a look."""
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def cancel(self) -> None:
        """Cancel all, once, and close those that have not ended after the grace."""
        if self.is_cut or not self._tasks:
            return
        self.is_cut = True
        for task in self._tasks:
            task.cancel()
        self.later(self._grace_seconds, self.force)

    def force(self) -> None:
        """Close all; what cannot be closed is left behind after another grace."""
        if not self._tasks:
            return
        self.is_cut = True
        for task in tuple(self._tasks):
            # Raises GeneratorExit inside, which ``except CancelledError`` does not stop.
            with suppress(BaseException):
                task.get_coro().close()
            task.cancel()  # wakes the task, which finds its coroutine at an end
        self.later(self._grace_seconds, self._abandon)

    def _abandon(self) -> None:
        self._tasks.clear()
        self._leave()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.is_cut:
            self._broke(error)
        if not self._tasks:
            self._leave()

    def _leave(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self.notify()
