"""Running a stranger's coroutine without being held by it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from registry_core.runtime.supervision import Overdue, Raised, Returned, supervise

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from registry_core.runtime.supervision import Settled


def watched(
    work: Coroutine[object, object, int], *, seconds: float = 30, grace: float = 0.01
) -> tuple[Settled[int] | Overdue, int]:
    """Return how *work* ended, and how often force was needed."""
    forces: list[None] = []

    async def main() -> Settled[int] | Overdue:
        return await supervise(
            work, seconds=seconds, grace_seconds=grace, forced=lambda: forces.append(None)
        )

    return asyncio.run(main()), len(forces)


async def answer() -> int:
    """Return a number."""
    return 42


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
