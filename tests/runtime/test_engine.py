"""A whole run: the order of its stages, its end, and what is left of it."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from registry_core import Policy, Substitute, agent
from registry_core.errors import PipelineError
from registry_core.runtime.engine import result_of
from registry_core.runtime.scope import RunOptions
from registry_core.testing.clock import FakeClock
from tests.runtime.rig import SHORT, Part, assemble

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.results.events import Event
    from registry_core.results.run import RunResult
    from tests.runtime.rig import Rig

TENANT = contextvars.ContextVar("tenant", default="nobody")


@agent
async def plus_one(number: int) -> int:
    """Return the next number."""
    return number + 1


@agent
async def double(number: int) -> int:
    """Return twice the number."""
    return number * 2


@agent
async def add(left: int, right: int) -> int:
    """Return the sum."""
    return left + right


@agent
async def fails(number: int) -> int:
    """Fail."""
    raise OSError(str(number))


@agent
async def waits(number: int) -> int:
    """Return *number*, after far too long."""
    await asyncio.sleep(60)
    return number


@agent
async def swallows(number: int) -> int:
    """Ignore every cancellation, as ``except CancelledError`` in a loop does."""
    while number:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue
    return number


@agent
async def defies(number: int) -> int:
    """Ignore whatever is raised into it."""
    while number:
        try:
            await asyncio.sleep(0.02)
        except BaseException:  # noqa: BLE001, S112 -- its purpose
            continue
    return number


def diamond() -> Rig:
    """Return a pipeline whose two middle stages need only the first."""
    return assemble(
        plus_one,
        Part(double, id="left", sources={"number": "plus_one"}),
        Part(double, id="right", sources={"number": "plus_one"}),
        Part(add, sources={"left": "left", "right": "right"}),
    )


def statuses(result: RunResult) -> list[str]:
    """Return what became of each stage."""
    return [record.status for record in result.stages]


class TestOrder:
    def test_values_flow_along_the_bindings(self) -> None:
        """What a stage gives is what its readers take."""
        result = diamond().run({"number": 1})

        assert (result.status, result.output) == ("success", 8)
        assert [record.stage_id for record in result.stages] == [
            "plus_one",
            "left",
            "right",
            "add",
        ]

    @pytest.mark.requirement("R1")
    def test_stages_that_do_not_need_each_other_run_at_once(self) -> None:
        """Two calls of a second each should take a second."""
        arrived = 0
        meeting = asyncio.Event()

        @agent
        async def meets(number: int) -> int:
            nonlocal arrived
            arrived += 1
            if arrived == 2:
                meeting.set()
            await meeting.wait()
            return number

        rig = assemble(
            Part(meets, id="left"), Part(meets, id="right", sources={"number": "$number"})
        )

        assert rig.run({"number": 1}).status == "success"

    def test_a_stage_begins_when_its_own_sources_are_there(self) -> None:
        """A slow branch holds up its readers, and nobody else's."""
        quick_is_done = asyncio.Event()

        @agent
        async def slow(number: int) -> int:
            await quick_is_done.wait()
            return number

        @agent
        async def last_of_the_quick(number: int) -> int:
            quick_is_done.set()
            return number

        rig = assemble(
            slow,
            Part(plus_one, sources={"number": "$number"}),
            Part(last_of_the_quick, sources={"number": "plus_one"}),
        )

        assert rig.run({"number": 1}).status == "success"

    def test_several_outputs_come_back_by_the_name_of_their_stage(self) -> None:
        """A pipeline may be asked for more than its last value."""
        rig = assemble(plus_one, double, outputs=("plus_one", "double"))

        assert rig.run({"number": 1}).output == {"plus_one": 2, "double": 4}

    @pytest.mark.fault("F36")
    def test_two_thousand_stages_are_no_recursion(self) -> None:
        """A generated pipeline is longer than any written one."""
        rig = assemble(*(Part(plus_one, id=f"s{n}") for n in range(2000)))

        assert rig.run({"number": 0}).output == 2000

    @pytest.mark.parametrize("values", [{}, {"number": 1, "numbre": 1}])
    def test_values_that_are_not_the_pipelines_inputs_are_refused(
        self, values: dict[str, object]
    ) -> None:
        """A misspelt argument that is ignored gives a right answer to another question."""
        with pytest.raises(PipelineError):
            assemble(plus_one).run(values)


