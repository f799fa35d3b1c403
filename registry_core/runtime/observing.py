"""Tell observers what happens, without waiting for them.

Each observer has a queue and a thread of its own: one that is slow, hangs or raises harms
neither a run nor another observer. What does not fit into its queue is dropped and counted;
the end of a run has room set aside. One feed may serve many runs and event loops.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from concurrent import futures
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from registry_core.runtime.failures import type_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.results.events import Event, Observer

__all__ = ["FeedReport", "ObserverFeed"]

_THREAD = "agentreg observer"
_MOST_THREADS = 256
_IDLE_SECONDS = 1.0
_ENDED_SECONDS = 0.05  # after the end of a run seldom anything follows

_log = logging.getLogger("registry_core.runtime")

_Item: TypeAlias = "tuple[Context, Event] | Future[None] | None"
"""An event in the context that it was told in, a mark to reach, or the end."""


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What became of the events for one observer.

    Attributes:
        told: How many there were.
        heard: How many it was called with.
        dropped: How many it was not called with, for it was slow, had raised or was left
            behind; what is neither heard nor dropped still waits.
        failed: Whether it raised.
    """

    told: int
    heard: int
    dropped: int
    failed: bool


class ObserverFeed:
    """Takes events at once and calls the observers with them, each in order."""

    def __init__(self, observers: Iterable[Observer], *, limit: int = 10_000) -> None:
        """Keep up to *limit* events waiting for each observer."""
        self._listeners = tuple(_Listener(observer, limit) for observer in observers)

    def __bool__(self) -> bool:
        """Return whether anybody listens: if not, no event need be made."""
        return bool(self._listeners)

    @property
    def reports(self) -> tuple[FeedReport, ...]:
        """What became of the events up to now, for each observer."""
        return tuple(listener.report() for listener in self._listeners)

    def tell(self, event: Event) -> None:
        """Hand *event* over and return; it is heard later, in a copy of this context."""
        for listener in self._listeners:
            listener.tell(event)

    async def drain(self, seconds: float) -> bool:
        """Return whether everything told so far was heard; wait at most *seconds* for it."""
        marks = self._marks()
        if not marks:
            return True
        _, late = await asyncio.wait([_wake_by(mark) for mark in marks], timeout=seconds)
        return not late

    def wait(self, seconds: float) -> bool:
        """Return what :meth:`drain` does, from code that is not async."""
        return not futures.wait(self._marks(), timeout=seconds).not_done

    def close(self) -> None:
        """Tell nothing more; of what still waits only the ends of runs are heard."""
        for listener in self._listeners:
            listener.close()

    def _marks(self) -> list[Future[None]]:
        """Return what is not reached yet of what was told so far."""
        return [mark for one in self._listeners if not (mark := one.mark()).done()]


class _Listener:
    """One observer, with the events that wait for it."""

    def __init__(self, observer: Observer, limit: int) -> None:
        self._observer: Observer | None = observer
        self._name = getattr(observer, "__qualname__", type(observer).__qualname__)
        self._limit = limit
        self._queue: SimpleQueue[_Item] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._idle_seconds = _IDLE_SECONDS
        self._failed = False
        self._told = self._refused = 0  # written under the lock
        self._heard = self._skipped = 0  # written by the thread

    def report(self) -> FeedReport:
        with self._lock:
            dropped = self._refused + self._skipped
            return FeedReport(self._told, self._heard, dropped, self._failed)

    def tell(self, event: Event) -> None:
        room = self._limit * 2 if event.kind == "run_finished" else self._limit
        with self._lock:
            self._told += 1
            if self._observer is None or self._closed or self._queue.qsize() >= room:
                self._refuse()
                return
            self._queue.put((copy_context(), event))
            if self._thread is None:
                self._start()

    def mark(self) -> Future[None]:
        """Return what is done once everything told so far was heard."""
        mark: Future[None] = Future()
        with self._lock:
            if self._thread is None:
                mark.set_result(None)
            else:
                self._queue.put(mark)
        return mark

    def close(self) -> None:
        with self._lock:
            if self._thread is not None and not self._closed:
                self._queue.put(None)
            self._closed = True

    def _refuse(self) -> None:
        if not self._refused and self._observer is not None and not self._closed:
            _log.warning("observer %s is too slow and misses events", self._name)
        self._refused += 1

    def _start(self) -> None:
        thread = threading.Thread(target=self._listen, name=_THREAD, daemon=True)
        stuck = sum(other.name == _THREAD for other in threading.enumerate())
        try:
            if stuck >= _MOST_THREADS:
                raise RuntimeError  # noqa: TRY301 -- as where the system has no more
            thread.start()
        except RuntimeError:
            self._observer = None
            self._refused += self._queue.qsize()
            self._queue = SimpleQueue()
            _log.warning("observer %s hears nothing: there is no thread left", self._name)
        else:
            self._thread = thread

    def _listen(self) -> None:
        while (item := self._next()) is not None:
            if isinstance(item, Future):
                item.set_result(None)
            else:
                self._hear(*item)

    def _next(self) -> _Item:
        """Return the next item; None when the thread may end, since nothing came for a while."""
        with suppress(Empty):
            item = self._queue.get(timeout=self._idle_seconds)
            if item is not None:
                return item
        with self._lock:
            with suppress(Empty):
                return self._queue.get_nowait()
            self._thread = None
            return None

    def _hear(self, context: Context, event: Event) -> None:
        ended = event.kind == "run_finished"
        self._idle_seconds = _ENDED_SECONDS if ended else _IDLE_SECONDS
        observer = self._observer
        if observer is None or (self._closed and not ended):
            self._skipped += 1
            return
        self._heard += 1
        try:
            answer: object = context.run(observer, event)
            if inspect.iscoroutine(answer):
                answer.close()
                raise TypeError  # noqa: TRY301 -- it would never be awaited
        except BaseException as error:  # noqa: BLE001 -- telling never changes what is told
            self._observer, self._failed = None, True
            _log.warning(
                "observer %s raised %s at %s of run %s and hears no more",
                self._name,
                type_name(error),
                event.kind,
                event.run_id,
            )


def _wake_by(mark: Future[None]) -> asyncio.Future[None]:
    """Return what the running loop can wait for; the loop may be gone when *mark* is reached."""
    loop = asyncio.get_running_loop()
    reached: asyncio.Future[None] = loop.create_future()

    def wake(_: object) -> None:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, reached)

    mark.add_done_callback(wake)
    return reached


def _resolve(reached: asyncio.Future[None]) -> None:
    if not reached.done():
        reached.set_result(None)
