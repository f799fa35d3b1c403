"""What breaker and retry budget cost where all is well, and whether a breaker is right.

Ten questions, each of which some library answers wrong: half-open breakers that admit all
fifty callers, cancellations that count, results from before the trip that close it again, wall
clocks, probes that hang.
"""

from __future__ import annotations

import asyncio
import time
from time import process_time
from typing import TYPE_CHECKING

from registry_core.definitions.resources import Resources
from registry_core.names import AgentId
from registry_core.runtime.admission import Admission
from registry_core.runtime.breaker import Breaker, Permit, Refused
from registry_core.runtime.budget import RetryBudget
from registry_core.settings.limits import BreakerPolicy, HostCapacity, RetryBudgetPolicy
from tests.benchmarks.frame import benchmark

if TYPE_CHECKING:
    from collections.abc import Callable

AGENT = AgentId("web-agents/fetch@1.0.0")
POLICY = BreakerPolicy(minimum_calls=4, window_calls=8, open_seconds=30, probe_seconds=5)
CALLS = 200_000


def _breaker(policy: BreakerPolicy = POLICY) -> Breaker:
    return Breaker(policy, AGENT)


def _permit(breaker: Breaker, now: float = 0.0) -> Permit:
    answer = breaker.admit(now)
    assert not isinstance(answer, Refused), f"refused at {now}, {breaker.state}"
    return answer


def _tripped() -> Breaker:
    breaker = _breaker()
    for _ in range(POLICY.minimum_calls):
        breaker.failed(_permit(breaker), 0.0)
    return breaker


def trips_at_its_share_and_not_before_its_minimum() -> bool:
    """Three failures of four calls at least: not after three calls, but after four."""
    breaker = _breaker()
    states: list[str] = []
    for _ in range(4):
        breaker.failed(_permit(breaker), 0.0)
        states.append(breaker.state)
    return states == ["closed", "closed", "closed", "open"]


def forgets_failures_that_left_the_window() -> bool:
    """Three failures, eight successes, one failure: one of eight."""
    breaker = _breaker()
    for _ in range(3):
        breaker.failed(_permit(breaker), 0.0)
    for _ in range(8):
        breaker.succeeded(_permit(breaker), 0.0)
    breaker.failed(_permit(breaker), 0.0)
    return breaker.state == "closed"


def admits_one_of_fifty_when_half_open() -> bool:
    """Fifty tasks ask before the first probe has ended."""
    breaker = _tripped()

    async def caller() -> bool:
        answer = breaker.admit(30.0)
        await asyncio.sleep(0)
        return not isinstance(answer, Refused)

    async def callers() -> list[bool]:
        return list(await asyncio.gather(*(caller() for _ in range(50))))

    return sum(asyncio.run(callers())) == 1


def tells_the_refused_when_to_come_back() -> bool:
    """Open: the rest of its time. Half-open: when the probe loses its place."""
    breaker = _tripped()
    while_open = breaker.admit(10.0)
    _permit(breaker, 30.0)
    return (while_open, breaker.admit(31.0)) == (Refused(20.0), Refused(4.0))


def ignores_a_late_success() -> bool:
    """A call from before the trip succeeds while it is open, and while it is half-open."""
    breaker = _breaker()
    slow = _permit(breaker)
    for _ in range(POLICY.minimum_calls):
        breaker.failed(_permit(breaker), 0.0)
    breaker.succeeded(slow, 10.0)
    still_open = isinstance(breaker.admit(10.0), Refused)
    _permit(breaker, 30.0)
    breaker.succeeded(slow, 30.0)
    return still_open and breaker.state == "half-open"


def ignores_a_late_failure() -> bool:
    """A call from before the trip fails while it is half-open, and after it has closed."""
    breaker = _breaker()
    slow = _permit(breaker)
    for _ in range(POLICY.minimum_calls):
        breaker.failed(_permit(breaker), 0.0)
    probe = _permit(breaker, 30.0)
    breaker.failed(slow, 30.0)
    half_open = breaker.state
    breaker.succeeded(probe, 31.0)
    for _ in range(POLICY.minimum_calls):
        breaker.failed(slow, 31.0)
    return (half_open, breaker.state) == ("half-open", "closed")


