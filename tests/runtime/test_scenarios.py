"""Whoever misbehaves, and whatever ends it: the caller is free and the records are true.

Every library that was measured hangs on the first agent that swallows its cancellation.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import TYPE_CHECKING

import pytest

from registry_core import Call, Policy, Proceed, agent
from registry_core.authoring.agent import middleware
from registry_core.pipeline.policy import Backoff
from registry_core.runtime.engine import result_of
from registry_core.runtime.scope import RunOptions
from tests.runtime.rig import Part, assemble, layer
from tests.runtime.scenarios import HANGS, Free, end, follows, misbehaving, waits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from registry_core.results.run import RunResult
    from tests.runtime.scenarios import Behaviour, Ended, Ender, Hang

WATCHED = pytest.mark.parametrize("is_watched", [False, True], ids=["quick", "watched"])
EXPECTED = {
    "attempt timeout": ("failed", "attempt_timeout", ["failed", "not_run"], ["timed_out"]),
    "second attempt": ("success", "", ["succeeded", "succeeded"], ["timed_out", "succeeded"]),
    "run deadline": ("timed_out", "run_timeout", ["failed", "not_run"], ["timed_out"]),
    "caller": ("cancelled", "cancelled", ["cancelled", "not_run"], ["cancelled"]),
}


def shape(result: RunResult) -> tuple[str, str, list[str], list[str]]:
    """Return status, error code, what became of each stage, and of each attempt at the first."""
    code = "" if result.error is None else result.error.code
    statuses: list[str] = [record.status for record in result.stages]
    return result.status, code, statuses, [each.status for each in result.stages[0].attempts]


CASES = [
    pytest.param(hang, ender, id=f"{hang.acts.__name__}-{ender}")
    for hang in HANGS
    for ender in hang.by
]


@pytest.mark.requirement("R26", "R43", "R47", "R103")
@pytest.mark.fault("F42", "F43", "F44")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestWhoDoesNotEnd:
    @WATCHED
    @pytest.mark.parametrize(("hang", "ender"), CASES)
    def test_the_run_ends_all_the_same_and_says_how(
        self,
        hang: Hang,
        ender: Ender,
        is_watched: bool,  # noqa: FBT001
    ) -> None:
        """A limit that an agent can ignore is none."""

        async def main() -> Ended:
            free = Free()
            rig = misbehaving(hang.acts, free, ender)
            chain = rig.chains.of(rig.pipeline, (), RunOptions().attempt_seconds)
            assert chain is not None
            return await end(rig, ender, free, is_watched=is_watched)

        ended = asyncio.run(main())
        gc.collect()

        assert shape(ended.result) == EXPECTED[ender]
        assert hang.leaves_tasks or not ended.left

    @WATCHED
    @pytest.mark.parametrize("acts", [waits, *(hang.acts for hang in HANGS[2:5])])
    def test_cancelled_twice_it_is_cancelled(
        self,
        acts: Behaviour,
        is_watched: bool,  # noqa: FBT001
    ) -> None:
        """Whoever asks a second time does not wait for the grace."""

        async def main() -> Ended:
            free = Free()
            rig = misbehaving(acts, free, "caller")
            return await end(rig, "caller", free, is_watched=is_watched, times=2, grace_seconds=60)

        ended = asyncio.run(main())
        gc.collect()

        assert shape(ended.result) == EXPECTED["caller"]


NOT_TOLD: list[BaseException] = [
    TimeoutError(),
    asyncio.CancelledError(),
    SystemExit(3),
    KeyboardInterrupt(),
    StopIteration(1),
    StopAsyncIteration(),
    GeneratorExit(),
    BaseExceptionGroup("both", [asyncio.CancelledError(), OSError()]),
]


def alone(*agents: Callable[..., object], is_watched: bool) -> Ended:
    """Return how a run of *agents* ended that nobody ends."""

    async def main() -> Ended:
        return await end(assemble(*agents), "attempt timeout", Free(), is_watched=is_watched)

    return asyncio.run(main())


@pytest.mark.requirement("R31", "R47")
@pytest.mark.fault("F48", "F49")
@WATCHED
@pytest.mark.parametrize("waits_first", [False, True], ids=["at-once", "later"])
class TestWhoEndsByItself:
    @pytest.mark.parametrize("error", NOT_TOLD, ids=lambda error: type(error).__name__)
    def test_what_looks_like_being_told_is_the_agents_failure(
        self,
        error: BaseException,
        waits_first: bool,  # noqa: FBT001
        is_watched: bool,  # noqa: FBT001
    ) -> None:
        """Its own ``TimeoutError`` is none of ours, and ``SystemExit`` is not the host's."""

        @agent(mutates=False)
        async def raises(number: int) -> int:
            if waits_first:
                await asyncio.sleep(0)
            del number
            raise error

        ended = alone(raises, follows, is_watched=is_watched)

        assert shape(ended.result)[:3] == ("failed", "agent_error", ["failed", "not_run"])
        assert not ended.left

    def test_who_cancels_its_own_task_has_failed(
        self,
        waits_first: bool,  # noqa: FBT001
        is_watched: bool,  # noqa: FBT001
    ) -> None:
        """Nobody has asked for an end of the run."""

        @agent(mutates=False)
        async def cancels_itself(number: int) -> int:
            if waits_first:
                await asyncio.sleep(0)
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(60)
            return number

        ended = alone(cancels_itself, follows, is_watched=is_watched)

        assert shape(ended.result)[:3] == ("failed", "agent_error", ["failed", "not_run"])
        assert not ended.left

    def test_who_cancels_its_own_task_and_answers_harms_nobody(
        self,
        waits_first: bool,  # noqa: FBT001
        is_watched: bool,  # noqa: FBT001
    ) -> None:
        """The next stage waits in the same task."""

        @agent(mutates=False)
        async def cancels_itself(number: int) -> int:
            if waits_first:
                await asyncio.sleep(0)
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            return number

        ended = alone(cancels_itself, follows, is_watched=is_watched)

        assert (ended.result.status, ended.result.output) == ("success", 1)
        assert not ended.left

    def test_a_limit_of_its_own_that_is_up_is_its_own_affair(
        self,
        waits_first: bool,  # noqa: FBT001
        is_watched: bool,  # noqa: FBT001
    ) -> None:
        """``asyncio.timeout`` cancels the task that it was entered in, and takes it back."""

        @agent(mutates=False)
        async def limits_itself(number: int) -> int:
            if waits_first:
                await asyncio.sleep(0)
            try:
                async with asyncio.timeout(0.001):
                    await asyncio.sleep(60)
            except TimeoutError:
                return number + 1
            return number

        ended = alone(limits_itself, follows, is_watched=is_watched)

        assert (ended.result.status, ended.result.output) == ("success", 2)
        assert not ended.left

    def test_a_task_that_it_forgets_does_not_hold_up_the_run(
        self,
        waits_first: bool,  # noqa: FBT001
        is_watched: bool,  # noqa: FBT001
    ) -> None:
        """It is the agent's, runs beside the run, and ends with the event loop."""

        @agent(mutates=False)
        async def forgets(number: int) -> int:
            if waits_first:
                await asyncio.sleep(0)
            asyncio.get_running_loop().forgotten = asyncio.create_task(  # type: ignore[attr-defined]
                asyncio.sleep(60)
            )
            return number

        ended = alone(forgets, follows, is_watched=is_watched)

        assert ended.result.status == "success"
        assert len(ended.left) == 1


