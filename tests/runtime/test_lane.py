"""Work in a task of its own, and strangers in it."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import time
from typing import TYPE_CHECKING

import pytest

from registry_core.runtime.lane import Lane
from registry_core.runtime.settled import Overdue, Raised, Returned
from registry_core.runtime.supervision import supervise

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from registry_core.runtime.settled import Settled


def watched(
    work: Coroutine[object, object, int], *, seconds: float = 30, grace: float = 0.01
) -> tuple[Settled[int] | Overdue, int]:
    """Return how *work* ended, and how often force was needed."""
    forces: list[None] = []

    async def main() -> Settled[int] | Overdue:
        return await supervise(
            work,
            now=time.monotonic,
            seconds=seconds,
            grace_seconds=grace,
            forced=lambda: forces.append(None),
        )

    return asyncio.run(main()), len(forces)


NAME = contextvars.ContextVar("name", default="nobody")


async def outcome(work: Coroutine[object, object, object]) -> object:
    """Return what *work* returns, whether it waits or not."""
    settled = await supervise(
        work, now=time.monotonic, seconds=30, grace_seconds=0.01, forced=lambda: None
    )
    assert isinstance(settled, Returned)
    return settled.value


async def answer() -> int:
    """Return a number."""
    return 42


async def stubborn(free: asyncio.Event) -> None:
    """Wait for *free*, whoever says otherwise."""
    while not free.is_set():
        try:
            await free.wait()
        except asyncio.CancelledError:
            continue


async def swallow(times: int) -> int:
    """Return a number, after ignoring *times* cancellations."""
    for _ in range(times):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue
    return 42


class TestSupervise:
    def test_a_value_comes_back(self) -> None:
        """Most coroutines behave."""
        assert watched(answer()) == (Returned(42), 0)

    @pytest.mark.fault("F48")
    def test_what_is_raised_comes_back_as_a_value(self) -> None:
        """``SystemExit`` in a task would end the event loop and everybody on it."""
        error = SystemExit()

        async def leave() -> int:
            raise error

        assert watched(leave()) == (Raised(error), 0)

    @pytest.mark.fault("F43")
    def test_a_value_after_the_time_was_up_is_dropped(self) -> None:
        """``wait_for`` hands it over as if nothing had been."""
        assert watched(swallow(1), seconds=0.01) == (Overdue(), 0)

    @pytest.mark.fault("F42")
    def test_who_ignores_the_cancellation_is_closed(self) -> None:
        """``wait_for``, ``asyncio.timeout`` and task groups would all wait for ever."""
        assert watched(swallow(1000), seconds=0.01) == (Overdue(), 1)

    @pytest.mark.fault("F44")
    def test_cleaning_up_may_take_the_grace(self) -> None:
        """A connection should be closed in good order when there is time for it."""
        cleaned: list[str] = []

        async def tidy() -> int:
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0)
                cleaned.append("up")
            return 42

        assert watched(tidy(), seconds=0.01, grace=30) == (Overdue(), 0)
        assert cleaned == ["up"]

    def test_a_closed_coroutine_still_leaves_its_finally_blocks(self) -> None:
        """Locks are given back even by force."""
        left: list[str] = []

        async def stubborn() -> int:
            try:
                return await swallow(1000)
            finally:
                left.append("block")

        watched(stubborn(), seconds=0.01)

        assert left == ["block"]

    @pytest.mark.fault("F42")
    def test_who_waits_for_a_task_that_ignores_its_cancellation_is_ended(self) -> None:
        """Cancelling what waits only asks the inner task, which does not care."""
        free = asyncio.Event()

        async def waits() -> int:
            await asyncio.create_task(stubborn(free))
            return 42

        async def main() -> tuple[Settled[int] | Overdue, Settled[int] | Overdue]:
            ended = [
                await supervise(
                    waits(),
                    now=time.monotonic,
                    seconds=0.01,
                    grace_seconds=0.01,
                    forced=lambda: None,
                )
                for _ in range(2)
            ]
            free.set()
            await asyncio.sleep(0)
            return ended[0], ended[1]

        assert asyncio.run(main()) == (Overdue(), Overdue())

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")
    @pytest.mark.fault("F42")
    def test_a_loop_whose_tasks_begin_at_once_changes_nothing(self) -> None:
        """A host may have set ``asyncio.eager_task_factory`` for all its tasks."""
        free = asyncio.Event()

        async def waits() -> int:
            await asyncio.create_task(stubborn(free))
            return 42

        async def main() -> Settled[int] | Overdue:
            asyncio.get_running_loop().set_task_factory(vars(asyncio)["eager_task_factory"])
            ended = await supervise(
                waits(), now=time.monotonic, seconds=0.01, grace_seconds=0.01, forced=lambda: None
            )
            free.set()
            await asyncio.sleep(0)
            return ended

        assert asyncio.run(main()) == Overdue()

    def test_the_answer_to_being_told_is_kept(self) -> None:
        """It says what went wrong when the time was up."""
        error = ValueError("no")

        async def turns() -> int:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise error from None
            return 42

        assert watched(turns(), seconds=0.01) == (Overdue(error), 0)


class TestStart:
    def test_who_never_waits_is_over_at_once(self) -> None:
        """No turn of the event loop, no task on its books."""

        async def main() -> tuple[bool, set[asyncio.Task[object]]]:
            lane = Lane(
                time.monotonic, grace_seconds=1, on_forced=lambda: None, on_over=lambda _: None
            )
            before = asyncio.all_tasks()

            async def work() -> None:
                await answer()

            return lane.start(work()), asyncio.all_tasks() - before

        assert asyncio.run(main()) == (True, set())

    def test_it_may_be_told_to_end_while_it_begins(self) -> None:
        """A stage that begins first begins another, whose failure ends both."""

        async def main() -> tuple[bool, str]:
            over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            lane = Lane(
                time.monotonic,
                grace_seconds=1,
                on_forced=lambda: None,
                on_over=lambda _: over.set_result(None),
            )

            async def work() -> None:
                lane.cut()
                await asyncio.sleep(60)

            is_over = lane.start(work())
            await over
            return is_over, type(lane.error).__name__

        assert asyncio.run(main()) == (False, "CancelledError")

    @pytest.mark.fault("F49")
    def test_a_cancellation_raised_at_once_is_the_strangers_own(self) -> None:
        """Nobody has cancelled anything."""

        async def refuses() -> int:
            raise asyncio.CancelledError

        settled, forces = watched(refuses())

        assert isinstance(settled, Raised)
        assert isinstance(settled.error, asyncio.CancelledError)
        assert forces == 0

    def test_it_goes_on_in_the_task_in_which_it_began(self) -> None:
        """Which is none of the caller's."""
        seen: list[object] = []

        async def notice() -> None:
            for _ in range(3):
                seen.append(asyncio.current_task())
                await asyncio.sleep(0)

        async def main() -> object:
            await outcome(notice())
            return asyncio.current_task()

        caller = asyncio.run(main())

        assert seen == [seen[0]] * 3
        assert seen[0] is not caller

    def test_time_limits_begun_in_the_first_part_hold_in_the_second(self) -> None:
        """They remember the task that was current when they were entered."""

        async def limited() -> str:
            try:
                async with asyncio.timeout(0.01):
                    await asyncio.sleep(60)
            except TimeoutError:
                return "limited"
            return "not limited"

        assert asyncio.run(outcome(limited())) == "limited"

    def test_task_groups_work_as_ever(self) -> None:
        """A failing child cancels the body, which is in the remembered task."""

        async def child() -> None:
            await asyncio.sleep(0)
            raise OSError

        async def parent() -> str:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(child())
                    await asyncio.sleep(60)
            except* OSError:
                pass
            return "caught"

        assert asyncio.run(outcome(parent())) == "caught"

    @pytest.mark.parametrize("waits", [False, True])
    def test_who_cancels_itself_harms_nobody_else(self, waits: bool) -> None:  # noqa: FBT001
        """The caller's task is another one, whatever the first part does."""

        async def cancels_itself() -> str:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            try:
                if waits:
                    await asyncio.sleep(60)
            except asyncio.CancelledError:
                return "cancelled"
            return "over"

        async def main() -> object:
            result = await outcome(cancels_itself())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return result

        assert asyncio.run(main()) == ("cancelled" if waits else "over")

    @pytest.mark.requirement("R43")
    def test_context_variables_come_in_and_do_not_get_out(self) -> None:
        """As with any task."""

        async def rename() -> str:
            before = NAME.get()
            NAME.set("other")
            await asyncio.sleep(0)
            return f"{before} {NAME.get()}"

        async def main() -> tuple[object, str]:
            NAME.set("acme")
            return await outcome(rename()), NAME.get()

        assert asyncio.run(main()) == ("acme other", "acme")

    def test_an_exception_that_is_waited_for_arrives(self) -> None:
        """Futures raise in whoever waits for them."""

        async def waits_for_trouble() -> str:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(future.set_exception, OSError("trouble"))
            try:
                await future
            except OSError as error:
                return str(error)
            return "nothing"

        assert asyncio.run(outcome(waits_for_trouble())) == "trouble"
