"""Tests of batches and streams; the work is a few plain async functions."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections import Counter
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import ConfigError
from registry_core.results.batch import Outcome
from registry_core.results.outcomes import ErrorRecord
from registry_core.runtime.batch import batch_result_of, run_batch, stream_batch
from registry_core.runtime.batching_options import BatchOptions
from registry_core.testing.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from registry_core.results.batch import BatchProgress, BatchResult, ItemRecord


async def echo(item: object) -> Outcome:
    """Give the item back at once."""
    return Outcome(ok=True, value=item)


async def fail(item: object) -> Outcome:
    """Fail, as an agent does that was run properly."""
    return Outcome(ok=False, attempts=3, error=ErrorRecord("agent_error", "OSError", f"no {item}"))


async def turn(item: object) -> Outcome:
    """Give the item back after a turn of the event loop."""
    await asyncio.sleep(0)
    return Outcome(ok=True, value=item)


async def for_ever(item: object) -> Outcome:
    """Never end."""
    await asyncio.sleep(3600)
    return Outcome(ok=True, value=item)


async def counted(number: int) -> AsyncIterator[int]:
    """Count up to *number*, with a turn of the event loop before each."""
    for item in range(number):
        await asyncio.sleep(0)
        yield item


@dataclass
class Room:
    """Work that sees how many are in it, and how many ever were."""

    seconds: float = 0.0
    inside: int = 0
    most: int = 0
    begun: list[object] = field(default_factory=list[object])
    ended: list[object] = field(default_factory=list[object])

    async def work(self, item: object) -> Outcome:
        """Be in the room for a while."""
        self.begun.append(item)
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.inside -= 1
        self.ended.append(item)
        return Outcome(ok=True, value=item)


def others() -> set[asyncio.Task[object]]:
    """Return the tasks beside this one."""
    return asyncio.all_tasks() - {asyncio.current_task()}


def statuses(result: BatchResult) -> Counter[str]:
    """Return how often each status stands in the records."""
    return Counter(record.status for record in result.items)


def run(
    items: object,
    work: Callable[[object], Awaitable[Outcome]],
    options: BatchOptions | None = None,
) -> BatchResult:
    """Return what a batch gives on an event loop of its own, which is empty after it."""

    async def main() -> BatchResult:
        result = await run_batch(items, work, options=options or BatchOptions())  # type: ignore[arg-type]
        assert not others()
        return result

    return asyncio.run(main())


class TestOptions:
    @pytest.mark.requirement("R49")
    @pytest.mark.parametrize("number", [2.5, float("nan"), True, 0, -1, "4"])
    def test_a_concurrency_that_is_no_count_is_refused(self, number: object) -> None:
        """A limit of 2.5 is no limit: a semaphore of it never locks."""
        with pytest.raises(ConfigError) as caught:
            BatchOptions(max_concurrency=number)  # type: ignore[arg-type]

        assert [fault.path for fault in caught.value.faults] == ["max_concurrency"]

    @pytest.mark.requirement("R49")
    def test_all_faults_are_told_at_once(self) -> None:
        """Whoever writes settings mends them once."""
        with pytest.raises(ConfigError) as caught:
            BatchOptions(
                timeout_seconds=float("inf"),
                success_threshold=1.5,
                max_failures=0,
                window=1.0,  # type: ignore[arg-type]
                keep="some",  # type: ignore[arg-type]
            )

        paths = {fault.path for fault in caught.value.faults}
        assert paths == {"timeout_seconds", "success_threshold", "max_failures", "window", "keep"}

    @pytest.mark.requirement("R49")
    def test_they_cannot_be_changed(self) -> None:
        """Several batches may share them."""
        with pytest.raises(AttributeError):
            BatchOptions().max_concurrency = 9  # type: ignore[misc]


class TestConcurrency:
    @pytest.mark.requirement("R49", "R63")
    def test_as_many_run_at_once_as_is_said_and_that_is_measured(self) -> None:
        """The cap is there to protect somebody."""
        room = Room(seconds=0.002)

        result = run(range(50), room.work, BatchOptions(max_concurrency=5))

        assert room.most == 5
        assert result.summary.peak_concurrency == 5
        assert result.summary.max_concurrency == 5

    @pytest.mark.requirement("R54")
    @pytest.mark.fault("F62")
    def test_there_are_as_many_tasks_as_workers_and_not_as_items(self) -> None:
        """A task an item is two kilobytes an item before anything has begun."""
        most = 0

        async def look(item: object) -> Outcome:
            nonlocal most
            await asyncio.sleep(0)
            most = max(most, len(asyncio.all_tasks()))
            return Outcome(ok=True, value=item)

        result = run(range(2_000), look, BatchOptions(max_concurrency=5))

        assert result.summary.succeeded == 2_000
        assert most <= 5 + 2

    def test_a_short_batch_does_not_begin_all_workers(self) -> None:
        """Three items with a limit of a thousand are three items."""
        most = 0

        async def look(item: object) -> Outcome:
            nonlocal most
            most = max(most, len(asyncio.all_tasks()))
            await asyncio.sleep(0.001)
            return Outcome(ok=True, value=item)

        run(range(3), look, BatchOptions(max_concurrency=1_000))

        assert most <= 6

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")
    def test_a_loop_that_begins_tasks_at_once_does_not_nest_them(self) -> None:
        """Two thousand workers, each begun inside the one before, are too deep a stack."""

        async def main() -> BatchResult:
            eager = vars(asyncio)["eager_task_factory"]
            asyncio.get_running_loop().set_task_factory(eager)
            options = BatchOptions(max_concurrency=2_000)
            return await run_batch(range(4_000), Room(seconds=0.01).work, options=options)

        assert asyncio.run(main()).summary.succeeded == 4_000

    @pytest.mark.fault("F62")
    def test_a_source_without_end_is_asked_for_no_more_than_is_needed(self) -> None:
        """A million lines of input are not a million items in memory."""
        pulled = 0
        furthest = 0

        def source() -> Iterator[int]:
            nonlocal pulled
            while True:
                pulled += 1
                yield pulled

        async def main() -> None:
            nonlocal furthest
            options = BatchOptions(max_concurrency=4)
            async with stream_batch(source(), turn, options=options) as stream:
                read = 0
                async for _ in stream:
                    read += 1
                    furthest = max(furthest, pulled - read)
                    if read == 500:
                        break
            assert not others()

        asyncio.run(main())

        assert furthest <= 4 * 2

    def test_work_that_never_waits_lets_others_have_their_turn(self) -> None:
        """A batch in a server must not stop the server."""
        beats: list[float] = []

        async def compute(item: object) -> Outcome:
            until = time.perf_counter() + 0.0005
            while time.perf_counter() < until:
                pass
            return Outcome(ok=True, value=item)

        async def beat() -> None:
            while True:
                beats.append(time.perf_counter())
                await asyncio.sleep(0)

        async def main() -> None:
            heart = asyncio.create_task(beat())
            await run_batch(range(200), compute, options=BatchOptions(max_concurrency=50))
            heart.cancel()

        asyncio.run(main())

        assert len(beats) >= 8  # 100 ms of work, in slices of 5 ms

    @pytest.mark.requirement("R51")
    def test_options_serve_any_number_of_loops_and_batches(self) -> None:
        """Nothing of a batch is bound to the loop that ran first."""
        options = BatchOptions(max_concurrency=3)

        async def both() -> list[BatchResult]:
            batches = (run_batch(range(20), turn, options=options) for _ in range(2))
            return list(await asyncio.gather(*batches))

        results = [*asyncio.run(both()), *asyncio.run(both())]

        assert [result.summary.succeeded for result in results] == [20] * 4
        assert len({result.batch_id for result in results}) == 4


class TestSources:
    @pytest.mark.requirement("R52")
    @pytest.mark.parametrize("blocking", [False, True])
    def test_a_generator_is_a_source(self, *, blocking: bool) -> None:
        """Its length is known when it is over, and not before."""
        result = run((n for n in range(5)), echo, BatchOptions(blocking_source=blocking))

        assert [record.output for record in result.items] == [0, 1, 2, 3, 4]
        assert result.status == "success"

    @pytest.mark.requirement("R52")
    @pytest.mark.parametrize("work", [echo, turn])
    def test_an_async_generator_is_a_source(
        self, work: Callable[[object], Awaitable[Outcome]]
    ) -> None:
        """Most lazy sources of a service are."""
        result = run(counted(50), work, BatchOptions(max_concurrency=3))

        assert [record.output for record in result.items] == list(range(50))
        assert result.summary.not_run == 0

    @pytest.mark.requirement("R52")
    @pytest.mark.parametrize("items", [[], iter(()), counted(0)])
    def test_nothing_is_a_success_with_nothing_in_it(self, items: object) -> None:
        """An empty day is no error."""
        result = run(items, echo)

        assert (result.status, len(result.items), result.summary.success_rate) == ("success", 0, 1)

    @pytest.mark.parametrize("items", ["text", b"bytes", 3, None])
    def test_what_cannot_be_a_batch_is_refused_at_once(self, items: object) -> None:
        """A text is iterable, and never meant."""
        with pytest.raises(TypeError):
            run(items, echo)

    @pytest.mark.fault("F63")
    @pytest.mark.parametrize("blocking", [False, True])
    def test_a_source_that_raises_keeps_what_it_gave(self, *, blocking: bool) -> None:
        """499 good items must not go down with the 500th."""

        def source() -> Iterator[int]:
            yield from range(500)
            raise OSError("disk")

        result = run(source(), turn, BatchOptions(blocking_source=blocking))

        assert [record.output for record in result.items] == list(range(500))
        assert (result.status, result.stopped_by) == ("partial", "source")
        assert result.error is not None
        assert (result.error.type, result.error.message) == ("OSError", "disk")
        assert result.summary.not_run is None

    @pytest.mark.fault("F63")
    def test_a_source_that_cannot_begin_is_told_like_one_that_raises(self) -> None:
        """A cursor that fails on its first question."""

        class Broken:
            def __iter__(self) -> Iterator[int]:
                raise OSError("no table")

        result = run(Broken(), echo)

        assert (result.status, result.stopped_by, len(result.items)) == ("failed", "source", 0)

    @pytest.mark.fault("F62")
    @pytest.mark.parametrize("kind", ["direct", "async", "thread"])
    def test_no_source_is_read_far_ahead(self, kind: str) -> None:
        """What was got and is not done yet is at most twice the concurrency, and one at hand."""
        got: list[int] = []
        done: list[object] = []
        most = 0

        def source() -> Iterator[int]:
            for number in range(300):
                got.append(number)
                yield number

        async def gradually() -> AsyncIterator[int]:
            for number in source():
                await asyncio.sleep(0)
                yield number

        async def work(item: object) -> Outcome:
            nonlocal most
            most = max(most, len(got) - len(done))
            await asyncio.sleep(0.0005)
            done.append(item)
            return Outcome(ok=True)

        options = BatchOptions(max_concurrency=4, blocking_source=kind == "thread")
        result = run(gradually() if kind == "async" else source(), work, options)

        assert result.summary.succeeded == 300
        assert most <= 4 * 2 + 1

    @pytest.mark.fault("F63")
    def test_an_async_source_that_raises_keeps_what_it_gave(self) -> None:
        """As does a cursor whose connection went away."""

        async def source() -> AsyncIterator[int]:
            async for item in counted(20):
                yield item
            raise OSError("gone")

        result = run(source(), turn)

        assert statuses(result) == {"succeeded": 20}
        assert (result.status, result.stopped_by) == ("partial", "source")

    @pytest.mark.fault("F63")
    def test_a_source_that_blocks_for_ever_does_not_hold_the_batch(self) -> None:
        """A pipe that nobody writes to any more must not need a kill."""

        def source() -> Iterator[int]:
            yield from range(3)
            time.sleep(30)  # noqa: TID251 -- that is what blocks
            yield 3

        start = time.perf_counter()
        options = BatchOptions(blocking_source=True, timeout_seconds=0.1)
        result = run(source(), echo, options)

        assert time.perf_counter() - start < 5
        assert (result.status, statuses(result)) == ("timed_out", {"succeeded": 3})

    @pytest.mark.fault("F63")
    def test_the_same_item_twice_is_two_items(self) -> None:
        """Identity is the place in the source."""
        result = run(["a", "a", "a"], echo)

        assert [record.index for record in result.items] == [0, 1, 2]

    def test_an_async_generator_is_closed_when_the_batch_ends_early(self) -> None:
        """Its cursor is given back at once, not when the collector comes by."""
        closed: list[bool] = []

        async def source() -> AsyncIterator[int]:
            try:
                async for item in counted(1_000):
                    yield item
            finally:
                closed.append(True)

        run(source(), fail, BatchOptions(max_failures=3))

        assert closed == [True]


class TestRecords:
    @pytest.mark.requirement("R58", "R62")
    def test_an_item_is_known_by_batch_index_and_key(self) -> None:
        """Of a failure it must be said whose it was."""

        async def main() -> BatchResult:
            options = BatchOptions(batch_id="nightly", max_concurrency=1)
            return await run_batch(["a", "b"], fail, options=options, key=lambda item: f"<{item}>")

        first, second = asyncio.run(main()).items

        assert (first.batch_id, first.index, first.key) == ("nightly", 0, "<a>")
        assert (second.status, second.attempts, second.key) == ("failed", 3, "<b>")
        assert second.error is not None
        assert second.error.message == "no b"

    @pytest.mark.requirement("R58")
    def test_time_in_the_queue_is_told_apart_from_time_at_work(self) -> None:
        """Whether more workers or a faster agent would help is the question."""
        room = Room(seconds=0.01)

        first, second = run([1, 2], room.work, BatchOptions(max_concurrency=1)).items

        assert first.queue_seconds < second.queue_seconds
        assert second.queue_seconds >= 0.009
        assert second.run_seconds >= 0.009

    @pytest.mark.requirement("R50", "R61")
    def test_records_stand_in_the_order_of_the_source(self) -> None:
        """Whoever zips inputs with outputs must be right."""

        async def reverse(item: object) -> Outcome:
            assert isinstance(item, int)
            await asyncio.sleep(0.03 - item / 100)
            return Outcome(ok=True, value=item)

        result = run(range(3), reverse)

        assert [result.items[i].index for i in range(3)] == [0, 1, 2]

    @pytest.mark.requirement("R52", "R59", "R62")
    @pytest.mark.fault("F61")
    @pytest.mark.parametrize(
        "error",
        [
            ValueError("malformed"),
            asyncio.CancelledError(),
            TimeoutError(),
            SystemExit(3),
            StopIteration(),
            StopAsyncIteration(),
            GeneratorExit(),
        ],
    )
    def test_what_one_item_raises_is_that_items_failure(self, error: BaseException) -> None:
        """One of a thousand must not take the others along."""

        async def work(item: object) -> Outcome:
            await asyncio.sleep(0)
            if item == 7:
                raise error
            return Outcome(ok=True, value=item)

        result = run(range(1_000), work)

        assert [record.index for record in result.failures] == [7]
        assert statuses(result) == {"succeeded": 999, "failed": 1}
        assert result.status == "partial"

    @pytest.mark.requirement("R59")
    @pytest.mark.parametrize("workers", [1, 3])
    def test_an_item_that_cancels_its_task_fails_alone(self, workers: int) -> None:
        """The task is a worker's, and others need it."""

        async def work(item: object) -> Outcome:
            if item == 7:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            await asyncio.sleep(0)
            return Outcome(ok=True, value=item)

        result = run(range(100), work, BatchOptions(max_concurrency=workers))

        assert [record.index for record in result.failures] == [7]
        assert result.summary.succeeded == 99

    @pytest.mark.requirement("R50")
    def test_work_that_returns_no_outcome_fails_that_item(self) -> None:
        """Whoever forgets it is told where."""

        async def work(item: object) -> Outcome:
            return Outcome(ok=True) if item else None  # type: ignore[return-value]

        result = run(range(3), work)

        assert [record.status for record in result.items] == ["failed", "succeeded", "succeeded"]

    @pytest.mark.requirement("R52")
    def test_an_item_that_cannot_be_named_fails_alone(self) -> None:
        """One line without an id is one bad line."""

        async def main() -> BatchResult:
            rows = [{"id": "a"}, {}, {"id": "c"}]
            return await run_batch(rows, echo, key=lambda row: row["id"])

        result = asyncio.run(main())

        assert [record.status for record in result.items] == ["succeeded", "failed", "succeeded"]

    @pytest.mark.requirement("R50")
    def test_only_what_was_asked_for_is_kept(self) -> None:
        """Ten million good items need no record each."""

        async def odd(item: object) -> Outcome:
            assert isinstance(item, int)
            return await (fail(item) if item % 2 else echo(item))

        failed = run(range(10), odd, BatchOptions(keep="failed"))
        none = run(range(10), odd, BatchOptions(keep="none"))

        assert [record.index for record in failed.items] == [1, 3, 5, 7, 9]
        assert len(none.items) == 0
        assert (none.summary.succeeded, none.summary.failed) == (5, 5)


