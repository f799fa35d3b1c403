"""Beginning a coroutine at once."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING

import pytest

from registry_core.runtime.eager import begin

if TYPE_CHECKING:
    from collections.abc import Coroutine

NAME = contextvars.ContextVar("name", default="nobody")


async def outcome(work: Coroutine[object, object, object]) -> object:
    """Return what *work* returns, whether it waits or not."""
    begun = begin(work)
    return begun[0] if isinstance(begun, tuple) else await begun


class TestBegin:
    def test_who_never_waits_is_over_at_once(self) -> None:
        """No turn of the event loop, no task on its books."""

        async def answer() -> int:
            return 42

        async def main() -> tuple[object, set[asyncio.Task[object]]]:
            before = asyncio.all_tasks()
            return begin(answer()), asyncio.all_tasks() - before

        assert asyncio.run(main()) == ((42,), set())

    def test_who_waits_goes_on_in_a_task_of_its_own(self) -> None:
        """And in the same one from its first line to its last."""

        async def notice() -> list[object]:
            seen = [asyncio.current_task()]
            await asyncio.sleep(0)
            seen.append(asyncio.current_task())
            await asyncio.sleep(0)
            return [*seen, asyncio.current_task()]

        async def main() -> tuple[object, object, object]:
            task = begin(notice())
            assert isinstance(task, asyncio.Task)
            return task, await task, asyncio.current_task()

        task, seen, caller = asyncio.run(main())

        assert seen == [task] * 3
        assert caller is not task

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

    def test_a_task_that_is_cancelled_before_its_turn_hears_of_it_where_it_waits(self) -> None:
        """It has begun, so it may have something to give back."""
        left: list[str] = []

        async def holds() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                left.append("given back")

        async def main() -> None:
            task = begin(holds())
            assert isinstance(task, asyncio.Task)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()

        asyncio.run(main())

        assert left == ["given back"]

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
