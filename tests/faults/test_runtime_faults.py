"""What agents do to whoever runs them, each on a whole run."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from registry_core import Policy, agent
from registry_core.names import AgentId
from registry_core.pipeline.policy import Backoff
from registry_core.runtime.agents import Blueprints
from registry_core.runtime.compiling import Chains
from registry_core.runtime.engine import execute, result_of
from registry_core.runtime.host import Host
from registry_core.runtime.scope import RunOptions
from registry_core.runtime.watchdog import Watchdog
from registry_core.settings.limits import BreakerPolicy
from registry_core.testing.clock import FakeClock
from tests.runtime.rig import SHORT, Part, assemble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from registry_core.results.events import Observer
    from registry_core.results.run import RunResult
    from tests.runtime.rig import Rig

WATCHED = pytest.mark.parametrize("is_watched", [False, True], ids=["quick", "watched"])
ONCE = Policy(max_attempts=1)


def kept(rig: Rig, host: Host) -> Chains:
    """Return what a service keeps from run to run, its agents known."""
    blueprints = Blueprints(rig.agents, host)
    for stage in rig.pipeline.stages:
        blueprints.read(AgentId(stage.agent))
    return Chains(blueprints)


def heard(is_watched: bool) -> Sequence[Observer]:  # noqa: FBT001
    """Return an observer, with which a run takes the long way, or none."""
    return [lambda _: None] if is_watched else []


@agent
async def plus_one(number: int) -> int:
    """Return the next number."""
    return number + 1


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Give an event that stuck threads wait for."""
    event = threading.Event()
    yield event
    event.set()


class TestThreads:
    @pytest.mark.fault("F46")
    def test_forty_agents_that_never_return_do_not_hold_up_the_next(
        self, gate: threading.Event
    ) -> None:
        """The default pool of a small machine has six threads: the seventh call would wait."""

        @agent
        def never_returns(number: int) -> int:
            gate.wait()
            return number

        @agent
        def healthy(number: int) -> int:
            return number

        policy = Policy(max_attempts=1, timeout_seconds=0.3)
        stuck, well = assemble(Part(never_returns, policy=policy)), assemble(healthy)

        async def main() -> tuple[list[RunResult], RunResult]:
            host = Host()
            ill = kept(stuck, host)
            runs = [execute(stuck.pipeline, {"number": n}, agents=ill) for n in range(40)]
            results = await asyncio.gather(*runs)
            async with asyncio.timeout(5):
                return results, await execute(
                    well.pipeline, {"number": 1}, agents=kept(well, host), options=SHORT
                )

        results, last = asyncio.run(main())

        assert {result.status for result in results} == {"failed"}
        assert last.status == "success"

    @pytest.mark.fault("F46")
    def test_beyond_so_many_no_further_thread_is_risked(self, gate: threading.Event) -> None:
        """A leak that is told is a bug; one that is not is an outage."""
        begun: list[int] = []

        @agent
        def never_returns(number: int) -> int:
            begun.append(number)
            gate.wait()
            return number

        policy = Policy(max_attempts=1, timeout_seconds=0.5)
        rig = assemble(Part(never_returns, policy=policy))

        async def main() -> list[RunResult]:
            host = Host(BreakerPolicy(minimum_calls=1000))
            chains = kept(rig, host)
            results: list[RunResult] = []
            for _ in range(4):
                runs = [execute(rig.pipeline, {"number": n}, agents=chains) for n in range(32)]
                results += await asyncio.gather(*runs)
            return results

        results = asyncio.run(main())

        assert len(begun) == 64
        assert {result.error.code for result in results if result.error} == {
            "attempt_timeout",
            "over_capacity",
        }
        assert results[-1].error is not None
        assert "tests/never_returns@1" in results[-1].error.message


class TestLoop:
    @pytest.mark.fault("F47")
    @WATCHED
    def test_who_keeps_the_loop_from_turning_is_named(self, is_watched: bool) -> None:  # noqa: FBT001
        """No limit can stop it; at least everybody knows whom to talk to."""

        @agent(mutates=False)
        async def computes(number: int) -> int:
            threading.Event().wait(0.5)
            return number

        rig = assemble(Part(computes, policy=ONCE))
        host = Host()
        host.watchdog = Watchdog(limit_seconds=0.1)

        asyncio.run(
            execute(
                rig.pipeline,
                {"number": 1},
                agents=kept(rig, host),
                observers=heard(is_watched),
            )
        )

        assert [stall.agent for stall in host.watchdog.recent] == ["tests/computes@1"]

    @pytest.mark.fault("F47")
    def test_a_run_that_is_over_is_watched_no_longer(self) -> None:
        """The watching thread of an idle service ends."""
        rig = assemble(plus_one)
        host = Host()
        chains = kept(rig, host)

        async def main() -> int:
            loop = asyncio.get_running_loop()
            for _ in range(3):
                await execute(rig.pipeline, {"number": 1}, agents=chains)
            watch = host.watchdog.begin(loop)
            host.watchdog.end(watch)
            return watch.runs

        assert asyncio.run(main()) == 0


