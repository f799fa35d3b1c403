"""A line of work in a task of its own, in which no stranger is waited for longer than allowed.

A :class:`Lane` begins its work at once, in a task that the event loop does not see until the
work has to wait for something. Inside, :meth:`Lane.attempt` calls a stranger's coroutine with a
limit: when its time is up it is cancelled, and when it does not end within a grace it is closed,
which nothing survives but tasks that it started itself. No task, timer or supervisor comes into
being for a stranger that answers without waiting.

Whoever made the lane may end it with :meth:`Lane.cut`. Cancellations that the work makes by
itself, with a time limit or a task group of its own, are told from that: they go to the lane's
task, which nobody outside knows.

Source:
    ``eager_start`` of CPython 3.12, which names the task only when the first part is over: what
    another lane does meanwhile cannot reach it. Here the functions for third-party tasks that
    "Extending asyncio" in the documentation of the standard library lists do the same.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
from asyncio import tasks
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TypeAlias, TypeVar

from registry_core.runtime.settled import Overdue, Raised, Returned, Settled
from registry_core.runtime.stepping import Rest, Spares

__all__ = ["Lane"]


_enter, _leave = tasks._enter_task, tasks._leave_task  # noqa: SLF001 -- documented, see above

T = TypeVar("T")

Work: TypeAlias = Coroutine[object, object, T]


class Lane:
    """Runs one coroutine of ours, and strangers' coroutines inside it.

    Attributes:
        now: Seconds on the clock that attempts are measured with.
        began: When the current attempt began.
        limit: How long the current attempt may take; below zero once it was told to end.
        coro: The stranger's coroutine of the current attempt, or None.
        due: When a timer will look whose time is up; never while there is none.
        is_cut: Whether the lane was told to end.
        is_over: Whether nothing of it will ever run again.
        work: What it does; not to be touched from outside.
        task: What it does it in; likewise.
        context: The context variables in which it does so.
        ended: Wakes whoever waits for it.
        error: What the work ended with instead of a value: a cancellation, a fault of ours.
    """

    # Defaults of the class rather than of each lane: most lanes never need most of them.
    began = 0.0
    limit = 0.0
    coro: Work[object] | None = None
    is_cut = False
    is_over = False
    error: BaseException | None = None
    ended: asyncio.Future[None] | None = None
    work: Work[None]
    context: contextvars.Context
    task: asyncio.Task[None]
    _rest: Rest
    _is_forced = False
    _timer: asyncio.TimerHandle | None = None
    _grace_timer: asyncio.TimerHandle | None = None
    due = math.inf

    def __init__(
        self,
        now: Callable[[], float],
        *,
        grace_seconds: float,
        on_forced: Callable[[], None],
        on_over: Callable[[Lane], None],
    ) -> None:
        """Prepare; nothing runs.

        Args:
            now: A clock that only goes forward, in seconds.
            grace_seconds: How long something cancelled may take to end.
            on_forced: Called when something did not, and was closed.
            on_over: Called when the lane is over, if that was not at once.
        """
        self.now = now
        self._grace_seconds = grace_seconds
        self._forced = on_forced
        self._over = on_over

    def start(
        self,
        work: Work[None],
        spares: Spares | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> bool:
        """Begin *work* in the running event loop; return whether it is over already.

        Args:
            work: What to do.
            spares: Where to take a task from that an earlier lane did not need.
            loop: The running event loop, if the caller knows it: asking costs a system call.
        """
        self.work = work
        self.context = context = contextvars.copy_context()
        spares = spares or Spares()
        loop = loop or asyncio.get_running_loop()
        caller = asyncio.current_task(loop)
        self._rest, self.task = rest, task = spares.take(loop)
        rest.lane = self
        if caller is not None:
            _leave(loop, caller)
        _enter(loop, task)
        try:
            rest.awaited = (context.run(work.send, None),)
            tasks._register_task(task)  # noqa: SLF001 -- documented, see above
            self.watch()
        except StopIteration:
            self.over(None)
            spares.give(loop, rest, task)
        except BaseException as error:  # noqa: BLE001 -- the lane's maker looks at it
            self.over(error)
            spares.give(loop, rest, task)
        finally:
            _leave(loop, task)
            if caller is not None:
                _enter(loop, caller)
        return self.is_over

    async def attempt(self, work: Work[T], seconds: float) -> Settled[T] | Overdue:
        """Return how *work* ended, at most *seconds* and a grace from now.

        Args:
            work: A stranger's coroutine.
            seconds: How long it may take.

        Raises:
            asyncio.CancelledError: If the lane is told to end; *work* has ended before.
        """
        self.began = self.now()
        self.limit = seconds
        self.coro = work
        settled: Settled[T] | Overdue
        try:
            value = await work
        except BaseException as error:  # noqa: BLE001 -- what a stranger raises is a value here
            settled = self.settle(error)
        else:
            self.coro = None
            in_time = self.limit >= 0 and not self.is_cut
            settled = Returned(value) if in_time else self.settle_late()
        if self.task.cancelling():
            await self.absorb()
        return settled

    def settle(self, error: BaseException) -> Raised | Overdue:
        """Return what *error* means, which came out of the current attempt.

        Raises:
            asyncio.CancelledError: If the lane is told to end.
        """
        forced, self._is_forced = self._is_forced, False
        if self.is_cut or self.is_over:
            self.coro = None
            raise _ended(error)
        if self.limit < 0:
            self._forget_told()
            answered = not forced and not isinstance(error, asyncio.CancelledError)
            return Overdue(error if answered else None)
        self.coro = None
        if isinstance(error, asyncio.CancelledError):
            self._calm()
        return Raised(error)

    def settle_late(self) -> Overdue:
        """Return what a value means that came out of an attempt which was told to end.

        Raises:
            asyncio.CancelledError: If the lane is told to end.
        """
        if self.is_cut:
            raise asyncio.CancelledError
        self._forget_told()
        return Overdue()

    async def rest(self, pause: Work[None]) -> None:
        """Come back when *pause* is over, which is our own code.

        Raises:
            asyncio.CancelledError: If the lane is told to end.
        """
        try:
            await pause
        except asyncio.CancelledError:
            if self.is_cut or self.is_over:
                raise
            self._calm()  # of a stranger that cancelled its task and then ended

    async def absorb(self) -> None:
        """Take a cancellation that a stranger asked for and left to whoever waits next.

        Raises:
            asyncio.CancelledError: If the lane is told to end.
        """
        await self.rest(asyncio.sleep(0))
        self._calm()

    def cut(self) -> None:
        """Tell the lane to end; within a grace it will have ended."""
        if self.is_over or self.is_cut:
            return
        self.is_cut = True
        if self._timer is not None:
            self._timer.cancel()
        self._tell(self.close)

    def close(self) -> None:
        """End the lane now, whatever it does; nothing of it is ever resumed.

        ``GeneratorExit`` is raised inside, which ``except CancelledError`` does not stop. A
        coroutine that catches even that, and awaits, is left as it is.
        """
        if self.is_over:
            return
        self.is_cut = True
        self.is_over = True
        self._rest.lane = None
        self._on_forced()
        with suppress(BaseException):  # what it raises while it is closed
            self.work.close()
        self.task.cancel()  # wakes the task, which finds nothing to do
        self._finish(asyncio.CancelledError())

    def over(self, error: BaseException | None) -> None:
        """Take note that the work has ended; for the lane's own task."""
        if not self.is_over:
            self.is_over = True
            self._finish(error)

    def watch(self) -> None:
        """See to it that the current attempt is told when its time is up."""
        coro = self.coro
        if coro is None or self.is_cut or self.limit < 0:
            return
        if self._timer is not None:
            self._timer.cancel()
        self.due = self.began + self.limit
        seconds = max(self.due - self.now(), 0.0)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._ring, coro)

    def _ring(self, coro: Work[object]) -> None:
        self._timer, self.due = None, math.inf
        if self.coro is not coro:
            self.watch()  # it was set for an attempt that is over
            return
        self.limit = -1.0
        self._tell(self._force)

    def _tell(self, then: Callable[[], None]) -> None:
        """Cancel what the lane waits for; if that has not ended it within a grace, *then*."""
        if self._grace_timer is not None:
            self._grace_timer.cancel()
        loop = asyncio.get_running_loop()
        self._grace_timer = loop.call_later(self._grace_seconds, then)
        self.task.cancel()

    def _force(self) -> None:
        """Close the current attempt; the lane goes on."""
        self._grace_timer = None
        if self.coro is None or self.limit >= 0 or self.is_over:
            return
        self._is_forced = True
        self._on_forced()
        with suppress(BaseException):  # what it raises while it is closed
            self.coro.close()
        self._after_close(self.coro)
        self.task.cancel()
        waits_for = _awaited_by(self.task)
        if waits_for is not None and not waits_for.done():
            self._move()

    def _after_close(self, coro: Work[object]) -> None:
        """Make sure that *coro*, which was closed, is not resumed."""

    def _move(self) -> None:
        """Go on in another task: what this one waits for does not end when it is cancelled."""
        self._rest.lane = None
        self._rest = Rest(self)
        self._rest.thrown = asyncio.CancelledError()
        # Not of the loop's making: a factory of eager tasks would run it here and now.
        self.task = asyncio.Task(self._rest, loop=asyncio.get_running_loop())

    def _forget_told(self) -> None:
        self.coro = None
        self.limit = 0.0
        if self._grace_timer is not None:
            self._grace_timer.cancel()
            self._grace_timer = None
        self._calm()

    def _calm(self) -> None:
        while self.task.cancelling():
            self.task.uncancel()

    def _finish(self, error: BaseException | None) -> None:
        self.error = error
        if self._timer is not None:
            self._timer.cancel()
        if self._grace_timer is not None:
            self._grace_timer.cancel()
        self.coro = None
        self._on_over()
        # Nothing leads round in a circle any more, so nothing waits for the collector.
        self._rest.lane = None

    def _on_over(self) -> None:
        self._over(self)
        self._forced = self._over = _nothing  # likewise

    def _on_forced(self) -> None:
        self._forced()


def _nothing(*_: object) -> None:
    """Do nothing."""


def _ended(error: BaseException) -> BaseException:
    """Return what ends the frames of a lane that was told to end."""
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return error
    ended = asyncio.CancelledError()
    ended.__cause__ = error
    return ended


def _awaited_by(task: asyncio.Task[None]) -> asyncio.Future[object] | None:
    waits_for: asyncio.Future[object] | None = getattr(task, "_fut_waiter", None)
    return waits_for