class TestEnds:
    @pytest.mark.requirement("R55")
    def test_at_its_timeout_a_batch_keeps_what_is_done(self) -> None:
        """Half of the night's work is half of the night's work."""
        room = Room()

        async def work(item: object) -> Outcome:
            return await (room.work(item) if item in range(10) else for_ever(item))

        options = BatchOptions(max_concurrency=2, timeout_seconds=0.1)
        result = run(range(20), work, options)
        after = run(range(5), echo, options)

        assert (result.status, result.stopped_by) == ("timed_out", "timeout")
        assert statuses(result) == {"succeeded": 10, "cancelled": 2, "not_run": 8}
        assert (result.summary.cancelled, result.summary.not_run) == (2, 8)
        assert result.items[10].error is not None
        assert "0.1 s" in result.items[10].error.message
        assert after.status == "success"

    @pytest.mark.requirement("R55")
    def test_nothing_happens_after_the_batch_has_returned(self) -> None:
        """What was reported as cancelled must not write a file a second later."""
        room = Room(seconds=0.2)

        async def main() -> tuple[int, int]:
            await run_batch(range(9), room.work, options=BatchOptions(timeout_seconds=0.05))
            at_return = len(room.ended)
            await asyncio.sleep(0.3)
            return at_return, len(room.ended)

        at_return, later = asyncio.run(main())

        assert at_return == later == 0

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    @pytest.mark.parametrize("stubborn", [asyncio.CancelledError, BaseException])
    def test_an_item_that_ignores_its_cancellation_does_not_hold_the_batch(
        self, stubborn: type[BaseException]
    ) -> None:
        """A batch ends when it says it does."""

        async def ignore(item: object) -> Outcome:
            while True:
                with suppress(stubborn):
                    await asyncio.sleep(60 if item else 61)

        start = time.perf_counter()
        options = BatchOptions(timeout_seconds=0.1, grace_seconds=0.05)
        result = run(range(3), ignore, options)

        assert time.perf_counter() - start < 2
        assert result.summary.cancelled == 3
        assert [record.index for record in result.items] == [0, 1, 2]

    def test_a_cancelled_caller_finds_the_result_in_the_cancellation(self) -> None:
        """Ctrl-C after an hour must not lose the hour."""
        room = Room()

        async def work(item: object) -> Outcome:
            return await (room.work(item) if item in range(10) else for_ever(item))

        async def main() -> BatchResult | None:
            try:
                async with asyncio.timeout(0.05):
                    await run_batch(range(20), work, options=BatchOptions(max_concurrency=2))
            except TimeoutError as error:
                assert not others()
                return batch_result_of(error)
            return None

        result = asyncio.run(main())

        assert result is not None
        assert (result.status, statuses(result)) == (
            "cancelled",
            {"succeeded": 10, "cancelled": 2, "not_run": 8},
        )

    def test_who_cancels_twice_does_not_wait_for_the_grace(self) -> None:
        """The second Ctrl-C means now."""

        async def ignore(item: object) -> Outcome:
            while True:
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(60 if item else 61)

        async def main() -> float:
            options = BatchOptions(grace_seconds=30)
            task = asyncio.create_task(run_batch(range(3), ignore, options=options))
            for _ in range(2):
                await asyncio.sleep(0.01)
                task.cancel()
            start = time.perf_counter()
            await asyncio.wait([task], timeout=10)
            await asyncio.sleep(0.01)
            assert task.cancelled()
            assert not others()
            return time.perf_counter() - start

        assert asyncio.run(main()) < 5

    @pytest.mark.fault("F66")
    def test_a_batch_in_which_everything_fails_stops_early(self) -> None:
        """A wrong password fails ten times, not a million times."""
        result = run(range(1_000), fail, BatchOptions(max_failures=10))

        assert (result.status, result.stopped_by) == ("failed", "max_failures")
        assert result.summary.failed == 10
        assert result.summary.not_run == 990

    @pytest.mark.fault("F66")
    def test_what_runs_at_the_last_failure_may_end(self) -> None:
        """Items that are nearly done are not thrown away."""

        async def work(item: object) -> Outcome:
            await asyncio.sleep(0.05 if item else 0.01)
            return await (echo(item) if item else fail(item))

        result = run(range(9), work, BatchOptions(max_concurrency=3, max_failures=1))

        assert statuses(result) == {"failed": 1, "succeeded": 2, "not_run": 6}

    @pytest.mark.requirement("R57")
    @pytest.mark.parametrize(("threshold", "status"), [(1.0, "partial"), (0.95, "success")])
    def test_how_much_has_to_succeed_is_said_by_who_asks(
        self, threshold: float, status: str
    ) -> None:
        """Half is neither a success nor a failure by itself."""

        async def work(item: object) -> Outcome:
            return await (echo(item) if item else fail(item))

        result = run(range(100), work, BatchOptions(success_threshold=threshold))

        assert (result.status, result.summary.success_rate) == (status, 0.99)

    def test_an_interrupt_ends_the_batch_and_is_not_swallowed(self) -> None:
        """It is the user's, wherever it strikes."""

        async def work(item: object) -> Outcome:
            await asyncio.sleep(0)
            if item == 3:
                raise KeyboardInterrupt
            return Outcome(ok=True, value=item)

        with pytest.raises(KeyboardInterrupt):
            asyncio.run(run_batch(range(100), work))


