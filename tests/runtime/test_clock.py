"""The machine's own time, as a run sees it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from registry_core.runtime.clock import SystemClock, utc_now


class TestSystemClock:
    @pytest.mark.requirement("R102")
    def test_stamps_are_aware_and_in_utc(self) -> None:
        """Records of machines in two time zones must sort."""
        assert utc_now(SystemClock()).utcoffset() == timedelta(0)

    @pytest.mark.requirement("R26")
    def test_durations_never_go_back(self) -> None:
        """A duration below zero breaks every average it gets into."""
        clock = SystemClock()

        readings = [clock.monotonic() for _ in range(100)]

        assert readings == sorted(readings)

    def test_sleeping_takes_time(self) -> None:
        """A pause that does not pause hammers whatever just failed."""
        clock = SystemClock()
        before = clock.monotonic()

        asyncio.run(clock.sleep(0.01))

        assert clock.monotonic() - before >= 0.009
