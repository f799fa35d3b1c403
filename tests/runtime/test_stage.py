"""What a stage makes of failure: policies, attempts, pauses, limits."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import astuple, dataclass

import pytest

from registry_core import Backoff, Policy, Resources, RunContext, Substitute, agent
from registry_core.authoring.agent import middleware
from registry_core.definitions.middleware import Call, Proceed  # noqa: TC001 -- hints are resolved
from registry_core.results.outcomes import Phases
from registry_core.runtime.scope import RunOptions
from registry_core.testing.clock import FakeClock
from tests.runtime.rig import Part, agent_id, assemble, layer

EXACT = Backoff(first_seconds=1, factor=2, ceiling_seconds=10, jitter=False)


@dataclass
class Flaky:
    """Counts its calls, and fails the first *failures* of them."""

    failures: int
    error: BaseException
    calls: int = 0

    def next(self) -> int:
        """Return the number of the call, or fail."""
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return self.calls


STATE = Flaky(0, OSError())
CLOCK = FakeClock()


@pytest.fixture(autouse=True)
def fresh_state() -> Flaky:
    """Start every test with an agent that never fails."""
    STATE.failures, STATE.error, STATE.calls = 0, OSError("down"), 0
    return STATE


@agent
async def flaky(number: int) -> int:
    """Return *number*, sometimes."""
    STATE.next()
    return number


@agent(idempotent=True)
async def harmless(number: int) -> int:
    """Return *number*, sometimes; calling it twice does no harm."""
    STATE.next()
    return number


@agent
async def spare(number: int) -> int:
    """Return the negative of *number*: tells that it was asked."""
    return -number


@agent
async def after(number: int) -> int:
    """Return *number* and a hundred."""
    return number + 100


SKIP = Policy(on_error="skip", substitute=Substitute(0))
RETRY_SKIP = Policy(on_error="retry", then="skip", substitute=Substitute(0), backoff=EXACT)
FALLBACK = Policy(on_error="fallback", fallback=agent_id(spare))
RETRY_FALLBACK = Policy(then="fallback", fallback=agent_id(spare), backoff=EXACT)

# policy, failing calls -> calls made, status of both stages, status of the run, output
TABLE = [
    (Policy(on_error="stop"), 0, 1, ("succeeded", "succeeded"), "success", 105),
    (Policy(on_error="stop"), 9, 1, ("failed", "not_run"), "failed", None),
    (SKIP, 0, 1, ("succeeded", "succeeded"), "success", 105),
    (SKIP, 9, 1, ("skipped", "succeeded"), "partial", 100),
    (Policy(backoff=EXACT), 2, 3, ("succeeded", "succeeded"), "success", 105),
    (Policy(backoff=EXACT), 9, 3, ("failed", "not_run"), "failed", None),
    (Policy(max_attempts=1), 1, 1, ("failed", "not_run"), "failed", None),
    (RETRY_SKIP, 2, 3, ("succeeded", "succeeded"), "success", 105),
    (RETRY_SKIP, 9, 3, ("skipped", "succeeded"), "partial", 100),
    (FALLBACK, 0, 1, ("succeeded", "succeeded"), "success", 105),
    (FALLBACK, 9, 1, ("succeeded", "succeeded"), "success", 95),
    (RETRY_FALLBACK, 9, 3, ("succeeded", "succeeded"), "success", 95),
]


class TestPolicies:
    @pytest.mark.requirement("R8", "R10", "R37", "R38", "R39")
    @pytest.mark.parametrize(("policy", "failures", "calls", "stages", "status", "output"), TABLE)
    def test_each_policy_leads_to_its_outcome(
        self,
        policy: Policy,
        failures: int,
        calls: int,
        stages: tuple[str, ...],
        status: str,
        output: object,
    ) -> None:
        """Stop, skip, retry and fallback must be four different things."""
        STATE.failures = failures
        rig = assemble(Part(flaky, policy=policy), after, others=[spare])

        result = rig.run({"number": 5}, clock=FakeClock())

        assert STATE.calls == calls
        assert tuple(record.status for record in result.stages) == stages
        assert (result.status, result.output) == (status, output)

    def test_an_agent_that_may_do_harm_twice_is_called_once(self) -> None:
        """Nobody said that charging a card again is fine."""
        STATE.failures = 1

        result = assemble(flaky).run({"number": 5}, clock=FakeClock())

        assert (STATE.calls, result.status) == (1, "failed")

    def test_an_agent_that_does_no_harm_is_tried_again(self) -> None:
        """Declaring idempotence should pay without a policy in every pipeline."""
        STATE.failures = 2

        result = assemble(harmless).run({"number": 5}, clock=FakeClock())

        assert (STATE.calls, result.status) == (3, "success")

    def test_a_fallback_is_on_the_record_with_its_own_id(self) -> None:
        """Who answered is the first question after a surprising answer."""
        STATE.failures = 9
        rig = assemble(Part(flaky, policy=RETRY_FALLBACK), others=[spare])

        result = rig.run({"number": 5}, clock=FakeClock())

        [record] = result.stages
        assert record.agent == agent_id(flaky)
        assert [a.agent for a in record.attempts] == [agent_id(flaky)] * 3 + [agent_id(spare)]
        assert [a.number for a in record.attempts] == [1, 2, 3, 4]

    @pytest.mark.requirement("R38")
    def test_a_substitute_of_the_wrong_type_stops_the_run_before_it_starts(self) -> None:
        """A value that fits nothing would be found out only on the day of the outage."""
        policy = Policy(on_error="skip", substitute=Substitute("none"))

        result = assemble(Part(flaky, policy=policy)).run({"number": 5})

        assert result.error is not None
        assert (result.error.code, STATE.calls) == ("load_error", 0)


class TestAttempts:
    @pytest.mark.requirement("R15", "R33", "R36", "R99")
    def test_every_attempt_leaves_its_own_error(self) -> None:
        """A stage that recovers still has a story to tell."""
        STATE.failures = 2
        rig = assemble(Part(flaky, policy=Policy(backoff=EXACT)))

        [record] = rig.run({"number": 5}, clock=FakeClock()).stages

        assert [a.status for a in record.attempts] == ["failed", "failed", "succeeded"]
        errors = [a.error for a in record.attempts if a.error is not None]
        assert [(e.type, e.message, e.attempt) for e in errors] == [
            ("OSError", "down", 1),
            ("OSError", "down", 2),
        ]
        assert "STATE.next()" in errors[0].traceback
        assert record.error is None

    @pytest.mark.requirement("R42", "R45")
    @pytest.mark.fault("F52")
    @pytest.mark.parametrize(
        ("error", "calls"),
        [
            (OSError(), 4),
            (TimeoutError(), 4),
            (TypeError(), 1),
            (AttributeError(), 1),
            (PermissionError(), 1),
            (AssertionError(), 1),
            (SystemExit(), 1),
        ],
    )
    def test_only_what_may_pass_by_itself_is_retried(
        self, error: BaseException, calls: int
    ) -> None:
        """A misspelt attribute is as misspelt at the fourth call."""
        STATE.failures, STATE.error = 9, error
        policy = Policy(max_attempts=4, backoff=EXACT)

        assemble(Part(flaky, policy=policy)).run({"number": 5}, clock=FakeClock())

        assert STATE.calls == calls

    @pytest.mark.requirement("R10")
    @pytest.mark.parametrize(
        ("policy", "calls"),
        [
            (Policy(max_attempts=1), 1),
            (Policy(retry_count=0), 1),
            (Policy(retry_count=2), 2),
            (None, 3),
        ],
    )
    def test_attempts_are_calls(self, policy: Policy | None, calls: int) -> None:
        """One is one, and nought that never calls the agent helps nobody."""
        STATE.failures = 9

        assemble(Part(harmless, policy=policy)).run({"number": 5}, clock=FakeClock())

        assert STATE.calls == calls

    @pytest.mark.requirement("R45")
    def test_an_error_without_words_is_told_by_its_name(self) -> None:
        """An empty line in a report explains nothing."""
        STATE.failures, STATE.error = 9, AssertionError()

        result = assemble(flaky).run({"number": 5})

        assert result.error is not None
        assert result.error.message == "AssertionError"

    @pytest.mark.requirement("R23", "R46")
    def test_the_pauses_are_exactly_those_of_the_policy(self) -> None:
        """With a clock that is moved by hand a minute of back-off is tested in no time."""
        STATE.failures = 9
        clock = FakeClock()
        policy = Policy(max_attempts=6, backoff=EXACT)

        [record] = assemble(Part(flaky, policy=policy)).run({"number": 5}, clock=clock).stages

        assert clock.pauses == [1, 2, 4, 8, 10]
        assert [a.wait_seconds for a in record.attempts] == [0, 1, 2, 4, 8, 10]
        assert record.seconds == 25

    @pytest.mark.requirement("R46")
    def test_jitter_draws_each_pause(self) -> None:
        """Half a draw is half a pause."""
        STATE.failures = 9
        clock = FakeClock()
        policy = Policy(backoff=Backoff(first_seconds=1))

        assemble(Part(flaky, policy=policy)).run({"number": 5}, clock=clock, draw=lambda: 0.5)

        assert clock.pauses == [0.5, 1.0]

    @pytest.mark.requirement("R46", "R26")
    @pytest.mark.fault("F50")
    def test_no_attempt_begins_that_the_deadline_leaves_no_time_for(self) -> None:
        """Waiting for a pause that outlasts the run only makes the failure later."""
        STATE.failures = 9
        clock = FakeClock()
        policy = Policy(max_attempts=9, backoff=EXACT)
        rig = assemble(Part(flaky, policy=policy))

        result = rig.run({"number": 5}, clock=clock, options=RunOptions(timeout_seconds=5))

        assert STATE.calls == 3
        assert clock.monotonic() <= 5
        assert result.status == "failed"

    @pytest.mark.requirement("R28")
    def test_a_retry_sees_the_input_as_it_was(self) -> None:
        """The first attempt's leftovers are not what the caller asked about."""
        seen: list[list[int]] = []

        @agent(idempotent=True)
        async def pops(numbers: list[int]) -> int:
            seen.append(list(numbers))
            numbers.pop()
            if len(seen) < 3:
                raise OSError
            return len(numbers)

        given = [1, 2, 3]
        result = assemble(pops).run({"numbers": given}, clock=FakeClock())

        assert seen == [[1, 2, 3]] * 3
        assert given == [1, 2, 3]
        assert result.output == 2


