"""Calls keep to their rate: they wait a little, or are refused."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import pytest
from middleware_ratelimit.limit import rate_limit

from registry_core import AdmissionError, AgentDefinition, Policy, Registry, agent
from registry_core.names import AgentId, AgentName, SchemaId

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from registry_core import Pipeline

T = TypeVar("T")
DEFINITION = AgentDefinition(AgentName("fetch"), "web:fetch", SchemaId("str#0123456789ab"))


class _NoWaiting(selectors.SelectSelector):
    """Lets time pass instead of waiting for it; some passes always, as on any machine."""

    seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.seconds += max(timeout or 0.0, 1e-6)
        return super().select(0)


class _HastyLoop(asyncio.SelectorEventLoop):
    """An event loop on which an hour takes no time."""

    def __init__(self) -> None:
        self._hasty = _NoWaiting()
        super().__init__(self._hasty)

    def time(self) -> float:
        return self._hasty.seconds


@dataclass
class _Attempt:
    """One attempt, as middleware sees it."""

    agent: AgentId = field(default_factory=lambda: AgentId("web-agents/fetch@1.0.0"))
    definition: AgentDefinition = DEFINITION
    run_id: str = "run"
    stage_id: str = "stage"
    attempt: int = 1
    inputs: Mapping[str, object] = field(default_factory=dict[str, object])

    def dump_inputs(self) -> bytes:
        return b"{}"

    def dump_output(self, value: object) -> bytes:
        return repr(value).encode()

    def load_output(self, data: bytes) -> object:
        return data


async def now() -> float:
    """Return the time on the loop, as an agent that is called."""
    return asyncio.get_running_loop().time()


async def called(agent: str = "web-agents/fetch@1.0.0") -> float:
    """Return when a call got through."""
    moment = await rate_limit(_Attempt(AgentId(agent)), now)
    assert isinstance(moment, float)
    return moment


def hasty(main: Callable[[], Coroutine[object, object, T]]) -> T:
    """Return what *main* returns, on a loop of its own on which no time passes."""
    with asyncio.Runner(loop_factory=_HastyLoop) as runner:
        return runner.run(main())


@pytest.fixture(autouse=True)
def rates(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Return how to set rates and the time to wait."""

    def put(rates: str, wait_seconds: str = "") -> None:
        monkeypatch.setenv("AGENTREG_RATES", rates)
        monkeypatch.setenv("AGENTREG_RATE_WAIT_SECONDS", wait_seconds)

    put("")
    return put


class TestWaiting:
    def test_no_period_holds_more_calls_than_the_rate(
        self, rates: Callable[[str, str], None]
    ) -> None:
        """A service that counts locks out whoever calls too often."""
        rates("web-agents/fetch=5/s", "60")

        async def main() -> list[float]:
            return sorted(await asyncio.gather(*(called() for _ in range(50))))

        moments = hasty(main)

        assert moments[:5] == pytest.approx([0.0] * 5, abs=0.01)
        assert moments[-1] == pytest.approx(9.0, abs=0.01)
        gaps = [later - earlier for earlier, later in pairwise(moments[5:])]
        assert gaps == pytest.approx([0.2] * 44, abs=0.01)

    def test_agents_without_a_rate_do_not_wait(self, rates: Callable[[str, str], None]) -> None:
        """A slow service must not slow down the others."""
        rates("web-agents/fetch=1/h", "")

        async def main() -> list[float]:
            return [await called("web-agents/parse@1.0.0") for _ in range(10)]

        assert hasty(main) == pytest.approx([0.0] * 10, abs=0.01)

    def test_agents_of_a_distribution_share_its_rate(
        self, rates: Callable[[str, str], None]
    ) -> None:
        """They share the account behind it."""
        rates("web-agents=1/s", "")

        async def main() -> list[float]:
            return [await called(f"web-agents/{name}@1.0.0") for name in ("fetch", "parse")]

        assert hasty(main) == pytest.approx([0.0, 1.0], abs=0.01)

    def test_every_loop_starts_afresh(self, rates: Callable[[str, str], None]) -> None:
        """A limiter cannot follow to another loop, and must not break it either."""
        rates("web-agents=1/h", "0")

        assert hasty(called) == pytest.approx(0.0, abs=0.01)
        assert hasty(called) == pytest.approx(0.0, abs=0.01)


class TestRefusing:
    @pytest.mark.fault("F59")
    def test_who_would_wait_too_long_is_refused_at_once(
        self, rates: Callable[[str, str], None]
    ) -> None:
        """Ten minutes in a queue are no answer; the caller may know another agent."""
        rates("web-agents/fetch=1/s", "3.5")

        async def main() -> list[float | BaseException]:
            return await asyncio.gather(*(called() for _ in range(10)), return_exceptions=True)

        ends = hasty(main)

        assert [end for end in ends if isinstance(end, float)] == pytest.approx(
            [0.0, 1.0, 2.0, 3.0], abs=0.01
        )
        refused = [end for end in ends if isinstance(end, AdmissionError)]
        assert {one.reason for one in refused} == {"rate"}
        assert sorted(one.waited_seconds for one in refused) == [0.0] * 5 + [3.5]
        assert {one.retry_after_seconds for one in refused if not one.waited_seconds} == {5.0}

    def test_a_cancelled_wait_takes_no_turn(self, rates: Callable[[str, str], None]) -> None:
        """Users who give up must not use up the rate of those who stay."""
        rates("web-agents/fetch=1/s", "60")

        async def main() -> float:
            await called()
            waiting = [asyncio.create_task(called()) for _ in range(20)]
            await asyncio.sleep(0)
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)
            return await called()

        assert hasty(main) == pytest.approx(1.0, abs=0.01)


@agent(idempotent=True)
async def fetch(number: int) -> int:
    """Return *number*."""
    return number


def single(policy: Policy | None = None) -> tuple[Registry, Pipeline]:
    """Return a registry with the agent, and a pipeline of it."""
    from registry_core import Pipeline

    return Registry().with_agents(fetch), Pipeline("p").stage("fetch", policy=policy)


class TestRuns:
    def test_a_refused_call_is_a_failed_attempt_that_says_so(
        self, rates: Callable[[str, str], None]
    ) -> None:
        """The record tells the limit from a fault of the agent."""
        rates("*=2/h", "0")
        registry, pipeline = single(Policy(on_error="stop"))

        async def main() -> list[str]:
            runs = [await registry.run(pipeline, 1, middleware=[rate_limit]) for _ in range(3)]
            errors = [run.stages[0].attempts[0].error for run in runs]
            return ["" if error is None else error.message for error in errors]

        first, second, third = asyncio.run(main())

        assert (first, second) == ("", "")
        assert third.endswith("was not called after 0 s: rate")

    def test_it_is_found_by_its_name(self, rates: Callable[[str, str], None]) -> None:
        """Settings name it, and then nobody has to import it."""
        rates("*=1000/s", "")

        result = Registry.discover().run_sync(
            fetch, 7, middleware=["middleware-ratelimit/rate_limit"]
        )

        assert result.output == 7

    def test_a_rate_that_cannot_be_read_stops_the_attempt(
        self, rates: Callable[[str, str], None]
    ) -> None:
        """And is not retried: it stays unreadable."""
        rates("fetch=often", "")
        registry, pipeline = single()

        result = registry.run_sync(pipeline, 1, middleware=[rate_limit])

        assert result.status == "failed"
        assert len(result.stages[0].attempts) == 1
