"""Who keeps an event loop from turning.

An agent that computes or sleeps inside ``async def`` stops everything on its loop: other
stages, timeouts, cancellation. Nothing in the same thread can notice, so a daemon thread asks
each loop that has runs to answer, and looks at the stack of one that does not: the agent whose
code is on it is named. It can be told, not helped; only a process of its own holds such an agent.

Agents pay nothing. A run pays for being counted, and a loop with runs answers four times in
every *limit_seconds*::

    watchdog.note(agent, blueprint.target)      # once, when its code was brought in
    watch = watchdog.begin(asyncio.get_running_loop())
    try:
        ...
    finally:
        watchdog.end(watch)

The thread starts with the first run and ends when there was none for a while. A regular
expression that runs wild also holds the interpreter's lock: it is named as soon as it lets go.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["LoopWatch", "Stall", "Watchdog"]

_Place: TypeAlias = tuple[str, int, str]

_IDLE_SECONDS = 10.0
_MOST_KEPT = 100
_MOST_FRAMES = 8

_frames = sys._current_frames  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- made for this
_log = logging.getLogger("registry_core.runtime")


@dataclass(frozen=True, slots=True)
class Stall:
    """An event loop that did not turn; one record for each time.

    Attributes:
        agent: Whose code is on the loop's stack, or empty when nobody's is.
        seconds: How long it had not turned when that was noticed.
        stack: Where it is, as ``file:line in function``; from the agent's own code inwards, the
            innermost last.
    """

    agent: str
    seconds: float
    stack: tuple[str, ...]

    def __str__(self) -> str:
        """As the log has it."""
        who = f"agent {self.agent}" if self.agent else "no agent known"
        place = self.stack[-1] if self.stack else "an unknown place"
        return f"the event loop has not turned for {self.seconds:.1f} s: {who}, in {place}"


@dataclass(eq=False, slots=True)
class LoopWatch:
    """One event loop under watch.

    Attributes:
        loop: The loop.
        thread: Identifier of the thread it runs in.
        runs: How many runs it has now.
        asked_at: When it was asked to answer and has not yet, or None.
        told: Whether its present stall was told.
    """

    loop: asyncio.AbstractEventLoop
    thread: int
    runs: int = 0
    asked_at: float | None = None
    told: bool = False

    def ask(self, now: float) -> None:
        """Ask the loop to answer when it turns."""
        self.asked_at = now
        self.loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        self.asked_at = None
        self.told = False


class Watchdog:
    """One for a host: watches every loop that has runs."""

    def __init__(
        self,
        *,
        limit_seconds: float = 1.0,
        on_stall: Callable[[Stall], None] | None = None,
    ) -> None:
        """Prepare; starts nothing.

        Args:
            limit_seconds: A loop that does not turn is told at the latest after this time, and
                never before three quarters of it.
            on_stall: Hears of each stall in the watching thread; must not raise.
        """
        self._owners: dict[_Place, str] = {}
        self._period_seconds = limit_seconds / 4
        self._on_stall = on_stall
        self._lock = threading.Lock()
        self._watches: dict[asyncio.AbstractEventLoop, LoopWatch] = {}
        self._is_running = False
        self._idle_seconds = 0.0
        self._recent: deque[Stall] = deque(maxlen=_MOST_KEPT)
        self.stalls = 0

    @property
    def recent(self) -> tuple[Stall, ...]:
        """The last hundred stalls, oldest first; ``stalls`` counts them all."""
        return tuple(self._recent)

    @property
    def is_awake(self) -> bool:
        """Whether its thread runs."""
        return self._is_running

    @property
    def loops(self) -> int:
        """How many event loops it knows."""
        return len(self._watches)

    def note(self, agent: str, target: Callable[..., object]) -> None:
        """Keep that *target*, a function or a class with ``process``, is the code of *agent*."""
        code = _code_of(target)
        if code is not None:
            self._owners[_place(code)] = agent

    def begin(self, loop: asyncio.AbstractEventLoop) -> LoopWatch:
        """Watch *loop*, which runs in this thread, until :meth:`end` is called as often."""
        watch = self._watches.get(loop)
        if watch is None:
            watch = LoopWatch(loop, threading.get_ident())
            self._keep(watch)
        # Only the loop's thread counts its runs, so that needs no lock. The watching thread says
        # that it ends before it looks for runs a last time: one of the two notices the other.
        watch.runs += 1
        if not self._is_running:
            self._keep(watch)
        return watch

    def end(self, watch: LoopWatch) -> None:
        """Count a run of *watch* as over; in the thread of its loop."""
        watch.runs -= 1

    def look(self, now: float, *, late_seconds: float) -> None:
        """Ask every loop with runs, and tell of those that did not answer.

        Args:
            now: Seconds on the monotonic clock.
            late_seconds: How much later than planned this thread itself has woken: something
                held the interpreter's lock, or the whole process stood still.
        """
        with self._lock:
            for loop in [loop for loop in self._watches if loop.is_closed()]:
                del self._watches[loop]
            watches = [watch for watch in self._watches.values() if watch.runs]
        for watch in watches:
            asked_at = watch.asked_at
            silent_seconds = late_seconds if asked_at is None else now - asked_at
            if silent_seconds >= 3 * self._period_seconds and not watch.told:
                self._tell(watch, silent_seconds, was_late=late_seconds > self._period_seconds)
            if asked_at is None:
                self._ask(watch, now)

    def _keep(self, watch: LoopWatch) -> None:
        with self._lock:
            self._watches[watch.loop] = watch
            if not self._is_running:
                self._is_running = True
                self._idle_seconds = 0.0
                threading.Thread(target=self._watch, name="registry-watchdog", daemon=True).start()

    def _watch(self) -> None:
        pause = threading.Event()
        before = time.monotonic()
        while self._goes_on():
            pause.wait(self._period_seconds)
            now = time.monotonic()
            self.look(now, late_seconds=now - before - self._period_seconds)
            before = now

    def _goes_on(self) -> bool:
        with self._lock:
            self._is_running = False
            has_runs = any(watch.runs for watch in self._watches.values())
            self._idle_seconds = 0.0 if has_runs else self._idle_seconds + self._period_seconds
            self._is_running = self._idle_seconds <= _IDLE_SECONDS
            if not self._is_running:
                self._watches.clear()
            return self._is_running

    def _ask(self, watch: LoopWatch, now: float) -> None:
        try:
            watch.ask(now)
        except RuntimeError:  # it has closed
            with self._lock:
                self._watches.pop(watch.loop, None)

    def _tell(self, watch: LoopWatch, seconds: float, *, was_late: bool) -> None:
        stall = self._stall(watch, seconds)
        if was_late and not stall.agent:
            return  # the process stood still, and so did its clocks: nobody is to blame
        watch.told = True
        self.stalls += 1
        self._recent.append(stall)
        _log.warning("%s", stall)
        if self._on_stall is not None:
            self._on_stall(stall)

    def _stall(self, watch: LoopWatch, seconds: float) -> Stall:
        innermost = _frames().get(watch.thread)
        stack: list[str] = []
        for frame in _outwards(innermost):
            code = frame.f_code
            stack.insert(0, f"{code.co_filename}:{frame.f_lineno} in {code.co_qualname}")
            if agent := self._owners.get(_place(code)):
                return Stall(agent, seconds, tuple(stack[-_MOST_FRAMES:]))
        return Stall("", seconds, tuple(stack[-_MOST_FRAMES:]))


def _code_of(target: Callable[..., object]) -> CodeType | None:
    function = inspect.unwrap(getattr(target, "process", target))
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _place(code: CodeType) -> _Place:
    # Equal code in two files compares equal, as in an agent that was copied.
    return (code.co_filename, code.co_firstlineno, code.co_qualname)


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