class TestClocks:
    def test_durations_and_the_deadline_follow_the_clock_that_is_given(self) -> None:
        """Whoever tests with a clock of their own waits for nothing."""
        clock = FakeClock()

        async def work(item: object) -> Outcome:
            clock.advance(1)
            return Outcome(ok=True, value=item)

        options = BatchOptions(max_concurrency=1, timeout_seconds=4.5)
        result = asyncio.run(run_batch(range(10), work, options=options, clock=clock))

        assert result.summary.succeeded == 5
        assert [record.run_seconds for record in result.items][:5] == [1] * 5
        assert (result.status, result.summary.not_run) == ("timed_out", 5)
        assert result.started_at.startswith("2030-01-01")


class TestSummary:
    @pytest.mark.requirement("R63")
    def test_utilisation_is_the_share_of_the_workers_time(self) -> None:
        """It says whether more workers would help, whatever failed."""

        async def work(item: object) -> Outcome:
            await asyncio.sleep(0.02)
            return await fail(item)

        summary = run(range(100), work, BatchOptions(max_concurrency=5)).summary

        assert 0.9 < summary.utilisation <= 1
        assert summary.throughput == 0
        assert 0.019 < summary.run_seconds.quantile(0.5) <= summary.run_seconds.quantile(0.95)

    @pytest.mark.requirement("R63")
    def test_half_idle_workers_are_half_used(self) -> None:
        """A concurrency that is never reached shows."""
        summary = run(range(10), Room(seconds=0.01).work, BatchOptions(max_concurrency=40)).summary

        assert summary.utilisation < 0.3
        assert summary.peak_concurrency == 10

    @pytest.mark.requirement("R50")
    def test_counts_add_up(self) -> None:
        """Nobody is counted twice, and nobody is lost."""

        async def work(item: object) -> Outcome:
            return await (echo, fail, turn)[item % 3](item)  # type: ignore[operator]

        summary = run(range(100), work).summary

        assert summary.tried == 100
        assert (summary.succeeded, summary.failed) == (67, 33)


