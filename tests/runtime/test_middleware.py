"""Middleware: what a layer sees, may do, and is blamed for."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from registry_core import Policy, Substitute, agent
from registry_core.authoring.agent import middleware
from registry_core.definitions.middleware import Call, Proceed  # noqa: TC001 -- hints are resolved
from tests.runtime.rig import Part, assemble, layer

if TYPE_CHECKING:
    from registry_core.definitions.middleware import MiddlewareFunction
    from registry_core.results.events import Event, Observer
    from registry_core.results.run import RunResult
    from registry_core.runtime.middleware import ActiveMiddleware

FAILURES: list[int] = []


@agent(idempotent=True)
async def double(number: int) -> int:
    """Return twice *number*, once the list of failures is empty."""
    if FAILURES:
        raise OSError(FAILURES.pop())
    return number * 2


@agent
async def length(words: list[str]) -> int:
    """Return how many there are."""
    return len(words)


def ignore(_event: Event) -> None:
    """Hear, and do nothing."""


@pytest.fixture(autouse=True)
def no_failures() -> None:
    """Let the agent succeed unless a test says otherwise."""
    FAILURES.clear()


def tracing(
    name: str, order: int, trace: list[str], *, after: tuple[str, ...] = ()
) -> MiddlewareFunction:
    """Return a layer that notes when it is entered and left."""

    @middleware(name=name, order=order, after=after)
    async def traces(_call: Call, proceed: Proceed) -> object:
        trace.append(f"{name}>")
        answer = await proceed()
        trace.append(f"<{name}")
        return answer

    return traces


def offered(name: str, function: MiddlewareFunction) -> ActiveMiddleware:
    """Return a layer under the full name that an installed plugin gives it."""
    return replace(layer(function), name=name)


@pytest.mark.requirement("R17")
class TestOnion:
    def test_layers_go_by_their_declared_order_then_by_name(self) -> None:
        """Who wraps whom must not depend on who was installed first."""
        trace: list[str] = []
        layers = [
            layer(tracing(name, order, trace)) for name, order in [("c", 1), ("b", 1), ("z", 0)]
        ]

        result = assemble(double).run({"number": 4}, middleware=layers)

        assert trace == ["z>", "b>", "c>", "<c", "<b", "<z"]
        assert result.output == 8

    def test_a_layer_goes_after_those_that_it_names(self) -> None:
        """Who counts what a cache answers must stand around the cache, whatever the numbers."""
        trace: list[str] = []
        counting = offered("acme/count", tracing("count", -1, trace, after=("acme/cache",)))
        cache = offered("acme/cache", tracing("cache", 0, trace))

        assemble(double).run({"number": 4}, middleware=[counting, cache])

        assert trace == ["cache>", "count>", "<count", "<cache"]

    def test_a_circle_is_logged_and_the_run_goes_on(self, caplog: pytest.LogCaptureFixture) -> None:
        """Two strangers who disagree are no reason not to work."""
        trace: list[str] = []
        one = offered("acme/one", tracing("one", 0, trace, after=("acme/two",)))
        two = offered("acme/two", tracing("two", 0, trace, after=("acme/one",)))

        result = assemble(double).run({"number": 4}, middleware=[two, one])

        assert result.output == 8
        assert trace == ["one>", "two>", "<two", "<one"]
        assert "order and name decide for acme/one, acme/two" in caplog.text

    @pytest.mark.parametrize(("scope", "entered"), [("stage", 1), ("attempt", 3)])
    def test_a_layer_wraps_the_stage_or_each_attempt(self, scope: str, entered: int) -> None:
        """A cache belongs around all attempts, a rate limit around each."""
        numbers: list[int] = []

        async def counts(call: Call, proceed: Proceed) -> object:
            numbers.append(call.attempt)
            return await proceed()

        marked = middleware(scope="stage" if scope == "stage" else "attempt")(counts)
        FAILURES.extend([1, 2])

        result = assemble(double).run({"number": 4}, middleware=[layer(marked)])

        assert result.output == 8
        assert numbers == ([0] if entered == 1 else [1, 2, 3])

    def test_a_layer_may_answer_by_itself(self) -> None:
        """A cache that still calls the agent saves nothing."""

        @middleware()
        async def remembers(_call: Call, _proceed: Proceed) -> object:
            return 99

        result = assemble(double).run({"number": 4}, middleware=[layer(remembers)])

        [record] = result.stages
        assert (result.output, record.answered_by, record.attempts) == (99, "remembers", ())

    def test_a_layer_may_turn_a_failure_into_an_answer(self) -> None:
        """Then it is the layer that answered."""
        FAILURES.extend([1, 2, 3])

        @middleware()
        async def recovers(_call: Call, proceed: Proceed) -> object:
            try:
                return await proceed()
            except OSError:
                return 0

        result = assemble(Part(double, policy=Policy(max_attempts=1))).run(
            {"number": 4}, middleware=[layer(recovers)]
        )

        [record] = result.stages
        assert (result.output, record.answered_by) == (0, "recovers")
        assert [attempt.status for attempt in record.attempts] == ["failed"]

    def test_what_a_layer_does_to_its_inputs_reaches_nobody(self) -> None:
        """Looking at a value is not a licence to change it."""

        @middleware()
        async def tampers(call: Call, proceed: Proceed) -> object:
            words = call.inputs["words"]
            assert isinstance(words, list)
            words.clear()
            return await proceed()

        result = assemble(length).run({"words": ["a", "b"]}, middleware=[layer(tampers)])

        assert result.output == 2

    def test_equal_inputs_are_equal_bytes(self) -> None:
        """A key of a cache must not depend on the order of a dictionary."""
        keys: list[bytes] = []

        @agent
        async def weigh(weights: dict[str, float], name: str) -> float:
            return sum(weights.values()) + len(name)

        @middleware()
        async def keeps(call: Call, proceed: Proceed) -> object:
            keys.append(call.dump_inputs())
            answer = await proceed()
            assert call.load_output(call.dump_output(answer)) == answer
            return answer

        for weights in ({"a": 1.5, "ö": 2.0}, {"ö": 2.0, "a": 1.5}):
            assemble(weigh).run({"weights": weights, "name": "n"}, middleware=[layer(keeps)])

        assert keys == ['{"name":"n","weights":{"a":1.5,"ö":2.0}}'.encode()] * 2
        assert json.loads(keys[0])


@pytest.mark.requirement("R18")
@pytest.mark.fault("F39")
class TestBlame:
    @pytest.mark.parametrize("scope", ["stage", "attempt"])
    def test_what_a_layer_raises_is_its_own_failure(self, scope: str) -> None:
        """The agent's team should not be called for somebody else's bug."""

        async def breaks(_call: Call, proceed: Proceed) -> object:
            await proceed()
            raise ValueError("layer")

        marked = middleware(scope="stage" if scope == "stage" else "attempt")(breaks)
        policy = Policy(on_error="stop")
        result = assemble(Part(double, policy=policy)).run(
            {"number": 4}, middleware=[layer(marked)]
        )

        assert result.error is not None
        assert (result.error.code, result.error.phase) == ("middleware_error", "middleware breaks")
        assert (result.error.type, result.error.message) == ("ValueError", "layer")

    @pytest.mark.parametrize("scope", ["stage", "attempt"])
    def test_the_agents_error_passes_through_as_the_agents(self, scope: str) -> None:
        """A layer that only watches is not to blame."""
        FAILURES.append(7)

        async def watches(_call: Call, proceed: Proceed) -> object:
            try:
                return await proceed()
            finally:
                await asyncio.sleep(0)

        marked = middleware(scope="stage" if scope == "stage" else "attempt")(watches)
        policy = Policy(on_error="stop")
        result = assemble(Part(double, policy=policy)).run(
            {"number": 4}, middleware=[layer(marked)]
        )

        assert result.error is not None
        assert (result.error.code, result.error.phase) == ("agent_error", "agent")

    def test_going_on_twice_is_an_error_even_when_it_is_swallowed(self) -> None:
        """An agent that is called twice for one attempt charges twice."""
        calls: list[int] = []

        @agent
        async def charges(number: int) -> int:
            calls.append(number)
            return number

        @middleware()
        async def greedy(_call: Call, proceed: Proceed) -> object:
            first = await proceed()
            try:
                return await proceed()
            except RuntimeError:
                return first

        result = assemble(charges).run({"number": 4}, middleware=[layer(greedy)])

        assert calls == [4]
        assert result.error is not None
        assert result.error.code == "middleware_error"

    def test_returning_before_the_inner_call_has_ended_is_an_error(self) -> None:
        """Half an attempt is none."""

        @agent
        async def waits(number: int) -> int:
            await asyncio.sleep(60)
            return number

        @middleware()
        async def hasty(_call: Call, proceed: Proceed) -> object:
            inner = asyncio.ensure_future(proceed())
            await asyncio.sleep(0)
            inner.cancel()
            return 0

        result = assemble(waits).run({"number": 4}, middleware=[layer(hasty)])

        assert result.error is not None
        assert result.error.code == "middleware_error"

    @pytest.mark.parametrize("scope", ["stage", "attempt"])
    def test_an_answer_of_the_wrong_type_is_the_layers(self, scope: str) -> None:
        """The next agent must not choke on what the middleware made up."""

        async def lies(_call: Call, proceed: Proceed) -> object:
            await proceed()
            return "eight"

        marked = middleware(scope="stage" if scope == "stage" else "attempt")(lies)
        result = assemble(double).run({"number": 4}, middleware=[layer(marked)])

        assert result.error is not None
        assert (result.error.code, result.error.phase) == ("invalid_output", "middleware lies")

    @pytest.mark.parametrize("error", [SystemExit(), GeneratorExit(), asyncio.CancelledError()])
    @pytest.mark.parametrize("scope", ["stage", "attempt"])
    def test_no_layer_takes_the_host_down(self, scope: str, error: BaseException) -> None:
        """Middleware is code of strangers too."""

        async def leaves(_call: Call, _proceed: Proceed) -> object:
            raise error

        marked = middleware(scope="stage" if scope == "stage" else "attempt")(leaves)
        result = assemble(double).run({"number": 4}, middleware=[layer(marked)])

        assert result.error is not None
        assert (result.status, result.error.code) == ("failed", "middleware_error")


SKIP = Policy(on_error="skip", substitute=Substitute(0))


@pytest.mark.requirement("R18")
class TestGuards:
    @pytest.mark.parametrize(("guard", "status"), [(False, "partial"), (True, "failed")])
    @pytest.mark.parametrize("scope", ["stage", "attempt"])
    def test_a_guards_refusal_is_never_skipped(
        self,
        scope: str,
        guard: bool,  # noqa: FBT001
        status: str,
    ) -> None:
        """Refused is not the same as unavailable."""

        async def refuses(_call: Call, _proceed: Proceed) -> object:
            raise PermissionError

        marked = middleware(scope="stage" if scope == "stage" else "attempt", guard=guard)(refuses)
        result = assemble(Part(double, policy=SKIP)).run({"number": 4}, middleware=[layer(marked)])

        assert result.status == status

    def test_a_guards_refusal_is_not_tried_again(self) -> None:
        """Asking a second time is an attack."""
        asked: list[int] = []

        @middleware(scope="attempt", guard=True)
        async def refuses(call: Call, _proceed: Proceed) -> object:
            asked.append(call.attempt)
            raise OSError

        assemble(Part(double, policy=Policy())).run({"number": 4}, middleware=[layer(refuses)])

        assert asked == [1]


class TestStuck:
    @pytest.mark.fault("F39")
    def test_a_layer_that_swallows_its_cancellation_does_not_hold_the_caller(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A deadline is a deadline for middleware as well."""

        @middleware()
        async def clings(call: Call, proceed: Proceed) -> object:
            while call.run_id:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    continue
            return await proceed()

        async def main() -> set[asyncio.Task[object]]:
            before = asyncio.all_tasks()
            async with asyncio.timeout(30):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await assemble(double).execute({"number": 4}, middleware=[layer(clings)])
            await asyncio.sleep(0)
            return asyncio.all_tasks() - before

        assert asyncio.run(main()) == set()
        assert "closed by force" in caplog.text


class TestCancelling:
    @pytest.mark.parametrize("heard", [[], [ignore]], ids=["chain", "conducted"])
    def test_a_layer_that_cancels_its_own_task_and_answers_harms_no_later_stage(
        self, heard: list[Observer]
    ) -> None:
        """The stage that waits next would be blamed for what a layer before it did."""

        @middleware()
        async def cancels(_call: Call, proceed: Proceed) -> object:
            answer = await proceed()
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            return answer

        @agent
        async def waits(number: int) -> int:
            await asyncio.sleep(0)
            return number

        async def main() -> RunResult:
            rig = assemble(Part(waits, id="one"), Part(waits, id="two"))
            return await rig.execute({"number": 1}, middleware=[layer(cancels)], observers=heard)

        result = asyncio.run(main())

        assert result.status == "success"