class TestTime:
    @pytest.mark.requirement("R44")
    def test_the_agents_own_timeout_is_not_ours(self) -> None:
        """Being told of 60 s after no time at all sends people looking in the wrong place."""
        STATE.failures, STATE.error = 9, TimeoutError("db")

        result = assemble(flaky).run({"number": 5})

        assert result.error is not None
        assert (result.error.code, result.error.type) == ("agent_error", "TimeoutError")
        assert result.error.message == "db"

    @pytest.mark.requirement("R44", "R10")
    def test_an_attempt_that_takes_too_long_is_cut(self) -> None:
        """A hung call must not hang the run."""

        @agent
        async def sleeper(number: int) -> int:
            await asyncio.sleep(60)
            return number

        policy = Policy(max_attempts=2, timeout_seconds=0.01, backoff=EXACT)
        result = assemble(Part(sleeper, policy=policy)).run({"number": 5}, clock=FakeClock())

        assert [a.status for a in result.stages[0].attempts] == ["timed_out", "timed_out"]
        assert result.error is not None
        assert (result.error.code, result.error.message) == (
            "attempt_timeout",
            "no answer within 0.01 s",
        )

    @pytest.mark.requirement("R43")
    @pytest.mark.fault("F43", "F47")
    def test_a_value_that_comes_late_is_no_value(self) -> None:
        """Whoever set the limit has acted on it by then."""
        clock = FakeClock()

        @agent(timeout_seconds=1)
        async def late(number: int) -> int:
            clock.advance(2)
            return number

        result = assemble(late).run({"number": 5}, clock=clock)

        assert result.output is None
        assert result.stages[0].attempts[0].status == "timed_out"

    @pytest.mark.fault("F44")
    def test_what_the_agent_answered_to_its_end_is_kept(self) -> None:
        """A failing cleanup is worth knowing of, and is still a timeout."""

        @agent(timeout_seconds=0.01)
        async def untidy(number: int) -> int:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise ValueError("half written") from None
            return number

        result = assemble(untidy).run({"number": 5})

        assert result.error is not None
        assert result.error.code == "attempt_timeout"
        assert result.error.cause == ("ValueError: half written",)

    @pytest.mark.parametrize(("policy", "limit"), [(None, 7.0), (Policy(timeout_seconds=3), 3.0)])
    def test_the_policys_limit_goes_before_the_agents(
        self, policy: Policy | None, limit: float
    ) -> None:
        """The one who builds the pipeline knows how long there is."""
        told: list[float | None] = []

        @agent(timeout_seconds=7)
        async def asks(number: int, context: RunContext) -> int:
            told.append(context.deadline_seconds)
            return number

        assemble(Part(asks, policy=policy)).run({"number": 5})

        assert told == [limit]


