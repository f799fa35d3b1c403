"""Threads for agents that are not async."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from registry_core import Policy, agent
from registry_core.errors import StuckThreadsError
from registry_core.runtime.settled import Raised, Returned
from registry_core.runtime.threads import AgentThreads
from tests.runtime.rig import Part, assemble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from registry_core.results.run import RunResult

STUCK = """
import time
from registry_core import agent
from registry_core.runtime.scope import RunOptions
from tests.runtime.rig import assemble

@agent
def never(number: int) -> int:
    time.sleep(3600)
    return number

options = RunOptions(attempt_timeout_seconds=0.05)
result = assemble(never).run({"number": 1}, options=options)
print(result.status, result.stages[0].attempts[0].status)
"""


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Hold stuck calls until the test is over."""
    event = threading.Event()
    yield event
    event.set()


async def give_up(threads: AgentThreads, function: Callable[[], object], name: str) -> None:
    """Call *function* and lose patience once it runs."""
    entered = asyncio.Event()
    loop = asyncio.get_running_loop()

    def enter() -> object:
        loop.call_soon_threadsafe(entered.set)
        return function()

    call = asyncio.create_task(threads.call(enter, name=name))
    await entered.wait()
    call.cancel()
    await asyncio.wait([call])


class TestCalls:
    def test_a_value_and_an_exception_both_come_back(self) -> None:
        """Even ``StopIteration``, which no future can hold."""
        error = StopIteration()

        def stop() -> int:
            raise error

        async def main() -> tuple[object, object]:
            threads = AgentThreads()
            one = await threads.call(lambda: 42, name="one")
            return one, await threads.call(stop, name="two")

        assert asyncio.run(main()) == (Returned(42), Raised(error))

    def test_an_idle_thread_is_used_again(self) -> None:
        """A thread takes longer to start than most calls take."""

        async def main() -> set[object]:
            threads = AgentThreads()
            idents = set[object]()
            for _ in range(5):
                settled = await threads.call(threading.get_ident, name="who")
                await asyncio.sleep(0.01)
                idents.add(settled)
            return idents

        assert len(asyncio.run(main())) == 1

    def test_no_more_calls_run_at_once_than_allowed(self) -> None:
        """A thread has a stack of megabytes."""
        lock = threading.Lock()
        inside = most = 0
        full = threading.Barrier(2)

        def work() -> None:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            full.wait(10)
            with lock:
                inside -= 1

        async def main() -> None:
            threads = AgentThreads(at_once=2)
            await asyncio.gather(*(threads.call(work, name="w") for _ in range(6)))

        asyncio.run(main())

        assert most == 2

    @pytest.mark.requirement("R51")
    def test_two_event_loops_may_share_them(self) -> None:
        """A script that calls ``run_sync`` twice has two."""
        threads = AgentThreads()

        async def main() -> object:
            return await threads.call(lambda: 42, name="one")

        assert [asyncio.run(main()) for _ in range(2)] == [Returned(42)] * 2


