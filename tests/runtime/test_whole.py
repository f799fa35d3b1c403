"""Middleware around a whole run."""

from __future__ import annotations

import asyncio

import pytest

from registry_core import agent
from registry_core.authoring.agent import middleware
from registry_core.definitions.middleware import Proceed, RunCall  # noqa: TC001 -- hints are resolved
from registry_core.errors import StageFailedError
from registry_core.runtime.scope import RunOptions
from tests.runtime.rig import assemble, layer

SEEN: list[str] = []


@pytest.fixture(autouse=True)
def unseen() -> None:
    """Forget what other tests saw."""
    SEEN.clear()


@agent
async def double(number: int) -> int:
    """Return twice *number*."""
    SEEN.append("double")
    return 2 * number


@agent
async def fails(number: int) -> int:
    """Fail."""
    del number
    raise OSError


@agent
async def hangs(number: int) -> int:
    """Never return."""
    await asyncio.sleep(60)
    return number


@middleware(scope="run")
async def watch(call: RunCall, proceed: Proceed) -> object:
    """See what goes in and what comes out."""
    SEEN.append(f"{call.pipeline} {dict(call.inputs)} {dict(call.metadata)}")
    answer = await proceed()
    SEEN.append(f"gave {answer}")
    return answer


@middleware(scope="run")
async def answer(call: RunCall, proceed: Proceed) -> object:
    """Answer instead of the stages."""
    del call, proceed
    return 42


@middleware(scope="run")
async def rescue(call: RunCall, proceed: Proceed) -> object:
    """Answer where the stages do not."""
    del call
    try:
        return await proceed()
    except StageFailedError:
        return -1


@middleware(scope="run")
async def lie(call: RunCall, proceed: Proceed) -> object:
    """Answer with something else than was promised."""
    del call
    await proceed()
    return "many"


@middleware(scope="run")
async def deny(call: RunCall, proceed: Proceed) -> object:
    """Let nobody in."""
    del call, proceed
    raise PermissionError


@middleware(scope="run")
async def look_for_agent(call: RunCall, proceed: Proceed) -> object:
    """Ask a run which agent it is."""
    SEEN.append(str(call.agent))  # type: ignore[attr-defined]
    return await proceed()


@middleware(scope="run")
async def dawdle(call: RunCall, proceed: Proceed) -> object:
    """Never come to the point, whoever asks."""
    del call, proceed
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue


class TestRunScope:
    @pytest.mark.requirement("R17")
    def test_it_wraps_all_stages_at_once(self) -> None:
        """A budget or a span is of the run, not of its stages."""
        result = assemble(double).run(
            {"number": 4}, middleware=[layer(watch)], options=RunOptions(metadata={"tenant": "a"})
        )

        assert result.output == 8
        assert SEEN == ["test {'number': 4} {'tenant': 'a'}", "double", "gave 8"]

    def test_it_may_answer_instead_of_the_stages(self) -> None:
        """As a cache of whole runs does; none of them has run then."""
        result = assemble(double).run({"number": 4}, middleware=[layer(answer)])

        assert (result.status, result.output, result.answered_by) == ("success", 42, "answer")
        assert [stage.status for stage in result.stages] == ["not_run"]
        assert SEEN == []

    def test_it_may_answer_for_stages_that_fail(self) -> None:
        """What failed is on the record all the same."""
        result = assemble(fails).run({"number": 4}, middleware=[layer(rescue)])

        assert (result.status, result.output, result.answered_by) == ("partial", -1, "rescue")
        assert [stage.status for stage in result.stages] == ["failed"]

    @pytest.mark.requirement("R18")
    def test_its_failure_is_its_own(self) -> None:
        """A stage that never ran cannot have failed."""
        result = assemble(double).run({"number": 4}, middleware=[layer(deny)])

        assert result.status == "failed"
        assert result.error is not None
        assert (result.error.code, result.error.phase) == ("middleware_error", "middleware deny")

    def test_what_only_a_stage_has_is_missed_by_name(self) -> None:
        """A run has no agent, and whoever asks for one reads so."""
        result = assemble(double).run({"number": 4}, middleware=[layer(look_for_agent)])

        assert result.error is not None
        assert "no attribute 'agent'" in result.error.message

    def test_what_it_makes_of_the_output_is_checked(self) -> None:
        """The pipeline's type is a promise."""
        result = assemble(double).run({"number": 4}, middleware=[layer(lie)])

        assert result.error is not None
        assert (result.error.code, result.error.phase) == ("invalid_output", "middleware lie")

    def test_a_run_that_fails_inside_is_told_as_ever(self) -> None:
        """Who only watches changes nothing."""
        watched = assemble(fails).run({"number": 4}, middleware=[layer(watch)])

        assert watched.error is not None
        assert (watched.status, watched.error.stage_id) == ("failed", "fails")

    @pytest.mark.fault("F42")
    @pytest.mark.parametrize("target", [double, hangs])
    def test_the_run_has_its_time_whoever_holds_it(self, target: object) -> None:
        """A layer that does not end is no better than an agent that does not."""
        assert callable(target)
        layers = [layer(dawdle if target is double else watch)]
        options = RunOptions(timeout_seconds=0.02, grace_seconds=0.02)

        result = assemble(target).run({"number": 4}, middleware=layers, options=options)

        assert result.status == "timed_out"

    def test_a_cancelled_caller_is_free(self) -> None:
        """Nothing of the run goes on behind its back."""

        async def main() -> set[asyncio.Task[object]]:
            before = asyncio.all_tasks()
            rig = assemble(hangs)
            task = asyncio.create_task(rig.execute({"number": 1}, middleware=[layer(watch)]))
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return asyncio.all_tasks() - before - {task}

        assert asyncio.run(main()) == set()
