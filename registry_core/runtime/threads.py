"""Threads for agents that are not async.

Daemon threads of our own rather than the default executor: one that never comes back keeps
neither the next call waiting nor the process alive. It is counted and named instead. Who has
left too many such threads behind is called no more until some come back; others are.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from registry_core.errors import StuckThreadsError
from registry_core.runtime.settled import Raised, Returned, Settled

__all__ = ["AgentThreads"]

_IDLE_SECONDS = 10.0

_log = logging.getLogger("registry_core.runtime")


T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Job:
    name: str
    work: Callable[[], None]
    running: bool = False


class AgentThreads:
    """A bounded number of daemon threads, started when needed and gone when idle.

    May be kept between runs and shared by several event loops.
    """

    def __init__(
        self, *, at_once: int = 32, stuck_limit: int = 64, stuck_of_all: int = 256
    ) -> None:
        """Prepare; starts nothing.

        Args:
            at_once: How many calls may run at the same time, those given up not counted.
            stuck_limit: How many calls of one name that were given up may still be running.
            stuck_of_all: How many of all names together.
        """
        self._at_once = at_once
        self._stuck_limit = stuck_limit
        self._stuck_of_all = stuck_of_all
        self._wake = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._stuck: set[_Job] = set()
        self._workers = 0
        self._idle = 0

    @property
    def stuck(self) -> tuple[str, ...]:
        """Names of the calls that were given up and still run, sorted."""
        with self._wake:
            return tuple(sorted(job.name for job in self._stuck))

    async def call(self, function: Callable[[], T], *, name: str) -> Settled[T]:
        """Return how *function* ended in one of the threads, context variables included.

        Args:
            function: What to call.
            name: Whose call it is, for when it never comes back.

        Raises:
            StuckThreadsError: If too many earlier calls of that name, or of all, never came back.
            asyncio.CancelledError: If the caller is cancelled; the call then goes on unheard.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Settled[T]] = loop.create_future()
        context = contextvars.copy_context()

        def work() -> None:
            settled = _settled(context, function)
            with suppress(RuntimeError):  # the loop has closed meanwhile: nobody waits
                loop.call_soon_threadsafe(_deliver, future, settled)

        job = _Job(name, work)
        self._put(job)
        try:
            return await future
        finally:
            if future.cancelled():
                self._give_up(job)

    def _put(self, job: _Job) -> None:
        with self._wake:
            self._refuse_stuck(job.name)
            self._jobs.append(job)
            room = self._workers - len(self._stuck) < self._at_once
            if self._idle < len(self._jobs) and room:
                self._workers += 1
                self._idle += 1
                threading.Thread(target=self._work, name="registry-agent", daemon=True).start()
            else:
                self._wake.notify()

    def _refuse_stuck(self, name: str) -> None:
        left_by = Counter(stuck.name for stuck in self._stuck)
        if left_by[name] >= self._stuck_limit:
            raise StuckThreadsError([name])
        if left_by.total() >= self._stuck_of_all:
            raise StuckThreadsError(sorted(left_by))

    def _give_up(self, job: _Job) -> None:
        with self._wake:
            if job.running:
                self._stuck.add(job)
                _log.warning(
                    "a call of %s was given up and still runs in its thread; %d such calls now",
                    job.name,
                    len(self._stuck),
                )
            elif job in self._jobs:
                self._jobs.remove(job)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job.work()
            with self._wake:
                job.running = False
                self._stuck.discard(job)
                self._idle += 1
            del job  # an idle thread must not keep the last call's values alive

    def _next(self) -> _Job | None:
        with self._wake:
            while not self._jobs:
                if not self._wake.wait(_IDLE_SECONDS) and not self._jobs:
                    self._idle -= 1
                    self._workers -= 1
                    return None
            self._idle -= 1
            job = self._jobs.popleft()
            job.running = True
            return job


def _settled(context: contextvars.Context, function: Callable[[], T]) -> Settled[T]:
    try:
        return Returned(context.run(function))
    except BaseException as error:  # noqa: BLE001 -- what a stranger raises is a value here
        return Raised(error)


def _deliver(future: asyncio.Future[Settled[T]], settled: Settled[T]) -> None:
    if not future.done():
        future.set_result(settled)