class TestContext:
    @pytest.mark.requirement("R4")
    def test_an_agent_that_asks_is_told_about_its_run(self) -> None:
        """Logs of an agent are useless without the run they belong to."""
        told: list[RunContext] = []

        @agent(idempotent=True)
        async def asks(number: int, context: RunContext) -> int:
            told.append(context)
            if len(told) < 2:
                raise OSError
            return number

        options = RunOptions(timeout_seconds=9, metadata={"tenant": "x"}, run_id="run-1")
        assemble(asks).run({"number": 5}, options=options, clock=FakeClock(), draw=lambda: 0.0)

        assert [context.attempt for context in told] == [1, 2]
        assert {(c.run_id, c.stage_id, c.agent) for c in told} == {
            ("run-1", "asks", agent_id(asks))
        }
        assert told[0].metadata == {"tenant": "x"}
        assert told[0].deadline_seconds == 9
        assert told[0].logger.name == "registry_core.agents.asks"


class TestPlaces:
    @pytest.mark.requirement("R96")
    def test_no_more_attempts_run_at_once_than_the_agent_allows(self) -> None:
        """The limit of a licence or a graphics card is not a suggestion."""
        inside = 0
        most = 0

        @agent(resources=Resources(max_concurrency=2))
        async def narrow(number: int) -> int:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1
            return number

        parts = [Part(narrow, id=f"s{n}", sources={"number": "$number"}) for n in range(6)]
        result = assemble(*parts, outputs=[part.id for part in parts]).run({"number": 5})

        assert (result.status, most) == ("success", 2)