class TestRetries:
    @pytest.mark.fault("F50")
    @WATCHED
    def test_the_runs_limit_cuts_the_attempt_that_it_falls_into(self, is_watched: bool) -> None:  # noqa: FBT001
        """Three attempts of a long time each are not three times as long as the run may take."""

        @agent(idempotent=True, mutates=False)
        async def hangs(number: int) -> int:
            await asyncio.sleep(60)
            return number

        policy = Policy(timeout_seconds=0.2, backoff=Backoff(first_seconds=0.001))
        rig = assemble(Part(hangs, policy=policy))

        async def main() -> RunResult:
            async with asyncio.timeout(5):
                return await rig.execute(
                    {"number": 1},
                    options=RunOptions(timeout_seconds=0.3, grace_seconds=0.02),
                    observers=heard(is_watched),
                )

        result = asyncio.run(main())

        assert result.status == "timed_out"
        [*attempts] = result.stages[0].attempts
        assert len(attempts) <= 2
        assert attempts[-1].error is not None
        assert attempts[-1].error.code == "run_timeout"

    @pytest.mark.fault("F51")
    def test_two_hundred_clients_do_not_come_back_together(self) -> None:
        """A service that has just got up must not be knocked down by those who waited for it."""
        draw = random.Random(1).random  # noqa: S311 -- no secret
        ceiling = Backoff(first_seconds=30, ceiling_seconds=30)

        @agent(idempotent=True)
        async def fails(number: int) -> int:
            raise OSError(number)

        rig = assemble(Part(fails, policy=Policy(max_attempts=2, backoff=ceiling)))
        clocks = [FakeClock() for _ in range(200)]

        async def client(clock: FakeClock) -> None:
            chains = kept(rig, Host())
            await execute(rig.pipeline, {"number": 1}, agents=chains, clock=clock, draw=draw)

        async def clients() -> None:
            await asyncio.gather(*map(client, clocks))

        asyncio.run(clients())

        [*pauses] = [pause for clock in clocks for pause in clock.pauses]
        assert len(pauses) == 200
        assert Counter(int(pause * 10) for pause in pauses).most_common(1)[0][1] <= 8

    @pytest.mark.fault("F54")
    @WATCHED
    def test_a_cancelled_probe_gives_its_place_back_and_counts_for_nothing(
        self,
        is_watched: bool,  # noqa: FBT001
    ) -> None:
        """The agent has done nothing wrong, and the next caller may try."""
        calls: list[str] = []
        begun = asyncio.Event()

        @agent(mutates=False)
        async def recovers(number: int) -> int:
            calls.append("call")
            if len(calls) == 1:
                raise OSError(number)
            if len(calls) == 2:
                begun.set()
                await asyncio.sleep(60)
            return number

        rig = assemble(Part(recovers, policy=ONCE))
        host = Host(BreakerPolicy(minimum_calls=1, open_seconds=0.05))
        chains = kept(rig, host)

        async def run() -> RunResult:
            return await execute(
                rig.pipeline,
                {"number": 1},
                agents=chains,
                observers=heard(is_watched),
                options=SHORT,
            )

        async def main() -> tuple[RunResult | None, str, RunResult]:
            await run()
            await asyncio.sleep(0.06)
            probe = asyncio.create_task(run())
            await begun.wait()
            probe.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await probe
            state = host.breakers.of(AgentId("tests/recovers@1")).state
            return result_of(caught.value), state, await run()

        cancelled, state, last = asyncio.run(main())

        assert cancelled is not None
        assert [attempt.status for attempt in cancelled.stages[0].attempts] == ["cancelled"]
        assert state == "half-open"
        assert last.status == "success"


@pytest.mark.fault("F60")
class TestOutput:
    @WATCHED
    def test_ten_megabytes_go_through_as_they_are(self, is_watched: bool) -> None:  # noqa: FBT001
        """In memory a value is handed on, not written and read; only a kept run has a limit."""

        @agent(mutates=False)
        async def reads(number: int) -> bytes:
            return b"x" * (number * 2**20)

        @agent(mutates=False)
        async def counts(data: bytes) -> int:
            return len(data)

        result = asyncio.run(
            assemble(reads, counts).execute({"number": 10}, observers=heard(is_watched))
        )

        assert result.output == 10 * 2**20

    @WATCHED
    def test_what_has_no_json_is_no_output_of_its_type(self, is_watched: bool) -> None:  # noqa: FBT001
        """An agent of another process could not have taken it."""

        @agent(mutates=False)
        async def opens(number: int) -> list[int]:
            return (number for _ in range(3))  # type: ignore[return-value]

        result = asyncio.run(assemble(opens).execute({"number": 1}, observers=heard(is_watched)))

        assert result.error is not None
        assert result.error.code == "invalid_output"

    def test_who_declares_to_change_what_it_takes_gets_its_own_where_others_read_it(self) -> None:
        """Two readers of one list must not see each other's work."""

        @agent(mutates=False)
        async def lists(number: int) -> list[int]:
            return [number]

        @agent
        async def appends(numbers: list[int]) -> int:
            numbers.append(0)
            return len(numbers)

        rig = assemble(
            lists,
            Part(appends, id="one", sources={"numbers": "lists"}),
            Part(appends, id="two", sources={"numbers": "lists"}),
            outputs=("one", "two", "lists"),
        )

        assert rig.run({"number": 1}).output == {"one": 2, "two": 2, "lists": [1]}