class TestFailure:
    def test_a_failing_stage_ends_the_run_and_cancels_those_beside_it(self) -> None:
        """Money spent on a result that nobody will get is lost."""
        rig = assemble(
            Part(waits, id="beside"),
            Part(fails, sources={"number": "$number"}),
            Part(add, sources={"left": "beside", "right": "fails"}),
        )

        result = rig.run({"number": 1})

        assert result.status == "failed"
        assert statuses(result) == ["cancelled", "failed", "not_run"]
        [attempt] = result.stages[0].attempts
        assert attempt.status == "cancelled"
        assert attempt.error is not None
        assert attempt.error.message == "stage 'fails' failed and ended the run"

    @pytest.mark.requirement("R40")
    def test_a_failed_run_has_no_output_but_its_last_good_one(self) -> None:
        """An intermediate value must not be taken for the answer."""
        result = assemble(plus_one, fails).run({"number": 1})

        assert (result.output, result.last_good_output) == (None, 2)

    @pytest.mark.requirement("R9")
    def test_a_run_with_a_skipped_stage_is_partial(self) -> None:
        """Who reads only the status must see that something is missing."""
        policy = Policy(on_error="skip", substitute=Substitute(0))

        result = assemble(Part(fails, policy=policy)).run({"number": 1})

        assert (result.status, result.output) == ("partial", 0)

    @pytest.mark.requirement("R31")
    def test_a_fault_of_the_host_costs_no_records(self) -> None:
        """Finished work stays finished, whoever made the mistake."""

        class BrokenClock(FakeClock):
            async def sleep(self, seconds: float) -> None:
                raise ZeroDivisionError(seconds)

        rig = assemble(plus_one, Part(fails, policy=Policy()))

        result = rig.run({"number": 1}, clock=BrokenClock())

        assert result.stages[0].status == "succeeded"
        assert result.status == "failed"
        assert result.error is not None
        assert (result.error.code, result.error.type) == ("host_error", "ZeroDivisionError")


NASTY = [
    SystemExit(3),
    KeyboardInterrupt(),
    GeneratorExit(),
    StopIteration(1),
    StopAsyncIteration(),
    asyncio.CancelledError(),
    BaseException("rude"),
    ExceptionGroup("many", [OSError(), ValueError()]),
    RecursionError(),
]


@pytest.mark.requirement("R31", "R47", "R59")
@pytest.mark.fault("F48", "F49")
class TestNasty:
    @pytest.mark.parametrize("error", NASTY, ids=lambda error: type(error).__name__)
    def test_whatever_an_async_agent_raises_is_its_stages_failure(
        self, error: BaseException
    ) -> None:
        """One agent must not take down the process that a hundred others run in."""

        @agent
        async def nasty(number: int) -> int:
            await asyncio.sleep(number * 0)
            raise error

        result = assemble(plus_one, nasty).run({"number": 1})

        assert statuses(result) == ["succeeded", "failed"]
        assert result.error is not None
        assert result.error.type.endswith(type(error).__name__)
        assert result.error.code == "agent_error"

    @pytest.mark.parametrize("error", NASTY, ids=lambda error: type(error).__name__)
    def test_whatever_a_sync_agent_raises_is_its_stages_failure(self, error: BaseException) -> None:
        """A thread is no excuse."""

        @agent
        def nasty(number: int) -> int:
            del number
            raise error

        result = assemble(nasty).run({"number": 1})

        assert result.error is not None
        assert result.error.type.endswith(type(error).__name__)

    def test_an_exception_without_a_text_is_still_recorded(self) -> None:
        """The worst exception is the one that breaks the report about it."""

        class MuteError(Exception):
            def __str__(self) -> str:
                raise SystemExit

        @agent
        async def mute(number: int) -> int:
            raise MuteError(number)

        result = assemble(mute).run({"number": 1})

        assert result.error is not None
        assert result.error.message.endswith("MuteError")

    def test_an_agent_that_cancels_its_own_task_fails(self) -> None:
        """Only the caller cancels a run."""

        @agent
        async def cancels_itself(number: int) -> int:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(60)
            return number

        result = assemble(cancels_itself).run({"number": 1})

        assert result.error is not None
        assert (result.status, result.error.code) == ("failed", "agent_error")