@pytest.mark.requirement("R43", "R47")
@WATCHED
class TestWhereItIsEnded:
    @pytest.mark.fault("F42")
    @pytest.mark.parametrize("ender", ["run deadline", "caller"])
    def test_in_middleware_around_a_stage(self, ender: Ender, is_watched: bool) -> None:  # noqa: FBT001
        """Middleware is a stranger's code as well, and may swallow what it is told."""
        free = Free()

        @middleware()
        async def swallows(_call: Call, proceed: Proceed) -> object:
            while not free.is_set():
                try:
                    await free.wait()
                except asyncio.CancelledError:
                    continue
            return await proceed()

        result = covered(swallows, free, ender, is_watched=is_watched)

        assert shape(result)[0] == EXPECTED[ender][0]
        assert shape(result)[2:] == (EXPECTED[ender][2], [])

    @pytest.mark.fault("F42")
    @pytest.mark.parametrize("ender", ["attempt timeout", "run deadline", "caller"])
    def test_in_middleware_around_an_attempt(self, ender: Ender, is_watched: bool) -> None:  # noqa: FBT001
        """There it counts for the attempt, and its time is the attempt's."""
        free = Free()

        @middleware(scope="attempt")
        async def swallows(_call: Call, proceed: Proceed) -> object:
            while not free.is_set():
                try:
                    await free.wait()
                except asyncio.CancelledError:
                    continue
            return await proceed()

        result = covered(swallows, free, ender, is_watched=is_watched)

        assert shape(result) == EXPECTED[ender]

    @pytest.mark.fault("F54")
    def test_in_the_pause_before_a_retry(self, is_watched: bool) -> None:  # noqa: FBT001
        """Nothing of the agent runs then; a pause that outlasts the run is not begun at all."""

        @agent(idempotent=True, mutates=False)
        async def fails(number: int) -> int:
            raise OSError(number)

        pauses = Backoff(first_seconds=30, jitter=False)
        rig = assemble(Part(fails, policy=Policy(max_attempts=9, backoff=pauses)), follows)

        ended = asyncio.run(end(rig, "caller", Free(), is_watched=is_watched))

        assert shape(ended.result) == (
            "cancelled",
            "cancelled",
            ["cancelled", "not_run"],
            ["failed"],
        )
        assert not ended.left

    @pytest.mark.fault("F41", "F42")
    @pytest.mark.parametrize("ender", ["attempt timeout", "run deadline", "caller"])
    def test_in_one_of_two_branches(self, ender: Ender, is_watched: bool) -> None:  # noqa: FBT001
        """The other one has ended long ago, and its record says so."""

        async def main() -> Ended:
            free = Free()
            one = misbehaving(HANGS[2].acts, free, ender)
            stuck = one.agents.load(one.pipeline.stages[0].agent)  # type: ignore[arg-type]
            rig = assemble(
                Part(stuck, policy=one.pipeline.stages[0].policy),
                Part(follows, id="beside", sources={"number": "$number"}),
                outputs=("misbehaves", "beside"),
            )
            return await end(rig, ender, free, is_watched=is_watched)

        ended = asyncio.run(main())

        assert [record.status for record in ended.result.stages] == [
            "cancelled" if ender == "caller" else "failed",
            "succeeded",
        ]
        assert not ended.left

    def test_at_the_same_moment_by_both_limits(self, is_watched: bool) -> None:  # noqa: FBT001
        """Either may be named, but only one of them, and once."""

        async def main() -> RunResult:
            free = Free()

            @agent(mutates=False, timeout_seconds=0.2)
            async def swallows(number: int) -> int:
                return await HANGS[2].acts(number, free)

            rig = assemble(Part(swallows, policy=Policy(max_attempts=1)), follows)
            return await rig.execute(
                {"number": 1},
                options=RunOptions(timeout_seconds=0.2, grace_seconds=0.02),
                observers=[lambda _: None] if is_watched else (),
            )

        result = asyncio.run(main())

        assert shape(result) in (EXPECTED["attempt timeout"], EXPECTED["run deadline"])
        [attempt] = result.stages[0].attempts
        assert attempt.error is not None
        assert result.error is not None
        assert result.error.code == attempt.error.code

    @pytest.mark.fault("F45")
    @pytest.mark.parametrize("ender", ["attempt timeout", "run deadline", "caller"])
    def test_in_a_thread_that_never_returns(self, ender: Ender, is_watched: bool) -> None:  # noqa: FBT001
        """The thread is left behind, counted and named."""
        gate = threading.Event()

        @agent(mutates=False)
        def never_returns(number: int) -> int:
            gate.wait()
            return number

        policy = Policy(max_attempts=1, timeout_seconds=0.2)
        rig = assemble(
            Part(never_returns, policy=policy if ender == "attempt timeout" else None), follows
        )

        try:
            ended = asyncio.run(end(rig, ender, Free(), is_watched=is_watched))
            stuck = rig.chains.blueprints.host.threads.stuck
        finally:
            gate.set()

        assert shape(ended.result) == EXPECTED[ender]
        assert stuck == ("tests/never_returns@1",)
        assert not ended.left

    def test_before_it_has_begun(self, is_watched: bool) -> None:  # noqa: FBT001
        """Nothing ran, and nothing is left to say."""
        called: list[int] = []

        @agent(mutates=False)
        async def notes(number: int) -> int:
            called.append(number)
            return number

        async def main() -> tuple[object, set[asyncio.Task[object]]]:
            before = asyncio.all_tasks()
            task = asyncio.Task(
                assemble(notes).execute(
                    {"number": 1}, observers=[lambda _: None] if is_watched else ()
                )
            )
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            return result_of(caught.value), asyncio.all_tasks() - before

        assert asyncio.run(main()) == (None, set())
        assert called == []


def covered(
    function: Callable[[Call, Proceed], Awaitable[object]],
    free: Free,
    ender: Ender,
    *,
    is_watched: bool,
) -> RunResult:
    """Return what came out of a run of two stages in a middleware that *ender* has to end."""

    async def main() -> Ended:
        rig = misbehaving(waits, free, ender)
        return await end(rig, ender, free, is_watched=is_watched, middleware=[layer(function)])

    ended = asyncio.run(main())
    assert not ended.left
    return ended.result