class TestProgress:
    @pytest.mark.requirement("R60")
    @pytest.mark.parametrize("work", [echo, turn])
    def test_a_thousand_items_are_told_in_tenths(
        self, work: Callable[[object], Awaitable[Outcome]]
    ) -> None:
        """Ten lines can be read; a thousand are noise."""
        told: list[BatchProgress] = []

        asyncio.run(run_batch(range(1_000), work, progress=told.append))

        assert 10 <= len(told) <= 12
        assert told[-1].fraction == 1
        assert [p.done for p in told] == sorted(p.done for p in told)
        assert all(p.eta_seconds is not None for p in told)

    @pytest.mark.requirement("R60")
    def test_of_an_unknown_number_the_end_is_told(self) -> None:
        """The last word is that it is over, also of a stream of a few lines."""
        told: list[BatchProgress] = []

        asyncio.run(run_batch(iter(range(30)), turn, progress=told.append))

        assert (told[-1].done, told[-1].total, told[-1].fraction) == (30, 30, 1)

    @pytest.mark.requirement("R60")
    def test_a_live_display_is_told_while_items_run(self) -> None:
        """A bar that stands still for a minute looks hung."""
        told: list[BatchProgress] = []
        options = BatchOptions(progress_seconds=0.005)

        asyncio.run(run_batch([1], Room(seconds=0.1).work, options=options, progress=told.append))

        assert len(told) >= 3

    @pytest.mark.requirement("R53", "R60")
    def test_the_log_has_two_lines_of_a_batch_with_its_id(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A line an item would bury everything else."""
        caplog.set_level("INFO", logger="registry_core.runtime")

        asyncio.run(run_batch(range(100), turn, options=BatchOptions(batch_id="nightly")))

        assert len(caplog.records) == 2
        assert all(vars(record)["batch_id"] == "nightly" for record in caplog.records)
        assert "success, 100 of 100" in caplog.text

    @pytest.mark.requirement("R53")
    def test_ids_of_batches_are_unique_and_sort_by_time(self) -> None:
        """Fifty batches in one second are fifty batches."""
        ids = [run([], echo).batch_id for _ in range(50)]

        assert len(set(ids)) == 50
        assert ids == sorted(ids)

    @pytest.mark.requirement("R56", "R60")
    def test_a_progress_that_raises_hears_no_more_and_loses_nothing(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Watching never changes what is watched."""
        calls: list[BatchProgress] = []

        def broken(progress: BatchProgress) -> None:
            calls.append(progress)
            raise OSError("display")

        result = asyncio.run(run_batch(range(100), echo, progress=broken))

        assert result.summary.succeeded == 100
        assert len(calls) == 1
        assert "OSError" in caplog.text


class TestStreams:
    @pytest.mark.requirement("R61")
    @pytest.mark.parametrize(("ordered", "expected"), [(True, [0, 1, 2]), (False, [2, 1, 0])])
    def test_records_come_in_order_or_as_they_end(
        self, *, ordered: bool, expected: list[int]
    ) -> None:
        """Both are wanted, and each record says which item it is of."""

        async def work(item: object) -> Outcome:
            assert isinstance(item, int)
            await asyncio.sleep((0.05, 0.03, 0.01)[item])
            return Outcome(ok=True, value=item)

        async def main() -> list[int]:
            options = BatchOptions(ordered=ordered)
            return [r.index async for r in stream_batch(range(3), work, options=options)]

        assert asyncio.run(main()) == expected

    @pytest.mark.fault("F65")
    @pytest.mark.parametrize("ordered", [True, False])
    def test_a_slow_reader_slows_the_workers(self, *, ordered: bool) -> None:
        """Memory is not where the difference goes."""
        room = Room()

        async def main() -> int:
            ahead = 0
            options = BatchOptions(max_concurrency=2, window=6, ordered=ordered)
            async with stream_batch(range(100), room.work, options=options) as stream:
                read = 0
                async for _ in stream:
                    read += 1
                    await asyncio.sleep(0.001)
                    ahead = max(ahead, len(room.begun) - read)
            return ahead

        assert asyncio.run(main()) <= 6

    def test_a_slow_first_item_does_not_let_the_others_pile_up(self) -> None:
        """An ordered stream waits for it with a full window, and no more."""
        gate = asyncio.Event()
        begun: list[object] = []

        async def work(item: object) -> Outcome:
            begun.append(item)
            if item == 0:
                await gate.wait()
            return Outcome(ok=True, value=item)

        async def main() -> tuple[int, list[int]]:
            options = BatchOptions(max_concurrency=4, window=8)
            stream = stream_batch(iter(range(100)), work, options=options)
            reading = asyncio.create_task(_read(stream))
            await asyncio.sleep(0.02)
            waiting = len(begun)
            gate.set()
            return waiting, await reading

        waiting, read = asyncio.run(main())

        assert waiting == 8
        assert read == list(range(100))

    def test_who_stops_reading_stops_the_workers(self) -> None:
        """``break`` is how one says enough."""
        room = Room(seconds=0.001)

        async def main() -> BatchResult:
            stream = stream_batch(range(1_000), room.work)
            async with aclosing(stream):
                async for _ in stream:
                    break
            assert not others()
            begun = len(room.begun)
            await asyncio.sleep(0.01)
            assert len(room.begun) == begun
            return stream.result

        result = asyncio.run(main())

        assert (result.status, result.stopped_by) == ("cancelled", "cancelled")
        assert len(room.begun) <= 17

    def test_a_stream_that_is_dropped_ends_by_itself(self) -> None:
        """Forgetting to close is a small fault and not a leak."""

        async def main() -> int:
            async for _ in stream_batch(iter(range(1_000)), turn):
                break
            gc.collect()
            await asyncio.sleep(0.01)
            return len(others())

        assert asyncio.run(main()) == 0

    def test_a_stream_that_is_kept_half_read_does_not_hold_the_loop(self) -> None:
        """A program ends when its main does."""

        async def main() -> object:
            stream = stream_batch(range(1_000), for_ever)
            task = asyncio.create_task(anext(stream))
            await asyncio.sleep(0.01)
            return stream, task

        assert asyncio.run(main())

    def test_at_its_timeout_a_stream_ends_and_says_why(self) -> None:
        """The reader needs no ``except`` to read on."""

        async def work(item: object) -> Outcome:
            return await (for_ever(item) if item == 4 else echo(item))

        async def main() -> tuple[list[ItemRecord], BatchResult]:
            options = BatchOptions(max_concurrency=2, timeout_seconds=0.05, window=8)
            stream = stream_batch(range(20), work, options=options)
            return [record async for record in stream], stream.result

        records, result = asyncio.run(main())

        assert [record.index for record in records] == list(range(12))
        assert [r.index for r in records if r.status == "cancelled"] == [4]
        assert (result.status, result.summary.not_run) == ("timed_out", 8)

    @pytest.mark.fault("F64")
    def test_what_is_done_when_a_stream_is_closed_can_still_be_had(self) -> None:
        """Items behind a slow first one are done, and are reported."""

        async def work(item: object) -> Outcome:
            return await (for_ever(item) if item == 0 else echo(item))

        async def main() -> list[tuple[int, str]]:
            stream = stream_batch(range(20), work, options=BatchOptions(window=5))
            reading = asyncio.create_task(_read(stream))
            await asyncio.sleep(0.01)
            reading.cancel()
            await asyncio.wait([reading])
            return [(record.index, record.status) for record in stream.rest()]

        left = asyncio.run(main())

        assert left[0] == (0, "cancelled")
        assert left[1:] == [(n, "succeeded") for n in range(1, 5)]

    def test_the_result_of_a_stream_is_there_when_it_has_ended(self) -> None:
        """Half a result would be read as a whole one."""

        async def main() -> None:
            stream = stream_batch(range(3), echo)
            with pytest.raises(RuntimeError):
                _ = stream.result
            assert await _read(stream) == [0, 1, 2]
            assert stream.result.status == "success"

        asyncio.run(main())


async def _read(stream: AsyncIterator[ItemRecord]) -> list[int]:
    return [record.index async for record in stream]
