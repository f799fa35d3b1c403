"""A thread that commits; what several runs wait for at the same time goes in together.

A commit costs one wait for the disk, whatever stands in it. So the thread takes all that is
there, and when it took several the last time it waits for as many again, but not longer than
that commit took: twenty runs share a wait, and one alone never waits for others. On a quick disk
it is done without the thread, at the end of the turn of the event loop in which it was asked
for; what that cannot keep at once is left to the thread. What is asked for while the thread is
at work waits for that, so that those it wakes and those that came meanwhile are one group again.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from itertools import groupby
from math import inf
from operator import itemgetter
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from registry_core.errors import StoreError
from registry_core.store.database import store_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

__all__ = ["Change", "Row", "Writer"]

Row: TypeAlias = tuple[str | bytes | float | None, ...]
Change: TypeAlias = tuple[tuple[str, Row], ...]


# A change, and who waits for it; a tuple, for one is made for every stage of every run.
_Waiting: TypeAlias = tuple[Change, asyncio.AbstractEventLoop, "asyncio.Future[None]"]

# Handing over and back takes 0.1 to 0.2 ms; a turn of 1 ms is what any parsing of JSON takes.
_QUICK_SECONDS = 0.001
_SHORT_BYTES = 1 << 16

_Verdict: TypeAlias = tuple["asyncio.Future[None]", StoreError | None]


class Writer:
    """Commits changes, each in one piece."""

    def __init__(self, file: Path, connect: Callable[[], sqlite3.Connection]) -> None:
        """Write to *file* through what *connect* gives, from the first change on."""
        self._file = file
        self._connect = connect
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._here: sqlite3.Connection | None = None
        self._lock = Lock()
        self._commits_here = Lock()
        self._turns: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        self._runs = 0
        self._is_alone = False
        self._given = 0
        self._kept = 0
        self._seconds = inf
        self._is_quick = False

    def enter(self) -> None:
        """Expect changes of one run more."""
        with self._lock:
            self._runs += 1
            self._is_alone = False  # and before anybody is, all who begin in this turn have come

    def leave(self) -> None:
        """Expect changes of one run less."""
        with self._lock:
            self._runs -= 1

    async def commit(self, change: Change) -> None:
        """Return when *change* would survive a loss of power.

        Who is cancelled meanwhile does not know whether it was kept.

        Raises:
            StoreError: If it could not be kept; then nothing of it was.
        """
        is_quick = self._is_quick and _is_short(change)
        if is_quick and self._is_alone and not self._turns and self._given == self._kept:
            if self._commit_here(change):
                return
            is_quick = False
        loop = asyncio.get_running_loop()
        one: _Waiting = (change, loop, loop.create_future())
        if is_quick:
            self._wait_for_turn(one)
        else:
            self._hand_over(one)
        await one[2]

    def _wait_for_turn(self, one: _Waiting) -> None:
        """Wait for the end of this turn; whoever else asks in it goes in together with this."""
        loop = one[1]
        turn = self._turns.get(loop)
        if turn is None:
            turn = self._turns[loop] = []
            loop.call_soon(self._end_turn, loop)
        turn.append(one)

    def _end_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._given != self._kept or loop not in self._turns:
            return  # the thread is at work, and calls this when it is done
        group = self._turns.pop(loop)
        self._is_alone = self._runs == 1
        if self._commit_here([part for change, _, _ in group for part in change]):
            _settle((future, None) for _, _, future in group)
            return
        for one in group:
            self._hand_over(one)

    def _hand_over(self, one: _Waiting) -> None:
        if self._thread is None:
            self._start()
        with self._lock:
            self._given += 1
        self._queue.put(one)

    def close(self) -> None:
        """Commit what is waited for, and end the thread."""
        for loop in list(self._turns):
            self._hand_over_turn(loop)
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        if self._here is not None:
            self._here.close()
            self._here = None

    def _commit_here(self, change: Sequence[tuple[str, Row]]) -> bool:
        """Commit without the thread; what cannot be kept at once is left to it, to say why."""
        if not self._commits_here.acquire(blocking=False):
            return False  # a loop in another thread
        try:
            if self._here is None:
                self._here = self._connect()
                self._here.execute("PRAGMA busy_timeout=0")
            began = perf_counter()
            is_kept = self._commit(self._here, change) is None
        except (StoreError, sqlite3.Error):
            return False
        finally:
            self._commits_here.release()
        if is_kept:
            self._took(perf_counter() - began)
        return is_kept

    def _took(self, seconds: float) -> None:
        # Once in a while one takes the log along into the database; that says nothing of the next.
        self._is_quick = min(self._seconds, seconds) < _QUICK_SECONDS
        self._seconds = seconds

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                thread = Thread(target=self._work, name="registry_core.store", daemon=True)
                thread.start()
                self._thread = thread

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        together, seconds = 1, 0.0
        try:
            while group := self._take(together, seconds):
                began = perf_counter()
                try:
                    connection = connection or self._connect()
                    verdicts = self._commit_all(connection, group)
                except Exception as error:  # noqa: BLE001 -- as below
                    verdicts = [store_error(self._file, error)] * len(group)
                seconds = perf_counter() - began
                self._took(seconds)
                together = len(group)
                self._kept += together
                _tell(group, verdicts)
                for loop in list(self._turns):
                    self._wake_turn(loop)
        finally:
            if connection is not None:
                connection.close()

    def _wake_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the turn end that waits for the thread; if its loop is gone, see to it here."""
        try:
            # One call more, for those who were woken just now are to be part of it.
            loop.call_soon_threadsafe(loop.call_soon, self._end_turn, loop)
        except RuntimeError:
            self._hand_over_turn(loop)

    def _hand_over_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        for one in self._turns.pop(loop, ()):
            self._hand_over(one)

    def _take(self, together: int, seconds: float) -> list[_Waiting]:
        """Return what is to be committed next; nothing when there will be no more."""
        queue = self._queue
        first = queue.get()
        if first is None:
            return []
        group = [first]
        until = perf_counter() + seconds
        while True:
            try:
                if not queue.empty():
                    another = queue.get_nowait()
                elif len(group) < together and (left := until - perf_counter()) > 0:
                    another = queue.get(timeout=left)
                else:
                    return group
            except Empty:
                return group
            if another is None:
                queue.put(None)
                return group
            group.append(another)

    def _commit_all(
        self, connection: sqlite3.Connection, group: Sequence[_Waiting]
    ) -> list[StoreError | None]:
        """Commit the whole group at once; where that fails each by itself, to see whose fault."""
        verdict = self._commit(connection, [part for change, _, _ in group for part in change])
        if verdict is None or len(group) == 1:
            return [verdict] * len(group)
        return [self._commit(connection, change) for change, _, _ in group]

    def _commit(
        self, connection: sqlite3.Connection, change: Sequence[tuple[str, Row]]
    ) -> StoreError | None:
        try:
            if len(change) == 1:
                connection.execute(*change[0])
                return None
            connection.execute("BEGIN IMMEDIATE")
            for statement, parts in groupby(change, key=itemgetter(0)):
                connection.executemany(statement, [row for _, row in parts])
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 -- whoever waits must hear of it, or waits for ever
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return store_error(self._file, error)
        return None


def _is_short(change: Change) -> bool:
    """Return whether writing *change* takes no longer than waiting for the disk."""
    for _, row in change:
        for one in row:
            if type(one) is bytes and len(one) > _SHORT_BYTES:
                return False
    return True


def _tell(group: Iterable[_Waiting], verdicts: Iterable[StoreError | None]) -> None:
    """Wake each loop once, for all that it waits for."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Verdict]] = {}
    for (_, loop, future), verdict in zip(group, verdicts, strict=True):
        by_loop.setdefault(loop, []).append((future, verdict))
    for loop, told in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, told)


def _settle(told: Iterable[_Verdict]) -> None:
    for future, verdict in told:
        if future.done():
            continue  # cancelled meanwhile
        if verdict is None:
            future.set_result(None)
        else:
            future.set_exception(verdict)
