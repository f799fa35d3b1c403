"""Whether an agent that fails is left alone, and tried again in time."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from registry_core.names import AgentId
from registry_core.runtime.breaker import Breaker, BreakerEvent, Breakers, Permit, Refused
from registry_core.settings.limits import BreakerPolicy
from registry_core.testing.clock import FakeClock
from tests.benchmarks.breakers import PROBES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

AGENT = AgentId("web-agents/fetch@1.0.0")
OTHER = AgentId("web-agents/parse@1.0.0")
POLICY = BreakerPolicy(minimum_calls=4, window_calls=8, open_seconds=30, probe_seconds=5)


def admitted(breaker: Breaker, now: float) -> Permit:
    """Return a permit, which there must be."""
    answer = breaker.admit(now)
    assert not isinstance(answer, Refused)
    return answer


def tripped(policy: BreakerPolicy = POLICY, *, at: float = 0.0) -> Breaker:
    """Return a breaker that opened at *at*."""
    breaker = Breaker(policy, AGENT)
    for _ in range(policy.minimum_calls):
        breaker.failed(admitted(breaker, at), at)
    assert breaker.state == "open"
    return breaker


def probing(policy: BreakerPolicy = POLICY) -> tuple[Breaker, Permit]:
    """Return a half-open breaker and the permit of its probe, given at 30 seconds."""
    breaker = tripped(policy)
    return breaker, admitted(breaker, 30.0)


class TestTripping:
    def test_a_few_calls_prove_nothing(self) -> None:
        """One bad call after a restart must not take an agent out of service."""
        breaker = Breaker(POLICY, AGENT)

        for _ in range(3):
            breaker.failed(admitted(breaker, 0), 0)

        assert breaker.state == "closed"

    def test_the_share_of_failures_decides(self) -> None:
        """A busy agent with two failures in a hundred is healthy."""
        breaker = Breaker(POLICY, AGENT)
        for _ in range(5):
            breaker.succeeded(admitted(breaker, 0), 0)

        states: list[str] = []
        for _ in range(5):
            breaker.failed(admitted(breaker, 0), 0)
            states.append(breaker.state)
            if states[-1] == "open":
                break

        assert states == ["closed", "closed", "closed", "open"]  # 4 of the last 8

    def test_failures_of_long_ago_are_forgotten(self) -> None:
        """Last week's outage is not today's."""
        breaker = Breaker(POLICY, AGENT)
        for _ in range(3):
            breaker.failed(admitted(breaker, 0), 0)
        for _ in range(8):
            breaker.succeeded(admitted(breaker, 0), 0)

        breaker.failed(admitted(breaker, 0), 0)

        assert breaker.state == "closed"

    def test_the_inlined_count_is_the_same_as_a_call(self) -> None:
        """The fast path must not make a failing agent look worse or better."""
        inlined, called = Breaker(POLICY, AGENT), Breaker(POLICY, AGENT)

        for fails in (0, 0, 0, 1, 0, 1, 1, 0, 1):
            for breaker in (inlined, called):
                permit = admitted(breaker, 0)
                if fails:
                    breaker.failed(permit, 0)
                elif breaker is called:
                    breaker.succeeded(permit, 0)
                else:
                    inlined.calls += 1

        assert inlined.calls == called.calls
        assert inlined.state == called.state == "open"


class TestOpen:
    def test_callers_are_told_when_to_come_back(self) -> None:
        """A refusal without a time is answered by polling."""
        breaker = tripped(at=100.0)

        assert breaker.permit is None
        assert breaker.admit(110.0) == Refused(20.0)
        assert breaker.retry_in_seconds(110.0) == 20.0
        assert breaker.retry_in_seconds(131.0) == 0.0
        assert breaker.state == "open"

    @pytest.mark.fault("F57")
    @pytest.mark.parametrize("hours", [-1, 24 * 365])
    def test_a_wall_clock_that_jumps_changes_nothing(self, hours: int) -> None:
        """Clocks are set; an agent must neither stay away for an hour nor come back at once."""
        clock = FakeClock()
        breaker = tripped(at=clock.monotonic())
        clock.set_wall(clock.utc_now() + timedelta(hours=hours))

        clock.advance(29.0)
        early = breaker.admit(clock.monotonic())
        clock.advance(1.0)
        late = breaker.admit(clock.monotonic())

        assert early == Refused(1.0)
        assert not isinstance(late, Refused)


class TestProbes:
    @pytest.mark.fault("F55")
    @pytest.mark.parametrize("probes", [1, 3])
    def test_fifty_concurrent_callers_get_exactly_the_probes(self, probes: int) -> None:
        """An agent that comes back must not be knocked over by everybody at once."""
        policy = BreakerPolicy(minimum_calls=1, probes=probes)
        breaker = tripped(policy)

        async def caller() -> Permit | Refused:
            await asyncio.sleep(0)
            answer = breaker.admit(30.0)
            await asyncio.sleep(0)
            return answer

        async def callers() -> Sequence[Permit | Refused]:
            return await asyncio.gather(*(caller() for _ in range(50)))

        answers = asyncio.run(callers())

        refused = [answer for answer in answers if isinstance(answer, Refused)]
        assert len(refused) == 50 - probes
        assert {answer.retry_in_seconds for answer in refused} == {policy.probe_seconds}

    @pytest.mark.fault("F55")
    def test_fifty_threads_get_exactly_one_probe(self) -> None:
        """Event loops in several threads share the agent, so they share its breaker."""
        breaker = tripped()
        together = threading.Barrier(50)

        def caller(_: int) -> Permit | Refused:
            together.wait()
            return breaker.admit(30.0)

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(caller, range(50)))

        assert sum(not isinstance(answer, Refused) for answer in answers) == 1

    def test_all_probes_succeed_and_it_closes(self) -> None:
        """One lucky answer of three is no recovery."""
        breaker = tripped(BreakerPolicy(minimum_calls=1, probes=2))
        one, two = admitted(breaker, 30.0), admitted(breaker, 30.0)

        breaker.succeeded(one, 31.0)
        between = breaker.state
        breaker.succeeded(two, 32.0)

        assert (between, breaker.state) == ("half-open", "closed")
        assert breaker.permit is not None

    def test_a_probe_that_succeeded_gives_its_place_to_nobody(self) -> None:
        """Exactly N probes means N calls, not N at a time."""
        breaker = tripped(BreakerPolicy(minimum_calls=1, probes=2))
        one, _ = admitted(breaker, 30.0), admitted(breaker, 30.0)

        breaker.succeeded(one, 31.0)

        assert isinstance(breaker.admit(32.0), Refused)

    def test_one_probe_fails_and_it_is_open_for_the_whole_time(self) -> None:
        """Who is still down needs the same rest again."""
        breaker, probe = probing()

        breaker.failed(probe, 31.0)

        assert breaker.admit(60.0) == Refused(1.0)
        assert not isinstance(breaker.admit(61.0), Refused)

    def test_successes_of_an_earlier_round_of_probes_do_not_count(self) -> None:
        """What answered before the second trip knows nothing of after it."""
        breaker = tripped(BreakerPolicy(minimum_calls=1, probes=2))
        one, two = admitted(breaker, 30.0), admitted(breaker, 30.0)
        breaker.succeeded(one, 31.0)
        breaker.failed(two, 31.0)

        again = [breaker.admit(61.0) for _ in range(3)]

        assert [isinstance(answer, Refused) for answer in again] == [False, False, True]

    def test_a_closed_breaker_has_forgotten_the_outage(self) -> None:
        """Else the first hiccup after a recovery opens it again."""
        breaker, probe = probing()
        breaker.succeeded(probe, 31.0)

        for _ in range(POLICY.minimum_calls - 1):
            breaker.failed(admitted(breaker, 32.0), 32.0)

        assert breaker.state == "closed"

    @pytest.mark.fault("F58")
    def test_a_probe_that_hangs_loses_its_place(self) -> None:
        """One call that never comes back must not keep an agent out for ever."""
        breaker, hanging = probing()

        before = breaker.admit(34.0)
        after = admitted(breaker, 35.0)
        breaker.succeeded(hanging, 36.0)
        between = breaker.state
        breaker.succeeded(after, 37.0)

        assert before == Refused(1.0)
        assert (between, breaker.state) == ("half-open", "closed")

    @pytest.mark.fault("F54")
    def test_a_cancelled_probe_gives_its_place_back(self) -> None:
        """The user lost patience; that says nothing about the agent."""
        breaker, probe = probing()

        breaker.forgotten(probe)
        again = breaker.admit(30.0)

        assert not isinstance(again, Refused)
        assert breaker.state == "half-open"


class TestCancellation:
    @pytest.mark.fault("F54")
    def test_a_cancelled_call_counts_for_nothing(self) -> None:
        """A thousand closed browser tabs are not an outage."""
        breaker = Breaker(POLICY, AGENT)

        for _ in range(100):
            breaker.forgotten(admitted(breaker, 0))

        assert (breaker.state, breaker.calls) == ("closed", 0)


class TestLateResults:
    @pytest.mark.fault("F56")
    @pytest.mark.parametrize("ends", [Breaker.succeeded, Breaker.failed])
    def test_a_call_from_before_the_trip_changes_nothing(
        self, ends: Callable[[Breaker, Permit, float], None]
    ) -> None:
        """What was asked before the outage knows nothing of the recovery."""
        breaker = Breaker(POLICY, AGENT)
        slow = admitted(breaker, 0)
        for _ in range(POLICY.minimum_calls):
            breaker.failed(admitted(breaker, 0), 0)

        ends(breaker, slow, 10.0)
        while_open = breaker.admit(10.0)
        probe = admitted(breaker, 30.0)
        ends(breaker, slow, 30.0)
        while_half_open = breaker.state
        breaker.succeeded(probe, 31.0)
        for _ in range(10):
            ends(breaker, slow, 32.0)

        assert while_open == Refused(20.0)
        assert while_half_open == "half-open"
        assert (breaker.state, breaker.calls) == ("closed", 0)


class TestEvents:
    def test_each_change_is_told_once_and_in_order(self) -> None:
        """Alerts and the planner go by these."""
        told: list[BreakerEvent] = []
        breaker = Breaker(BreakerPolicy(minimum_calls=1), AGENT, told.append)

        breaker.failed(admitted(breaker, 1.0), 1.0)
        breaker.failed(admitted(breaker, 31.0), 32.0)
        breaker.succeeded(admitted(breaker, 62.0), 63.0)

        assert told == [
            BreakerEvent(AGENT, "closed", "open", 1.0),
            BreakerEvent(AGENT, "open", "half-open", 31.0),
            BreakerEvent(AGENT, "half-open", "open", 32.0),
            BreakerEvent(AGENT, "open", "half-open", 62.0),
            BreakerEvent(AGENT, "half-open", "closed", 63.0),
        ]

    def test_who_hears_of_a_change_may_ask_the_breaker(self) -> None:
        """An alert wants to say when the agent will be back."""
        back: list[float] = []

        def hear(event: BreakerEvent) -> None:
            back.append(breaker.retry_in_seconds(event.at))

        breaker = Breaker(BreakerPolicy(minimum_calls=1), AGENT, hear)
        breaker.failed(admitted(breaker, 1.0), 1.0)

        assert back == [30.0]


class TestBreakers:
    def test_an_agent_has_one_breaker(self) -> None:
        """Two runs that meet the same outage learn from each other."""
        breakers = Breakers(POLICY)

        assert breakers.of(AGENT) is breakers.of(AGENT)
        assert breakers.of(AGENT) is not breakers.of(OTHER)

    @pytest.mark.requirement("R2")
    def test_who_refuses_is_known_until_the_time_is_over(self) -> None:
        """The next plan takes another agent, and this one again once it may be back."""
        breakers = Breakers(BreakerPolicy(minimum_calls=1))
        breakers.of(OTHER)
        breaker = breakers.of(AGENT)
        breaker.failed(admitted(breaker, 0), 0)

        assert breakers.refusing(29.0) == (AGENT,)
        assert breakers.refusing(30.0) == ()


class TestQuestions:
    @pytest.mark.fault("F54", "F55", "F56", "F57", "F58")
    @pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.__name__)
    def test_each_question_of_the_benchmark_is_answered_right(
        self, probe: Callable[[], bool]
    ) -> None:
        """The table in the documentation says ten of ten."""
        assert probe()