@pytest.mark.fault("F45", "F46")
class TestStuck:
    def test_forty_stuck_calls_do_not_hold_up_a_healthy_one(self, gate: threading.Event) -> None:
        """The default executor starves at its sixth on two cores."""

        async def main() -> tuple[object, tuple[str, ...]]:
            threads = AgentThreads(at_once=2)
            for n in range(40):
                await give_up(threads, gate.wait, f"stuck{n:02}")
            return await threads.call(lambda: 42, name="healthy"), threads.stuck

        settled, stuck = asyncio.run(main())

        assert settled == Returned(42)
        assert stuck == tuple(f"stuck{n:02}" for n in range(40))

    def test_who_left_too_many_behind_is_called_no_more_and_others_are(
        self, gate: threading.Event
    ) -> None:
        """One bad agent must not take the others along."""

        async def main() -> tuple[StuckThreadsError, object]:
            threads = AgentThreads(stuck_limit=3)
            for _ in range(3):
                await give_up(threads, gate.wait, "bad-agents/hangs@1")
            with pytest.raises(StuckThreadsError) as caught:
                await threads.call(lambda: 42, name="bad-agents/hangs@1")
            return caught.value, await threads.call(lambda: 42, name="healthy")

        refused, healthy = asyncio.run(main())

        assert refused.agents == ("bad-agents/hangs@1",)
        assert healthy == Returned(42)

    def test_who_is_called_no_more_is_called_again_once_they_came_back(
        self, gate: threading.Event
    ) -> None:
        """A service that was down for an hour is no reason to start the host anew."""

        async def main() -> object:
            threads = AgentThreads(stuck_limit=1)
            await give_up(threads, gate.wait, "hangs")
            gate.set()
            for _ in range(500):
                if threads.stuck:
                    await asyncio.sleep(0.01)
            return await threads.call(lambda: 42, name="hangs")

        assert asyncio.run(main()) == Returned(42)

    def test_beyond_the_limit_of_all_nobody_is_called(self, gate: threading.Event) -> None:
        """A leak without an end takes the machine; the message says whose they are."""

        async def main() -> StuckThreadsError:
            threads = AgentThreads(stuck_of_all=2)
            for name in ("second", "first"):
                await give_up(threads, gate.wait, name)
            with pytest.raises(StuckThreadsError) as caught:
                await threads.call(lambda: 42, name="healthy")
            return caught.value

        assert asyncio.run(main()).agents == ("first", "second")

    def test_a_call_that_comes_back_after_all_is_stuck_no_more(self, gate: threading.Event) -> None:
        """Slow is not stuck."""

        async def main() -> tuple[str, ...]:
            threads = AgentThreads(at_once=1)
            await give_up(threads, gate.wait, "slow")
            gate.set()
            for _ in range(3):
                await threads.call(lambda: None, name="next")
                await asyncio.sleep(0.01)
            return threads.stuck

        assert asyncio.run(main()) == ()

    def test_a_call_given_up_before_it_began_never_begins(self, gate: threading.Event) -> None:
        """Nobody wants the side effects of an answer that nobody waits for."""
        ran: list[str] = []

        async def main() -> None:
            threads = AgentThreads(at_once=1)
            first = asyncio.create_task(threads.call(gate.wait, name="first"))
            queued = asyncio.create_task(threads.call(lambda: ran.append("queued"), name="queued"))
            await asyncio.sleep(0)
            queued.cancel()
            await asyncio.wait([queued])
            gate.set()
            await first
            await threads.call(lambda: ran.append("last"), name="last")

        asyncio.run(main())

        assert ran == ["last"]

    def test_the_process_exits_although_a_thread_never_comes_back(self) -> None:
        """A deployment that cannot be stopped cannot be replaced."""
        done = subprocess.run(
            [sys.executable, "-c", STUCK],
            capture_output=True,
            check=True,
            cwd=Path(__file__).parents[2],
            text=True,
            timeout=60,
        )

        assert done.stdout == "failed timed_out\n"


@pytest.mark.requirement("R13")
class TestAgents:
    def test_a_sync_agent_does_not_block_the_loop(self) -> None:
        """One agent that computes must not stop the others' heartbeats."""
        ticked = threading.Event()

        @agent
        def blocks(number: int) -> int:
            assert ticked.wait(30)
            return number

        async def main() -> RunResult:
            run = asyncio.create_task(assemble(blocks).execute({"number": 1}))
            while not run.done():
                await asyncio.sleep(0.001)
                ticked.set()
            return await run

        assert asyncio.run(main()).output == 1

    def test_async_sync_and_returning_an_awaitable_give_the_same(self) -> None:
        """How an agent is written is its author's business."""

        async def later(number: int) -> int:
            return number + 1

        @agent
        async def is_async(number: int) -> int:
            return await later(number)

        @agent
        def is_sync(number: int) -> int:
            return number + 1

        @agent
        def gives_an_awaitable(number: int) -> int:
            return later(number)  # type: ignore[return-value]

        outputs = [
            assemble(target).run({"number": 1}).output
            for target in (is_async, is_sync, gives_an_awaitable)
        ]

        assert outputs == [2, 2, 2]

    @pytest.mark.fault("F45")
    def test_a_sync_agent_that_hangs_is_timed_out_and_tried_again(
        self, gate: threading.Event
    ) -> None:
        """Its second chance gets another thread."""
        calls = 0

        @agent
        def hangs_once(number: int) -> int:
            nonlocal calls
            calls += 1
            if calls == 1:
                gate.wait()
            return number

        policy = Policy(timeout_seconds=0.5)
        [record] = assemble(Part(hangs_once, policy=policy)).run({"number": 1}).stages

        assert [attempt.status for attempt in record.attempts] == ["timed_out", "succeeded"]
