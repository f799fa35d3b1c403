"""Who watches a run can neither slow nor change it, and misses nothing."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from registry_core.authoring.agent import agent
from registry_core.runtime import engine
from registry_core.runtime.engine import result_of
from tests.runtime.rig import Part, assemble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.results.events import Event
    from registry_core.results.run import RunResult

SOON = 5.0  # seconds; never reached unless something is broken


@agent(mutates=False)
async def double(number: int) -> int:
    """Return twice *number*."""
    return number * 2


@agent(mutates=False)
async def wait(number: int) -> int:
    """Never return."""
    await asyncio.Event().wait()
    return number


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for slow observers no longer than a test has to."""
    monkeypatch.setattr(engine, "_HEARD_SECONDS", 0.3)


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Give what a hanging observer waits for; it is let go at the end."""
    event = threading.Event()
    yield event
    event.set()


class TestObservers:
    @pytest.mark.requirement("R19")
    def test_one_that_hangs_changes_neither_the_result_nor_what_others_hear(
        self, held: threading.Event
    ) -> None:
        """A metrics server that does not answer must not take the pipelines with it."""
        heard: list[Event] = []

        def hang(event: Event) -> None:
            assert event is not None
            held.wait()

        rig = assemble(*(Part(double, id=f"s{n}") for n in range(3)))
        result = rig.run({"number": 1}, observers=[hang, heard.append])

        assert (result.status, result.output) == ("success", 8)
        assert Counter(event.kind for event in heard) == {
            "run_started": 1,
            "stage_started": 3,
            "attempt_started": 3,
            "attempt_finished": 3,
            "stage_finished": 3,
            "run_finished": 1,
        }

    @pytest.mark.requirement("R19", "R30")
    def test_one_that_was_left_behind_still_hears_of_the_end(self, held: threading.Event) -> None:
        """A span that is never ended never arrives."""
        heard: list[str] = []
        ended = threading.Event()

        def slow(event: Event) -> None:
            held.wait()
            heard.append(event.kind)
            if event.kind == "run_finished":
                ended.set()

        assemble(double).run({"number": 1}, observers=[slow])
        held.set()

        assert ended.wait(SOON)
        assert (heard[0], heard[-1]) == ("run_started", "run_finished")

    @pytest.mark.requirement("R29", "R30", "R47")
    def test_a_cancelled_run_is_told_whole_before_it_ends(self) -> None:
        """The dashboard must not show it as running for ever."""
        heard: list[Event] = []
        result: RunResult | None = None

        async def cancelled() -> None:
            nonlocal result
            loop, waits = asyncio.get_running_loop(), asyncio.Event()

            def hear(event: Event) -> None:
                heard.append(event)
                if event.stage_id == "wait":
                    loop.call_soon_threadsafe(waits.set)

            rig = assemble(double, wait, Part(double, id="last"))
            run = asyncio.create_task(rig.execute({"number": 1}, observers=[hear]))
            await waits.wait()
            run.cancel()
            try:
                await run
            except asyncio.CancelledError as error:
                result = result_of(error)

        asyncio.run(cancelled())

        assert result is not None
        ends = [(e.stage_id, e.status) for e in heard if e.kind == "stage_finished"]
        assert sorted(ends) == sorted((stage.stage_id, stage.status) for stage in result.stages)
        assert [e.status for e in heard if e.kind == "run_finished"] == ["cancelled"]
        assert heard[-1].kind == "run_finished"

    @pytest.mark.requirement("R103")
    def test_no_thread_outlives_a_run_whose_observers_keep_up(self) -> None:
        """A service makes a million runs."""
        mine: set[threading.Thread] = set()

        def hear(event: Event) -> None:
            assert event is not None
            mine.add(threading.current_thread())

        assemble(double).run({"number": 1}, observers=[hear])

        for thread in mine:
            thread.join(SOON)
        assert mine
        assert not any(thread.is_alive() for thread in mine)
