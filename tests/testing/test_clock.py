"""The clock that tests of agents move by hand."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from registry_core.testing.clock import FakeClock


@pytest.mark.requirement("R23", "R102")
class TestFakeClock:
    def test_sleeping_passes_time_without_taking_any(self) -> None:
        """A test of a minute's back-off that takes a minute is never run."""
        clock = FakeClock()
        before = clock.utc_now()

        asyncio.run(clock.sleep(3600))

        assert clock.monotonic() == 3600
        assert clock.utc_now() - before == timedelta(hours=1)
        assert clock.pauses == [3600]

    def test_others_get_their_turn_while_one_sleeps(self) -> None:
        """A fake that never yields hides every race the real clock would show."""
        clock = FakeClock()
        turns: list[str] = []

        async def sleeper() -> None:
            await clock.sleep(1)
            turns.append("sleeper")

        async def other() -> None:
            turns.append("other")

        async def both() -> None:
            await asyncio.gather(sleeper(), other())

        asyncio.run(both())

        assert turns == ["other", "sleeper"]

    @pytest.mark.fault("F57")
    def test_the_wall_can_be_wrong_while_durations_stay_right(self) -> None:
        """Clocks are set back by an hour each autumn, and by any amount at boot."""
        clock = FakeClock()
        clock.advance(5)

        clock.set_wall(clock.utc_now() - timedelta(hours=1))

        assert clock.monotonic() == 5
