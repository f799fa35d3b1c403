"""Workers that pull from one source: as many tasks as items may run at once, and no more.

A worker that pulls an item brings in the next worker, so work that never waits is done by the
first of them, and of a short batch only as many are begun as are needed. Between two items
there are two comparisons; all else (progress, time, room for more) is looked at when one of
them says so.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from registry_core.results.batch import Outcome
from registry_core.results.outcomes import ErrorRecord
from registry_core.runtime.batching_source import as_shelf
from registry_core.runtime.batching_tasks import BatchTasks
from registry_core.runtime.failures import record_failure
from registry_core.runtime.journal import stamp

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator

    from registry_core.results.batch import StopReason
    from registry_core.runtime.batching_ledger import Ledger
    from registry_core.runtime.batching_options import BatchOptions
    from registry_core.runtime.batching_progress import Milestones
    from registry_core.runtime.batching_source import Shelf
    from registry_core.runtime.clock import Clock

__all__ = ["Pool"]

_SLICE_SECONDS = 0.005  # how long items that never wait may keep the event loop

T = TypeVar("T")


class Pool(Generic[T]):
    """The workers of one batch, from the first item to the last task's end.

    Attributes:
        pulled: How many items were taken from the source.
        peak: How many of them ran at once.
        reason: Why no more items are begun, where the source is not at its end.
        error: What the source raised.
        tasks: Those of this batch, from its start.
        since: When the batch began; since then the items of a collection wait.
    """

    __slots__ = (
        "_active",
        "_clock",
        "_deadline",
        "_feeder",
        "_has_ended",
        "_idle",
        "_interrupt",
        "_is_coming",
        "_is_drained",
        "_is_refreshing",
        "_items",
        "_key",
        "_ledger",
        "_limit",
        "_loop",
        "_milestones",
        "_now",
        "_options",
        "_owner",
        "_shelf",
        "_source",
        "_tick_at",
        "_total",
        "_turn_at",
        "_work",
        "_workers",
        "error",
        "peak",
        "pulled",
        "reason",
        "since",
        "tasks",
    )

    def __init__(
        self,
        items: Iterable[T] | AsyncIterable[T],
        work: Callable[[T], Awaitable[Outcome]],
        *,
        options: BatchOptions,
        key: Callable[[T], str] | None,
        ledger: Ledger,
        milestones: Milestones,
        clock: Clock,
        total: int | None,
    ) -> None:
        """Prepare; nothing is pulled yet.

        Args:
            items: What to work on.
            work: Runs one item.
            options: Limits.
            key: Names an item.
            ledger: Is told what items leave.
            milestones: Are looked at when as many items were pulled.
            clock: Tells time.
            total: How many items there are, if that is known; then they all wait from now on.
        """
        self.pulled = self.peak = 0
        self.reason: StopReason = ""
        self.error: ErrorRecord | None = None
        self._options, self._ledger, self._milestones = options, ledger, milestones
        self._clock, self._now = clock, clock.monotonic
        self._work, self._key = work, key
        self._source = items
        self._shelf = as_shelf(
            items, blocking=options.blocking_source, room=options.max_concurrency
        )
        self._limit: float = math.inf
        self._turn_at: float = -1
        self._idle: deque[asyncio.Future[None]] = deque()
        self._workers = self._active = 0
        self._is_coming = self._is_refreshing = False
        self._has_ended = self._is_drained = False
        self._interrupt: KeyboardInterrupt | None = None
        self._total = total
        self._feeder: asyncio.Task[None] | None = None
        self._items: Iterator[T] = iter(())
        self._tick_at = self.since = 0.0
        self._deadline = math.inf

    def start(self, limit: float = math.inf) -> None:
        """Begin to work, on the event loop that runs; pull *limit* items in all."""
        self._limit = limit
        grace = self._options.grace_seconds
        self.tasks = BatchTasks(grace_seconds=grace, broke=self._source_failed)
        self._loop, self._owner = asyncio.get_running_loop(), asyncio.current_task()
        self.since = self._now()
        self._tick_at = self.since + _SLICE_SECONDS
        self._turn_at = min(self._limit, self._milestones.mark)
        if self._shelf is None:
            # What is not synchronous has a shelf.
            try:
                self._items = iter(cast("Iterable[T]", self._source))
            except Exception as error:  # noqa: BLE001 -- a source that fails before its first item
                self._source_failed(error)
        else:
            self._items = self._shelf
            self._feeder = self.tasks.begin(self._feed(self._shelf))
        self._wake()
        seconds = self._options.timeout_seconds
        if seconds is not None and not self._has_ended:
            self._deadline = self.since + seconds
            self.tasks.later(seconds, self._time_is_up)

    @property
    def total(self) -> int | None:
        """How many items there are, or None where nobody knows yet."""
        return self.pulled if self._is_drained else self._total

    @property
    def not_run(self) -> int | None:
        """How many items were never begun, or None where nobody knows."""
        if self._is_drained:
            return 0
        if self._total is not None:
            return max(self._total - self.pulled, 0)
        if self._shelf is not None and self._shelf.closed and self.error is None:
            return len(self._shelf)
        return None

    def allow(self, limit: int) -> None:
        """Let *limit* items be pulled in all."""
        self._limit = limit
        if not self._has_ended:
            self._turn_at = min(limit, self._milestones.mark)
            if not self._is_coming:
                self._wake()

    def finish(self, reason: StopReason = "") -> None:
        """Begin no more items; those that run go on."""
        if self._has_ended:
            return
        self._has_ended = True
        self._turn_at = self._tick_at = -1
        self.reason = reason
        while self._idle:
            _set(self._idle.popleft())
        if self._feeder is not None:
            self._feeder.cancel()

    def stop(self, reason: StopReason) -> None:
        """End everything: what runs is cancelled, and closed when that does not help in time."""
        if self.tasks.is_cut or self.tasks.is_over:
            return
        self.finish(reason)
        self.reason = self.reason or reason
        self.tasks.cancel()

    def force(self) -> None:
        """End everything at once; what cannot be closed is left behind."""
        self.finish("cancelled")
        self.tasks.force()

    def _time_is_up(self) -> None:
        self.stop("timeout")

    def _wake(self) -> None:
        """Bring in one more worker, unless one is on its way: that one brings in the next."""
        if self._is_coming or self._has_ended or not self._has_room():
            return
        if self._idle:
            self._is_coming = True
            _set(self._idle.popleft())
        elif self._workers < self._options.max_concurrency:
            self._is_coming = True
            self._workers += 1
            self.tasks.begin(self._run())

    def _has_room(self) -> bool:
        return self.pulled < self._limit and (self._shelf is None or len(self._shelf) > 0)

    async def _feed(self, shelf: Shelf[T]) -> None:
        try:
            await shelf.fill(self._now, self._wake)
        except KeyboardInterrupt:
            self.stop("cancelled")
            raise
        except BaseException as error:  # noqa: BLE001 -- what a stranger's source raises is a value
            # What it gave before is run first.
            shelf.closed = True
            self.error = None if self._has_ended else self._source_record(error)
        self._ran_out()

    async def _run(self) -> None:  # noqa: C901, PLR0912 -- a call an item would be a third of the cost
        """Run items, one after the other, until there are no more."""
        work, now, ledger = self._work, self._now, self._ledger
        queues, runs, deliver = ledger.queues.append, ledger.runs.append, ledger.deliver
        waiting = self._shelf or self
        waits = waiting is not self or self._total is not None
        name, key = self._key, ""
        is_bounded = self._turn_at < math.inf
        self._is_coming = False
        overtime = 0
        while await self._is_admitted(overtime):
            active, index, end = self._active, -1, now()
            try:
                for item in self._items:
                    index = self.pulled
                    self.pulled = index + 1
                    if waits:
                        begin = end
                        queue = begin - waiting.since
                        queues(queue)
                    else:
                        begin = now()
                        queue = 0.0
                    try:
                        if name is not None:
                            key = ""
                            key = name(item)
                        outcome = await work(item)
                        is_ok = outcome.ok
                    except BaseException as error:  # noqa: BLE001 -- it is that item's outcome
                        outcome = self._outcome_of(error)
                        is_ok = False
                    end = now()
                    run = end - begin
                    runs(run)
                    if deliver is not None:
                        deliver(index, queue, run, outcome, key)
                    if not is_ok:
                        self._missed(index, queue, run, outcome, key)
                    if end >= self._tick_at or (is_bounded and self.pulled >= self._turn_at):
                        break
                else:
                    self._ran_out()
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 -- only the source raises here
                self._source_failed(error)
            if index >= 0:
                self.peak = max(self.peak, active)
            self._active -= 1
            overtime = overtime + 1 if end >= self._tick_at else 0
        self._pass_on()

    def _pass_on(self) -> None:
        interrupt, self._interrupt = self._interrupt, None
        if interrupt is not None:
            raise interrupt

    async def _is_admitted(self, overtime: int) -> bool:
        """Return whether to pull an item, as soon as there is room for it.

        Args:
            overtime: How many items in a row ended after the slice of time was over. An item
                that waits gives others their turn; a second one means that this one did not.
        """
        self._look_around()
        if overtime and self._now() >= self._deadline:
            self._time_is_up()
        if overtime and not self._has_ended:
            if not self._is_refreshing:
                self._is_refreshing = True
                self._loop.call_soon(self._refresh)
            if overtime > 1:
                await asyncio.sleep(0)
        while not (self._has_ended or self._has_room()):
            if self._shelf is not None and self._shelf.is_bare:
                self._ran_out()
                break
            future = self._loop.create_future()
            self._idle.append(future)
            await future
            self._is_coming = False
        if self._has_ended:
            return False
        self._active += 1
        self._wake()
        return True

    def _look_around(self) -> None:
        if self.pulled >= self._milestones.mark:
            self._milestones.reach()
            if not self._has_ended:
                self._turn_at = min(self._limit, self._milestones.mark)

    def _refresh(self) -> None:
        """Give items another slice of time, now that everybody else had a turn."""
        self._is_refreshing = False
        self._ledger.fold()
        if not self._has_ended:
            self._tick_at = self._now() + _SLICE_SECONDS

    def _missed(self, index: int, queue: float, run: float, outcome: Outcome, key: str) -> None:
        self._ledger.miss(index, queue, run, outcome, key)
        limit = self._options.max_failures
        if limit is not None and self._ledger.failures >= limit:
            self.finish("max_failures")

    def _ran_out(self) -> None:
        """The source gives nothing now: it is at its end, or its shelf is empty."""
        if self._has_ended or not (self._shelf is None or self._shelf.is_bare):
            return
        self._is_drained = self.error is None
        self.finish("" if self._is_drained else "source")

    def _source_failed(self, error: BaseException) -> None:
        if not self._has_ended:
            self.error = self._source_record(error)
            self.finish("source")

    def _source_record(self, error: BaseException) -> ErrorRecord:
        at = stamp(self._clock)
        return record_failure(error, code="invalid_input", stage_id="", at=at, phase="source")

    def _outcome_of(self, error: BaseException) -> Outcome:
        """Return what an item that raised leaves."""
        match error:
            case KeyboardInterrupt():
                self._interrupt = error
                self.stop("cancelled")
            case GeneratorExit() if self.tasks.is_cut or not self._loop.is_running():
                self.finish("cancelled")
            case asyncio.CancelledError() if self._is_asked_to_end():
                self.stop("cancelled")
            case _ if not self.tasks.is_cut:
                at = stamp(self._clock)
                record = record_failure(error, code="agent_error", stage_id="", at=at)
                return Outcome(ok=False, error=record)
            case _:
                pass
        return Outcome(ok=False, error=self.cut_record())

    def cut_record(self) -> ErrorRecord:
        """Return the record of why an item was cut."""
        message = "the caller cancelled the batch"
        if self.reason == "timeout":
            message = f"the batch's {self._options.timeout_seconds:g} s were up"
        return ErrorRecord("cancelled", "", message, at=stamp(self._clock))

    def _is_asked_to_end(self) -> bool:
        """Return whether somebody ends the workers, rather than an item its own task."""
        task, owner = asyncio.current_task(), self._owner
        if task is None or not task.cancelling():
            return False
        if owner is None or owner.done() or owner.cancelling() or self.tasks.are_cancelled(task):
            return True
        while task.uncancel():
            pass
        return False


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
