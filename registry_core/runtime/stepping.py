"""Tasks that step what has begun before the event loop knew of it.

Source:
    ``eager_start`` of CPython 3.12; the functions for third-party tasks that "Extending asyncio"
    in the documentation of the standard library lists.
"""

from __future__ import annotations

import asyncio
from asyncio import tasks
from collections.abc import Coroutine, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import contextvars
    from types import TracebackType

__all__ = ["Rest", "Spares", "Stepped", "force"]

T = TypeVar("T")


class Stepped(Protocol):
    """A lane, as its task sees it."""

    work: Coroutine[object, object, None]
    context: contextvars.Context
    is_over: bool
    began: float
    limit: float
    due: float

    def watch(self) -> None:
        """See to it that the current attempt is told when its time is up."""
        ...

    def over(self, error: BaseException | None) -> None:
        """Take note that the work has ended."""
        ...

    def close(self) -> None:
        """End the lane now."""
        ...


class Rest(Coroutine[object, object, None]):
    """What the lane's task steps: the work from where it is, watched whenever it waits.

    Attributes:
        lane: Whose work it is; None when there is nothing to do any more.
        awaited: What the work waits for since it was begun, until the task has asked.
        thrown: What to raise inside the work first.
    """

    __slots__ = ("awaited", "lane", "thrown")

    def __init__(self, lane: Stepped | None = None) -> None:
        """Have what *lane* does stepped."""
        self.lane = lane
        self.awaited: tuple[object] | None = None
        self.thrown: BaseException | None = None

    def send(self, value: object, /) -> object:
        """Go on with the work."""
        if self.thrown is not None:
            thrown, self.thrown = self.thrown, None
            return self.throw(thrown)
        lane = self.lane
        if lane is None or lane.is_over:
            raise StopIteration
        if self.awaited is not None:
            (awaited,) = self.awaited
            self.awaited = None
            return awaited
        try:
            awaited = lane.context.run(lane.work.send, value)
        except StopIteration:
            lane.over(None)
            raise
        except BaseException as error:  # noqa: BLE001 -- the lane's maker looks at it
            lane.over(error)
            raise StopIteration from None
        if lane.began + lane.limit < lane.due:
            lane.watch()
        return awaited

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        value: BaseException | object = None,
        trace: TracebackType | None = None,
        /,
    ) -> object:
        """Go on with an exception inside the work."""
        lane = self.lane
        if lane is None or lane.is_over:
            raise StopIteration
        self.awaited = None
        error = kind if isinstance(kind, BaseException) else kind(value)
        try:
            awaited = lane.context.run(lane.work.throw, error.with_traceback(trace))
        except StopIteration:
            lane.over(None)
            raise
        except BaseException as raised:  # noqa: BLE001 -- as above
            lane.over(raised)
            raise StopIteration from None
        if lane.began + lane.limit < lane.due:
            lane.watch()
        return awaited

    def close(self) -> None:
        """End the lane."""
        lane = self.lane
        if lane is not None:
            lane.close()

    def __await__(self) -> Generator[object, object, None]:
        message = "the task of a lane steps it; nobody else waits for it"
        raise TypeError(message)


class Spares:
    """A task that a lane did not need, for the next one in the same turn of the event loop.

    A task that nobody needs ends by itself at the next turn, and until then is on nobody's books.
    """

    __slots__ = ("_spare",)

    def __init__(self) -> None:
        """Have none."""
        self._spare: tuple[asyncio.AbstractEventLoop, Rest, asyncio.Task[None]] | None = None

    def take(self, loop: asyncio.AbstractEventLoop) -> tuple[Rest, asyncio.Task[None]]:
        """Return a task of *loop* that nobody needs, and what it steps."""
        spare, self._spare = self._spare, None
        if spare is not None and spare[0] is loop and not spare[2].done():
            return spare[1:]
        rest = Rest()
        task = asyncio.Task(rest, loop=loop)
        tasks._unregister_task(task)  # noqa: SLF001 -- see the head of this module
        return rest, task

    def give(self, loop: asyncio.AbstractEventLoop, rest: Rest, task: asyncio.Task[None]) -> None:
        """Take back what a lane did not need."""
        if not task.cancelling():
            self._spare = (loop, rest, task)


def force(task: asyncio.Task[T]) -> None:
    """Close what *task* runs; it is done as soon as the event loop gets to it."""
    task.add_done_callback(_read)
    with suppress(BaseException):  # what it raises while it is closed
        task.get_coro().close()
    task.cancel()  # wakes the task, which finds its coroutine at an end


def _read(task: asyncio.Task[T]) -> None:
    """Look at the exception of a closed task, or the loop complains that nobody did."""
    if not task.cancelled():
        task.exception()
