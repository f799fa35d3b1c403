"""Who keeps an event loop from turning is named."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from typing import TYPE_CHECKING

import pytest

from registry_core.runtime.watchdog import LoopWatch, Stall, Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

AGENT = "slow-agents/sleep@1.0.0"


async def sleep_inside(seconds: float) -> None:
    """Do what no async agent should."""
    await asyncio.sleep(0)
    time.sleep(seconds)  # noqa: ASYNC251, TID251 -- the fault under test


class Parser:
    """An agent that is a class."""

    async def process(self, text: str) -> int:
        """Compute for long, through others' code."""
        while self._is_busy():
            pass
        return len(text)

    def __init__(self) -> None:
        """Be busy for a while from now."""
        self._until = time.monotonic() + 0.4

    def _is_busy(self) -> bool:
        return time.monotonic() < self._until


def watchdog_of(
    limit_seconds: float = 1.0, on_stall: Callable[[Stall], None] | None = None
) -> Watchdog:
    """Return a watchdog that knows the agents of this module."""
    watchdog = Watchdog(limit_seconds=limit_seconds, on_stall=on_stall)
    watchdog.note(AGENT, sleep_inside)
    watchdog.note("parser", Parser)
    return watchdog


@contextlib.contextmanager
def watched(watchdog: Watchdog) -> Generator[LoopWatch]:
    """Count a run of this loop."""
    watch = watchdog.begin(asyncio.get_running_loop())
    try:
        yield watch
    finally:
        watchdog.end(watch)


class TestNaming:
    @pytest.mark.fault("F47")
    def test_an_agent_that_sleeps_is_named_with_the_line(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Every timeout of the host waits for it, and nobody knows why."""
        told: list[Stall] = []
        watchdog = watchdog_of(limit_seconds=0.1, on_stall=told.append)

        async def main() -> None:
            with watched(watchdog):
                await sleep_inside(0.5)
                await asyncio.sleep(0.1)

        with caplog.at_level(logging.WARNING):
            asyncio.run(main())

        assert [stall.agent for stall in told] == [AGENT]
        assert told[0].seconds >= 0.075
        assert told[0].stack[-1].endswith(" in sleep_inside")
        assert watchdog.stalls == 1
        assert watchdog.recent == tuple(told)
        assert [record.getMessage() for record in caplog.records] == [str(told[0])]

    @pytest.mark.fault("F47")
    def test_an_agent_is_named_for_what_it_calls(self) -> None:
        """It is deep in a library, and the library is not the agent."""
        watchdog = watchdog_of(limit_seconds=0.1)

        async def main() -> None:
            with watched(watchdog):
                await Parser().process("")

        asyncio.run(main())

        assert [stall.agent for stall in watchdog.recent] == ["parser"]
        assert "Parser.process" in watchdog.recent[0].stack[0]

    def test_each_time_is_told_once(self) -> None:
        """A log with a line for every quarter of a second is not read."""
        watchdog = watchdog_of(limit_seconds=0.1)

        async def main() -> None:
            with watched(watchdog):
                for _ in range(2):
                    await sleep_inside(0.4)
                    await asyncio.sleep(0.2)

        asyncio.run(main())

        assert [stall.agent for stall in watchdog.recent] == [AGENT, AGENT]

    def test_code_of_nobody_is_told_too(self) -> None:
        """A fault of the host itself must not be put on an agent."""
        watchdog = Watchdog(limit_seconds=0.2)

        async def main() -> None:
            with watched(watchdog):
                await sleep_inside(0.8)

        asyncio.run(main())

        assert watchdog.recent[0].agent == ""
        assert "no agent known" in str(watchdog.recent[0])


class TestQuiet:
    def test_a_loop_that_turns_is_left_in_peace(self) -> None:
        """A false alarm costs more trust than a true one earns."""
        watchdog = watchdog_of(limit_seconds=2.0)

        async def main() -> None:
            with watched(watchdog):
                for _ in range(60):
                    await asyncio.sleep(0.01)

        asyncio.run(main())

        assert watchdog.stalls == 0

    def test_a_process_that_stood_still_blames_nobody(self) -> None:
        """A laptop that was shut, a debugger: the agent did nothing wrong."""
        watchdog = Watchdog(limit_seconds=1.0)

        async def main() -> None:
            with watched(watchdog) as watch:
                watch.asked_at = 0.0
                watchdog.look(60.0, late_seconds=59.0)
                watch.asked_at = None
                watchdog.look(120.0, late_seconds=59.0)

        asyncio.run(main())

        assert watchdog.stalls == 0

    @pytest.mark.fault("F47")
    def test_who_held_the_interpreter_is_named_afterwards(self) -> None:
        """A wild regular expression lets no other thread look; the stack still shows it."""
        watchdog = watchdog_of()

        async def wild() -> None:
            with watched(watchdog):
                watchdog.look(60.0, late_seconds=5.0)

        watchdog.note("wild", wild)
        asyncio.run(wild())

        assert [(stall.agent, stall.seconds) for stall in watchdog.recent] == [("wild", 5.0)]


class TestLife:
    def test_nothing_starts_before_a_run(self) -> None:
        """Listing agents needs no thread."""
        before = threading.active_count()

        watchdog = watchdog_of()

        assert not watchdog.is_awake
        assert threading.active_count() <= before

    def test_the_thread_ends_after_the_last_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A service that is idle should be idle."""
        monkeypatch.setattr("registry_core.runtime.watchdog._IDLE_SECONDS", 0.02)
        watchdog = watchdog_of(limit_seconds=0.04)

        async def main() -> None:
            with watched(watchdog):
                await asyncio.sleep(0.05)
                assert watchdog.is_awake

        asyncio.run(main())
        ended = threading.Event()
        for _ in range(500):
            if not watchdog.is_awake:
                ended.set()
                break
            ended.wait(0.01)

        assert ended.is_set()
        assert watchdog.loops == 0

    def test_it_starts_again_for_the_next_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The second night must be watched like the first."""
        monkeypatch.setattr("registry_core.runtime.watchdog._IDLE_SECONDS", 0.0)
        watchdog = watchdog_of(limit_seconds=0.08)

        async def main() -> None:
            with watched(watchdog):
                await sleep_inside(0.3)

        asyncio.run(main())
        while watchdog.is_awake:
            threading.Event().wait(0.01)
        asyncio.run(main())

        assert [stall.agent for stall in watchdog.recent] == [AGENT, AGENT]

    def test_a_closed_loop_is_forgotten(self) -> None:
        """Whoever makes a loop for each request must not fill the memory."""
        watchdog = watchdog_of(limit_seconds=60.0)

        async def main() -> None:
            with watched(watchdog):
                pass

        for _ in range(10):
            asyncio.run(main())
        watchdog.look(1.0, late_seconds=0.0)

        assert watchdog.loops == 0
