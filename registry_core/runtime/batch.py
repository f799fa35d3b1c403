"""Many items through one function: all at once, or as a stream.

Whatever happens, the items that ended are in the result: after a deadline, a cancellation, a
source that raised. Memory holds what runs, what waits to be read, and what was asked to be kept.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from registry_core.results.batch import BatchResult, ItemRecord, Outcome, batch_status
from registry_core.runtime.batching_ledger import Ledger
from registry_core.runtime.batching_options import BatchOptions
from registry_core.runtime.batching_outbox import Outbox
from registry_core.runtime.batching_pool import Pool
from registry_core.runtime.batching_progress import Milestones
from registry_core.runtime.batching_source import check_source, size_of
from registry_core.runtime.clock import Clock, SystemClock, utc_now
from registry_core.runtime.failures import carried_result
from registry_core.runtime.ids import run_id
from registry_core.runtime.journal import stamp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from registry_core.runtime.batching_ledger import Deliver
    from registry_core.runtime.batching_progress import TellProgress

__all__ = ["BatchStream", "batch_result_of", "run_batch", "stream_batch"]

T = TypeVar("T")

_log = logging.getLogger("registry_core.runtime")

_OPTIONS = BatchOptions()
_CLOCK = SystemClock()


async def run_batch(
    items: Iterable[T] | AsyncIterable[T],
    work: Callable[[T], Awaitable[Outcome]],
    *,
    options: BatchOptions = _OPTIONS,
    key: Callable[[T], str] | None = None,
    progress: TellProgress | None = None,
    clock: Clock = _CLOCK,
) -> BatchResult:
    """Return what became of *items*.

    Args:
        items: What to work on; pulled as workers become free. A synchronous iterator is asked
            for its next item on the event loop, unless the options call it blocking.
        work: Runs one item; what it raises is that item's failure.
        options: Limits, and what to keep.
        key: Names an item in its record.
        progress: Told how far the batch is, on the event loop.
        clock: Tells time.

    Raises:
        TypeError: If *items* cannot be iterated over.
        asyncio.CancelledError: If the caller is cancelled, once everything has ended;
            :func:`batch_result_of` gives the result that goes with it.

    >>> async def double(number: int) -> Outcome:
    ...     return Outcome(ok=True, value=2 * number)
    >>> result = asyncio.run(run_batch(range(3), double))
    >>> result.status, [record.output for record in result.items]
    ('success', [0, 2, 4])
    """
    batch = _Batch(items, work, options, key=key, progress=progress, clock=clock)
    pool = batch.open()
    try:
        await pool.tasks.over()
    except asyncio.CancelledError as error:
        try:
            pool.stop("cancelled")
            await pool.tasks.over()
        finally:
            pool.force()
            # The very error: asyncio.timeout() knows its own cancellation by the exact class.
            error.__dict__["result"] = batch.close()
        raise
    return batch.close()


def stream_batch(
    items: Iterable[T] | AsyncIterable[T],
    work: Callable[[T], Awaitable[Outcome]],
    *,
    options: BatchOptions = _OPTIONS,
    key: Callable[[T], str] | None = None,
    progress: TellProgress | None = None,
    clock: Clock = _CLOCK,
) -> BatchStream[T]:
    """Return the records of *items* as they come, in constant memory.

    Nothing begins before the first record is asked for, and no more than the options' window is
    done before it is read. At the end of its time the stream just ends; how it ended is its
    :attr:`~BatchStream.result`.

    Args:
        items: What to work on, as in :func:`run_batch`.
        work: Runs one item; what it raises is that item's failure.
        options: Limits, and in which order.
        key: Names an item in its record.
        progress: Told how far the batch is, on the event loop.
        clock: Tells time.

    Raises:
        TypeError: If *items* cannot be iterated over.

    >>> async def double(number: int) -> Outcome:
    ...     return Outcome(ok=True, value=2 * number)
    >>> async def main() -> list[object]:
    ...     async with stream_batch(iter([1, 2, 3]), double) as stream:
    ...         return [record.output async for record in stream]
    >>> asyncio.run(main())
    [2, 4, 6]
    """
    batch_id = options.batch_id or run_id(utc_now(clock))
    outbox = Outbox(batch_id, is_ordered=options.ordered)
    made = _Batch(
        items,
        work,
        options,
        key=key,
        progress=progress,
        clock=clock,
        batch_id=batch_id,
        deliver=outbox.put,
    )
    return BatchStream(made, outbox, reach=options.reach)


class BatchStream(AsyncIterator[ItemRecord], Generic[T]):
    """Records as they come; ``async with`` it, or close it, unless it is read to its end.

    One that is dropped half read ends its workers when the event loop gets to it.
    """

    __slots__ = ("_batch", "_outbox", "_records")

    def __init__(self, batch: _Batch[T], outbox: Outbox, *, reach: int) -> None:
        """Read from *outbox* what *batch* puts there, at most *reach* items ahead."""
        self._batch = batch
        self._outbox = outbox
        self._records = _records(batch, outbox, reach)

    @property
    def result(self) -> BatchResult:
        """Counts and how it ended, once it has; the records were handed out.

        Raises:
            RuntimeError: If the stream has not ended.
        """
        if self._batch.result is None:
            message = "the stream has not ended: read it to its end, or close it"
            raise RuntimeError(message)
        return self._batch.result

    def rest(self) -> Iterator[ItemRecord]:
        """Return the records that were there when the stream was closed and nobody had read."""
        return self._outbox.rest()

    def __aiter__(self) -> AsyncIterator[ItemRecord]:  # noqa: PYI034 -- see below
        """Return the generator itself, which is faster than to go through this object."""
        return self._records

    async def __anext__(self) -> ItemRecord:
        """Return the next record."""
        return await anext(self._records)

    async def aclose(self) -> None:
        """Cancel what runs; come back when all of it has ended."""
        await self._records.aclose()

    async def __aenter__(self) -> Self:
        """Return the stream."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.aclose()