def asks_no_clock_of_its_own() -> bool:
    """The wall clock is set back an hour and forward a year: it hears of neither."""
    wall, time.time = time.time, lambda: -3600.0
    try:
        breaker = _tripped()
        time.time = lambda: 365 * 86400.0
        early = breaker.admit(29.0)
        late = breaker.admit(30.0)
    finally:
        time.time = wall
    return isinstance(early, Refused) and not isinstance(late, Refused)


def frees_the_place_of_a_probe_that_hangs() -> bool:
    """Five seconds later another call may probe, and closes it."""
    breaker = _tripped()
    _permit(breaker, 30.0)
    held = isinstance(breaker.admit(34.0), Refused)
    breaker.succeeded(_permit(breaker, 35.0), 36.0)
    return held and breaker.state == "closed"


def counts_no_cancellation() -> bool:
    """Cancelled calls neither trip it nor close it, and a cancelled probe makes room."""
    breaker = _breaker()
    for _ in range(50):
        breaker.forgotten(_permit(breaker))
    untouched = (breaker.state, breaker.calls) == ("closed", 0)
    breaker = _tripped()
    breaker.forgotten(_permit(breaker, 30.0))
    return untouched and breaker.state == "half-open" and _permit(breaker, 30.0) > 0


def rests_in_full_after_a_failed_probe() -> bool:
    """Whose probe fails is left alone for another thirty seconds, from then on."""
    breaker = _tripped()
    breaker.failed(_permit(breaker, 30.0), 31.0)
    return breaker.admit(60.5) == Refused(0.5) and _permit(breaker, 61.0) > 0


PROBES: tuple[Callable[[], bool], ...] = (
    trips_at_its_share_and_not_before_its_minimum,
    forgets_failures_that_left_the_window,
    admits_one_of_fifty_when_half_open,
    tells_the_refused_when_to_come_back,
    ignores_a_late_success,
    ignores_a_late_failure,
    asks_no_clock_of_its_own,
    frees_the_place_of_a_probe_that_hangs,
    counts_no_cancellation,
    rests_in_full_after_a_failed_probe,
)


@benchmark(name="breaker: questions answered right", unit="of 10", goal=10, better="higher")
def questions_answered_right() -> float:
    """Return how many of the ten."""
    return float(sum(probe() for probe in PROBES))


@benchmark(name="breaker and budget, a call that succeeds", unit="ns", goal=100)
def success() -> float:
    """Return what the inlined path costs, the loop around it not counted."""
    breaker, budget = _breaker(), RetryBudget(RetryBudgetPolicy())

    def calls() -> None:
        for _ in range(CALLS):
            permit = breaker.permit
            assert permit is not None
            if permit == breaker.permit:
                breaker.calls += 1
            if not budget.is_full:
                budget.succeeded()

    return _nanoseconds(calls)


@benchmark(name="admission with room, in and out", unit="ns", goal=1000)
def admission() -> float:
    """Return what a limited agent pays when nobody waits."""
    host = Admission(HostCapacity(memory_mib=1024))
    gate = host.gate(AGENT, Resources(memory_mib=512, max_concurrency=2))
    assert gate is not None

    def calls() -> None:
        for _ in range(CALLS):
            host.try_enter(gate)
            host.leave(gate)

    return _nanoseconds(calls)


def _nanoseconds(calls: Callable[[], None]) -> float:
    def nothing() -> None:
        for _ in range(CALLS):
            pass

    def seconds(work: Callable[[], None]) -> float:
        start = process_time()
        work()
        return process_time() - start

    return min(seconds(calls) - seconds(nothing) for _ in range(7)) / CALLS * 1e9
