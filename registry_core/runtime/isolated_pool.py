"""The workers of one plugin: started when needed, kept for the next call, given up when they die.

A worker has one call at a time, so whoever is cancelled ends its worker and disturbs nobody, and
a worker that dies takes one call along. When too many die in a short time, no more are started.

One pool serves all threads and event loops of a process: the lock is held for bookkeeping only,
and who has taken a worker out has it alone.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections import deque
from itertools import count
from typing import TYPE_CHECKING

from registry_core.definitions.resources import Resources
from registry_core.errors import AdmissionError, AgentLoadError, WorkerError
from registry_core.names import AgentId
from registry_core.runtime.admission import Admission
from registry_core.runtime.clock import SystemClock
from registry_core.runtime.isolated_process import NotStartedError, start
from registry_core.settings.limits import HostCapacity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from registry_core.runtime.isolated_frames import Reply
    from registry_core.runtime.isolated_process import Worker
    from registry_core.settings.limits import IsolationPolicy

__all__ = ["WorkerPool"]

_MOST_DEATHS = 3
_WINDOW_SECONDS = 300.0
_KEPT_SECONDS = 50.0  # less than a worker waits before it goes home
_LIMITS = "agentreg config get isolation"
_log = logging.getLogger("registry_core.runtime")


class WorkerPool:
    """Where the agents of one isolated plugin are called.

    Attributes:
        plugin: Full name of the plugin.
        numbers: Gives each call a number that no other has.
    """

    def __init__(
        self,
        plugin: str,
        policy: IsolationPolicy,
        capacity: HostCapacity | None = None,
        *,
        now: Callable[[], float] = SystemClock.monotonic,
    ) -> None:
        """Begin without a process.

        Args:
            plugin: Full name of the plugin.
            policy: How many workers there may be, and what each may take.
            capacity: How many calls may queue for them, and for how long.
            now: A clock that only goes forward, in seconds.
        """
        self.plugin = plugin
        self.numbers = count(1)
        self._policy = policy
        self._now = now
        limits = capacity or HostCapacity()
        self._admission = Admission(
            HostCapacity(queue_limit=limits.queue_limit, queue_seconds=limits.queue_seconds)
        )
        places = Resources(max_concurrency=policy.workers)
        self._gate = self._admission.gate(AgentId(plugin), places)
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._idle: deque[tuple[Worker, float]] = deque()
        self._deaths: deque[float] = deque()
        self._quarantined = ""
        # When nobody can ask any more; at the end of the process they are seen off one by one.
        weakref.finalize(self, _end_all, self._idle).atexit = False

    async def ask(self, agent: AgentId, number: int, frame: bytes) -> Reply:
        """Return the reply of a worker to call *number*.

        Args:
            agent: Whom it is for.
            number: Of the call.
            frame: The call.

        Raises:
            AgentLoadError: If no worker comes of it, or too many have died.
            WorkerError: If the worker died of the call, or broke the protocol.
            AdmissionError: If too many others wait for a worker, or that took too long.
        """
        self._refuse(agent)
        assert self._gate is not None  # noqa: S101 -- it has a limited number of places
        if not self._admission.try_enter(self._gate):
            await self._queue(agent)
        try:
            return await self._asked(agent, number, frame)
        finally:
            self._admission.leave(self._gate)

    def close(self) -> None:
        """End the workers that wait for a call; comes back at once."""
        while (found := self._taken()) is not None:
            found[0].end()

    async def _queue(self, agent: AgentId) -> None:
        assert self._gate is not None  # noqa: S101 -- as above
        try:
            await self._admission.enter(self._gate, float("inf"))
        except AdmissionError as error:
            raise AdmissionError(agent, error.reason, error.waited_seconds) from None

    async def _asked(self, agent: AgentId, number: int, frame: bytes) -> Reply:
        worker = self._waiting() or await self._started(agent)
        try:
            reply = await worker.ask(agent, number, frame)
        except WorkerError as error:
            worker.end()
            self._note_death(error.reason)
            raise
        except BaseException:
            worker.end()
            raise
        with self._lock:
            self._idle.append((worker, self._now()))
        return reply

    def _waiting(self) -> Worker | None:
        """Return the worker that had the last call, if it is still good for another."""
        while (found := self._taken()) is not None:
            worker, since = found
            is_fresh = self._now() - since <= _KEPT_SECONDS
            if is_fresh and worker.is_ready():
                return worker
            worker.end()
            if is_fresh:
                self._note_death("did not wait for its next call")
        return None

    def _taken(self) -> tuple[Worker, float] | None:
        with self._lock:
            if self._process != os.getpid():  # forked: they are our parent's
                self._process = os.getpid()
                _end_all(self._idle)
                self._idle.clear()
            return self._idle.pop() if self._idle else None

    async def _started(self, agent: AgentId) -> Worker:
        self._refuse(agent)  # while this call waited, others may have been the last
        worker = None
        try:
            worker = start(self._policy)
            await worker.greeting(self._policy.start_seconds)
        except NotStartedError as error:
            if worker is not None:
                worker.end()
            self._note_death(f"did not start: {error}")
            hint = f"see what it wrote, and what it may take: {_LIMITS}"
            raise AgentLoadError(agent, "start", f"no worker: {error}", hint) from error.__cause__
        except BaseException:
            if worker is not None:
                worker.end()
            raise
        _log.debug("worker %d of %s is there", worker.process_id, self.plugin)
        return worker

    def _note_death(self, reason: str) -> None:
        now = self._now()
        with self._lock:
            self._deaths.append(now)
            while now - self._deaths[0] > _WINDOW_SECONDS:
                self._deaths.popleft()
            deaths = len(self._deaths)
            if deaths > _MOST_DEATHS and not self._quarantined:
                last = f"the last {reason}".replace("the last died: ", "last of ")
                self._quarantined = f"its workers died {deaths} times in 5 minutes, {last}"
        _log.warning("a worker of %s %s", self.plugin, reason)
        if self._quarantined:
            self.close()
            _log.error("no worker of %s is started any more: %s", self.plugin, self._quarantined)

    def _refuse(self, agent: AgentId) -> None:
        """Do nothing unless too many workers have died."""
        if self._quarantined:
            hint = f"upgrade or block {self.plugin}, and start this process again"
            raise AgentLoadError(agent, "quarantine", self._quarantined, hint)


def _end_all(idle: Iterable[tuple[Worker, float]]) -> None:
    for worker, _ in idle:
        worker.end()