@middleware()
async def slowly(_call: Call, proceed: Proceed) -> object:
    """Take two seconds before and one after."""
    CLOCK.advance(2)
    answer = await proceed()
    CLOCK.advance(1)
    return answer


@agent(resources=Resources(max_concurrency=1))
async def lone(number: int) -> int:
    """Return *number* after four seconds, one at a time; others come and queue meanwhile."""
    await asyncio.sleep(0)
    CLOCK.advance(4)
    STATE.next()
    return number


@pytest.mark.requirement("R32")
class TestPhases:
    def test_a_stage_that_nothing_happened_to_is_all_run_and_middleware(self) -> None:
        """A slow stage and a slow cache in front of it are mended in different places."""
        rig = assemble(Part(lone, policy=Policy(on_error="stop")), after)

        result = rig.run({"number": 5}, clock=CLOCK, middleware=[layer(slowly)])

        assert [record.phases for record in result.stages] == [
            Phases(middleware_seconds=3, run_seconds=4),
            Phases(middleware_seconds=3),
        ]
        assert [record.seconds for record in result.stages] == [7, 3]

    def test_pauses_and_queues_are_told_apart(self) -> None:
        """One wants a healthier agent, the other a larger house."""
        STATE.failures = 1
        policy = Policy(backoff=EXACT)
        parts = [
            Part(lone, id=name, policy=policy, sources={"number": "$number"}) for name in ("a", "b")
        ]

        result = assemble(*parts, outputs=["a", "b"]).run({"number": 5}, clock=CLOCK)

        assert [record.phases for record in result.stages] == [
            Phases(queue_seconds=4, run_seconds=8, backoff_seconds=1),
            Phases(queue_seconds=5, run_seconds=4),
        ]
        assert [record.seconds for record in result.stages] == [13, 9]

    def test_the_phases_of_every_stage_add_up_to_its_duration(self) -> None:
        """A report with a tenth of the time missing sends people looking for it."""
        STATE.failures = 1

        @agent(resources=Resources(max_concurrency=1))
        async def narrow(number: int) -> int:
            await asyncio.sleep(0.002)
            STATE.next()
            return number

        @middleware()
        async def late(_call: Call, proceed: Proceed) -> object:
            await asyncio.sleep(0.002)
            return await proceed()

        policy = Policy(backoff=Backoff(first_seconds=0.002, jitter=False))
        parts = [
            Part(narrow, id=f"s{n}", policy=policy, sources={"number": "$number"}) for n in range(3)
        ]
        rig = assemble(*parts, outputs=[part.id for part in parts])
        result = rig.run({"number": 5}, middleware=[layer(late)])

        phases = [record.phases for record in result.stages]
        assert [sum(astuple(phase)) for phase in phases] == pytest.approx(
            [record.seconds for record in result.stages], rel=0.05
        )
        assert all(phase.middleware_seconds > 0 and phase.run_seconds > 0 for phase in phases)
        assert any(phase.queue_seconds > 0 for phase in phases)
        assert any(phase.backoff_seconds > 0 for phase in phases)