async def cancelled(
    rig: Rig,
    *,
    when: Callable[[Event], bool],
    times: int = 1,
    options: RunOptions = SHORT,
) -> RunResult:
    """Return what is left of a run that is cancelled at an event."""
    reached = asyncio.Event()
    loop = asyncio.get_running_loop()

    def watch(event: Event) -> None:
        if when(event):
            loop.call_soon_threadsafe(reached.set)

    task = asyncio.create_task(rig.execute({"number": 1}, observers=[watch], options=options))
    await reached.wait()
    for _ in range(times):
        await asyncio.sleep(0.005)
        task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        async with asyncio.timeout(30):
            await task
    result = result_of(caught.value)
    assert result is not None
    return result


def started(stage_id: str) -> Callable[[Event], bool]:
    """Return whether an event is the start of an attempt of the stage."""
    return lambda event: event.kind == "attempt_started" and event.stage_id == stage_id


class TestCancellation:
    @pytest.mark.requirement("R9", "R30", "R47", "R103")
    @pytest.mark.fault("F54")
    def test_a_cancelled_run_says_how_far_it_came(self) -> None:
        """The work that was done is paid for, and often enough."""
        rig = assemble(plus_one, waits, double)

        result = asyncio.run(cancelled(rig, when=started("waits")))

        assert result.status == "cancelled"
        assert statuses(result) == ["succeeded", "cancelled", "not_run"]
        assert result.stages[1].attempts[0].status == "cancelled"
        assert result.last_good_output == 2

    @pytest.mark.fault("F54")
    def test_a_cancellation_during_a_pause_ends_it(self) -> None:
        """Nobody wants to wait for a retry of what is no longer wanted."""
        rig = assemble(Part(fails, policy=Policy(max_attempts=3)))

        result = asyncio.run(cancelled(rig, when=lambda event: event.kind == "attempt_finished"))

        assert (result.status, len(result.stages[0].attempts)) == ("cancelled", 1)

    @pytest.mark.requirement("R103")
    @pytest.mark.parametrize("beside", [False, True])
    def test_no_task_outlives_a_cancelled_run(self, beside: bool) -> None:  # noqa: FBT001
        """An orphan works on, spends on, and nobody reads what it says."""
        parts = [Part(waits, id="one")]
        if beside:
            parts.append(Part(waits, id="two", sources={"number": "$number"}))

        async def main() -> set[asyncio.Task[object]]:
            before = asyncio.all_tasks()
            await cancelled(assemble(*parts), when=started("one"))
            return asyncio.all_tasks() - before

        assert asyncio.run(main()) == set()

    @pytest.mark.requirement("R103")
    def test_no_task_outlives_a_failed_run(self) -> None:
        """Least of all when the run has failed."""

        async def main() -> set[asyncio.Task[object]]:
            before = asyncio.all_tasks()
            await assemble(
                Part(waits, id="beside"), Part(fails, sources={"number": "$number"})
            ).execute({"number": 1})
            return asyncio.all_tasks() - before

        assert asyncio.run(main()) == set()

    @pytest.mark.fault("F42")
    def test_an_agent_that_swallows_its_cancellation_is_ended_all_the_same(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """``except CancelledError: pass`` in a loop is the commonest way to hang a service."""

        async def main() -> set[asyncio.Task[object]]:
            before = asyncio.all_tasks()
            policy = Policy(on_error="stop", timeout_seconds=0.01)
            result = await assemble(Part(swallows, policy=policy)).execute({"number": 1})
            assert result.stages[0].attempts[0].status == "timed_out"
            await asyncio.sleep(0)
            return asyncio.all_tasks() - before

        assert asyncio.run(main()) == set()
        assert "tests/swallows@1 ignored its cancellation and was closed" in caplog.text

    @pytest.mark.requirement("R43")
    @pytest.mark.fault("F42")
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_an_agent_that_defies_everything_is_never_resumed(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The caller is free, and the operator learns whom to talk to."""

        async def main() -> set[asyncio.Task[object]]:
            before = asyncio.all_tasks()
            policy = Policy(on_error="stop", timeout_seconds=0.01)
            result = await assemble(Part(defies, policy=policy)).execute({"number": 1})
            assert result.stages[0].attempts[0].status == "timed_out"
            return asyncio.all_tasks() - before

        assert asyncio.run(main()) == set()
        gc.collect()
        assert "tests/defies@1 ignored its cancellation" in caplog.text

    @pytest.mark.fault("F64")
    @pytest.mark.parametrize("beside", [False, True])
    def test_a_second_cancellation_does_not_wait_for_the_grace(
        self,
        beside: bool,  # noqa: FBT001
    ) -> None:
        """Who presses Ctrl-C twice means it."""
        parts = [Part(swallows, id="one")]
        if beside:
            parts.append(Part(swallows, id="two", sources={"number": "$number"}))

        patient = RunOptions(grace_seconds=60)
        last = started(parts[-1].id)
        result = asyncio.run(cancelled(assemble(*parts), when=last, times=2, options=patient))

        assert statuses(result) == ["cancelled"] * len(parts)
        assert [len(record.attempts) for record in result.stages] == [1] * len(parts)

    @pytest.mark.requirement("R47")
    def test_a_timeout_around_a_run_is_a_timeout(self) -> None:
        """``asyncio.timeout`` knows its own cancellation by the exact class of the error."""

        async def main() -> RunResult | None:
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.01):
                    await assemble(waits).execute({"number": 1})
            return result_of(caught.value)

        result = asyncio.run(main())

        assert result is not None
        assert result.status == "cancelled"

    @pytest.mark.fault("F64")
    def test_an_interrupt_from_the_keyboard_leads_to_the_result(self) -> None:
        """``asyncio.run`` makes a ``KeyboardInterrupt`` of what was a cancellation."""

        @agent
        async def interrupts(number: int) -> int:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(60)
            return number

        with pytest.raises(KeyboardInterrupt) as caught:
            assemble(plus_one, interrupts).run({"number": 1})

        result = result_of(caught.value)
        assert result is not None
        assert (result.status, statuses(result)) == ("cancelled", ["succeeded", "cancelled"])


class TestDeadline:
    @pytest.mark.requirement("R9", "R26")
    @pytest.mark.parametrize("beside", [False, True])
    def test_a_run_ends_when_its_time_is_up(self, beside: bool) -> None:  # noqa: FBT001
        """A request has an answer in time or none at all."""
        parts = [Part(waits, id="one")]
        if beside:
            parts.append(Part(waits, id="two", sources={"number": "$number"}))
        rig = assemble(*parts, Part(plus_one, sources={"number": "one"}))

        result = rig.run({"number": 1}, options=RunOptions(timeout_seconds=0.02))

        assert result.status == "timed_out"
        assert statuses(result) == ["failed"] * len(parts) + ["not_run"]
        assert result.error is not None
        assert (result.error.code, result.error.stage_id) == ("run_timeout", "one")
        assert result.stages[0].attempts[0].status == "timed_out"

    @pytest.mark.fault("F47", "F50")
    def test_agents_that_never_let_the_loop_run_do_not_escape_the_deadline(self) -> None:
        """Three stages of a second each do not fit into one second, however they work."""
        clock = FakeClock()

        @agent
        async def busy(number: int) -> int:
            clock.advance(1)
            return number

        rig = assemble(*(Part(busy, id=f"s{n}") for n in range(3)))
        result = rig.run({"number": 1}, clock=clock, options=RunOptions(timeout_seconds=1.5))

        assert result.status == "timed_out"
        assert statuses(result) == ["succeeded", "failed", "not_run"]

    def test_a_stage_that_blocks_the_loop_gives_the_others_a_turn_after_it(self) -> None:
        """A chain of stages that only compute must not silence the whole service."""

        @agent
        async def computes(number: int) -> int:
            time.sleep(0.01)  # noqa: ASYNC251, TID251 -- its purpose
            return number

        rig = assemble(*(Part(computes, id=f"s{n}") for n in range(20)))
        result = rig.run({"number": 1}, options=RunOptions(timeout_seconds=0.05))

        assert result.status == "timed_out"
        assert "not_run" in statuses(result)

    def test_no_policy_goes_on_after_the_deadline(self) -> None:
        """A substitute that comes too late is no help either."""
        clock = FakeClock()

        @agent
        async def busy(number: int) -> int:
            clock.advance(2)
            raise OSError(number)

        policy = Policy(then="skip", substitute=Substitute(0))
        result = assemble(Part(busy, policy=policy), plus_one).run(
            {"number": 1}, clock=clock, options=RunOptions(timeout_seconds=1)
        )

        assert result.status != "success"
        assert result.output is None


class TestEvents:
    @pytest.mark.requirement("R29", "R30")
    @pytest.mark.parametrize(
        "rig",
        [
            diamond(),
            assemble(plus_one, fails, double),
            assemble(Part(fails, policy=Policy(on_error="skip", substitute=Substitute(0)))),
            assemble(Part(waits, id="beside"), Part(fails, sources={"number": "$number"})),
        ],
        ids=["success", "failed", "partial", "cancelled"],
    )
    def test_each_stage_and_each_attempt_ends_once(self, rig: Rig) -> None:
        """Counters that are fed by events must agree with the records."""
        heard: list[Event] = []

        result = rig.run({"number": 1}, observers=[heard.append])

        kinds = Counter(event.kind for event in heard)
        assert (heard[0].kind, heard[-1].kind) == ("run_started", "run_finished")
        assert kinds["run_finished"] == 1
        ended = [event.stage_id for event in heard if event.kind == "stage_finished"]
        assert sorted(ended) == sorted(record.stage_id for record in result.stages)
        attempts = sum(len(record.attempts) for record in result.stages)
        assert kinds["attempt_started"] == kinds["attempt_finished"] == attempts

    @pytest.mark.requirement("R19")
    def test_an_observer_that_raises_changes_nothing_and_is_heard_of_once(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Telling about a run must not decide it."""
        heard: list[Event] = []

        def broken(event: Event) -> None:
            raise SystemExit(event.kind)

        result = assemble(plus_one, double).run({"number": 1}, observers=[broken, heard.append])

        assert result.output == 4
        assert heard[-1].kind == "run_finished"
        assert [record.levelno for record in caplog.records] == [logging.WARNING]


class TestMany:
    @pytest.mark.requirement("R14", "R108")
    def test_a_hundred_runs_of_one_pipeline_do_not_know_each_other(self) -> None:
        """A pipeline is a value; a run owns everything that changes."""
        rig = diamond()
        before = rig.pipeline.to_json()

        async def main() -> list[RunResult]:
            return await asyncio.gather(*(rig.execute({"number": n}) for n in range(100)))

        results = asyncio.run(main())

        assert [result.output for result in results] == [4 * (n + 1) for n in range(100)]
        assert len({result.run_id for result in results}) == 100
        assert rig.pipeline.to_json() == before

    @pytest.mark.requirement("R43")
    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_context_variables_reach_the_agent(self, kind: str) -> None:
        """Tenants, traces and locales travel that way."""

        @agent
        async def tells(number: int) -> str:
            return f"{TENANT.get()} {number}"

        @agent(name="tells")
        def tells_in_a_thread(number: int) -> str:
            return f"{TENANT.get()} {number}"

        async def main() -> RunResult:
            TENANT.set("acme")
            target = tells if kind == "async" else tells_in_a_thread
            return await assemble(target).execute({"number": 1})

        assert asyncio.run(main()).output == "acme 1"

    @pytest.mark.fault("F57")
    @pytest.mark.requirement("R26")
    def test_a_wall_clock_that_is_set_back_makes_no_negative_durations(self) -> None:
        """It happens on every machine, once a year at least."""
        clock = FakeClock()

        @agent
        async def sets_the_clock(number: int) -> int:
            clock.advance(1)
            clock.set_wall(clock.utc_now().replace(year=2000))
            return number

        result = assemble(sets_the_clock, plus_one).run({"number": 1}, clock=clock)

        assert result.seconds == 1
        assert [record.seconds for record in result.stages] == [1, 0]