def batch_result_of(error: BaseException) -> BatchResult | None:
    """Return the result of the batch that a cancellation ended, or None where there is none.

    What became of the cancellation leads there as well: the ``TimeoutError`` that
    ``asyncio.timeout`` makes of it, the ``KeyboardInterrupt`` of ``asyncio.run``.

    >>> batch_result_of(asyncio.CancelledError()) is None
    True
    """
    return carried_result(error, BatchResult)


async def _records(
    batch: _Batch[T], outbox: Outbox, reach: int
) -> AsyncGenerator[ItemRecord, None]:
    pool = batch.pool
    batch.open(reach)
    outbox.notify = pool.tasks.notify
    try:
        while True:
            while (record := outbox.take()) is not None:
                pool.allow(outbox.sent + reach)
                yield record
            if pool.tasks.is_over:
                break
            await pool.tasks.news()
        for record in outbox.rest():
            yield record
    finally:
        try:
            pool.stop("cancelled")
            await pool.tasks.over()
        finally:
            pool.force()
            batch.close()


class _Batch(Generic[T]):
    """One batch from before its begin to after its end.

    Attributes:
        pool: Who works.
        result: What came out, once it is over.
    """

    def __init__(
        self,
        items: Iterable[T] | AsyncIterable[T],
        work: Callable[[T], Awaitable[Outcome]],
        options: BatchOptions,
        *,
        key: Callable[[T], str] | None,
        progress: TellProgress | None,
        clock: Clock,
        batch_id: str = "",
        deliver: Deliver | None = None,
    ) -> None:
        check_source(items)
        self.result: BatchResult | None = None
        self._id = batch_id or options.batch_id or run_id(utc_now(clock))
        self._options, self._clock = options, clock
        self._started_at = ""
        self._ledger = Ledger(self._id, keep=options.keep, deliver=deliver)
        total = size_of(items)
        self._milestones = Milestones(
            progress,
            batch_id=self._id,
            total=total,
            every_seconds=options.progress_seconds,
            now=clock.monotonic,
        )
        self.pool = Pool(
            items,
            work,
            options=options,
            key=key,
            ledger=self._ledger,
            milestones=self._milestones,
            clock=clock,
            total=total,
        )

    def open(self, limit: float = math.inf) -> Pool[T]:
        """Begin, and pull *limit* items in all until more are allowed."""
        self._started_at = stamp(self._clock)
        _log.info("batch %s begins", self._id, extra={"batch_id": self._id})
        self._milestones.start(self._count)
        self.pool.start(limit)
        return self.pool

    def close(self) -> BatchResult:
        """Return what came out, now that all has ended."""
        pool, options = self.pool, self._options
        self._milestones.end()
        lost, not_run = pool.pulled - self._ledger.done, pool.not_run
        summary = self._ledger.summary(
            seconds=self._clock.monotonic() - pool.since,
            lost=lost,
            not_run=not_run,
            allowed=options.max_concurrency,
            peak=pool.peak,
        )
        self._ledger.complete(
            pool.pulled, not_run or 0, Outcome(ok=False, attempts=0, error=pool.cut_record())
        )
        self.result = BatchResult(
            batch_id=self._id,
            status=batch_status(summary, pool.reason, success_threshold=options.success_threshold),
            summary=summary,
            items=self._ledger.records,
            started_at=self._started_at,
            stopped_by=pool.reason,
            error=pool.error,
        )
        _log.info(
            "batch %s: %s, %d of %d items succeeded in %.3f s",
            self._id,
            self.result.status,
            summary.succeeded,
            summary.tried,
            summary.seconds,
            extra={"batch_id": self._id},
        )
        return self.result

    def _count(self) -> tuple[int, int, int | None]:
        return self._ledger.done, self._ledger.missed, self.pool.total