class TestLines:
    @pytest.mark.requirement("R37", "R21")
    def test_a_stage_that_stops_the_run_is_one_error(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """One failure that makes five lines wakes five people."""
        STATE.failures, STATE.error = 9, OSError("sk-CANARY")

        with caplog.at_level(logging.INFO, "registry_core"):
            assemble(Part(flaky, policy=Policy(on_error="stop")), after).run({"number": 5})

        assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
        assert caplog.messages[-1].startswith("run failed after ")
        assert "'flaky'" not in caplog.text
        assert "stage flaky failed" in caplog.text

    @pytest.mark.requirement("R38")
    def test_a_skipped_stage_is_a_warning(self, caplog: pytest.LogCaptureFixture) -> None:
        """Going on with a substitute is worth a line and no alarm."""
        STATE.failures = 9

        with caplog.at_level(logging.INFO, "registry_core"):
            assemble(Part(flaky, policy=SKIP)).run({"number": 5})

        assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
        assert caplog.messages[-1].startswith("run partial after ")

    @pytest.mark.requirement("R42")
    def test_each_retry_is_a_line(self, caplog: pytest.LogCaptureFixture) -> None:
        """A stage that takes ten times as long as usual has a reason."""
        STATE.failures = 2

        with caplog.at_level(logging.INFO, "registry_core"):
            assemble(Part(flaky, policy=Policy(backoff=EXACT))).run(
                {"number": 5}, clock=FakeClock()
            )

        assert [record.getMessage() for record in caplog.records] == [
            "stage flaky: attempt 1 of 3 failed, next one in 1.000 s",
            "stage flaky: attempt 2 of 3 failed, next one in 2.000 s",
            "run success after 3.000 s",
        ]

    @pytest.mark.requirement("R104", "R21")
    def test_neither_values_nor_texts_of_errors_get_into_the_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Logs travel further than records, and a secret in one is a secret no more."""
        STATE.failures, STATE.error = 9, OSError("sk-CANARY")

        with caplog.at_level(logging.DEBUG, "registry_core"):
            assemble(Part(flaky, policy=Policy(backoff=EXACT))).run(
                {"number": 5}, clock=FakeClock()
            )

        assert caplog.records
        assert "CANARY" not in caplog.text
