"""What stands between a stage and its agent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from registry_core import agent
from registry_core.definitions.resources import Resources
from registry_core.names import AgentId
from registry_core.pipeline.policy import Backoff, Policy, Substitute
from registry_core.runtime.agents import Blueprints
from registry_core.runtime.compiling import Chains
from registry_core.runtime.engine import execute
from registry_core.runtime.host import Host
from registry_core.settings.limits import BreakerPolicy, HostCapacity, RetryBudgetPolicy
from registry_core.testing.clock import FakeClock
from tests.runtime.rig import Part, Rig, agent_id, assemble

QUICK = Policy(
    max_attempts=3, backoff=Backoff(first_seconds=0, jitter=False), retry_on=("OSError",)
)
ONCE = Policy(on_error="stop")


@dataclass
class Health:
    """Whether the agents of these tests answer."""

    is_up: bool = True
    calls: int = 0


HEALTH = Health()


@pytest.fixture(autouse=True)
def healthy() -> None:
    """Begin each test with agents that answer."""
    HEALTH.is_up, HEALTH.calls = True, 0


@agent
async def shaky(number: int) -> int:
    """Return *number*, or fail while the health is bad."""
    HEALTH.calls += 1
    if not HEALTH.is_up:
        raise OSError
    return number


@agent
async def steady(number: int) -> int:
    """Return *number* and a thousand."""
    return number + 1000


@agent(resources=Resources(memory_mib=512))
async def big(number: int) -> int:
    """Hold much memory for a while."""
    del number
    HEALTH.calls += 1
    most = HEALTH.calls
    await asyncio.sleep(0.01)
    HEALTH.calls -= 1
    return most


def kept(rig: Rig, host: Host) -> Chains:
    """Return the chains of a rig under *host*, everything known."""
    blueprints = Blueprints(rig.agents, host)
    for stage in rig.pipeline.stages:
        blueprints.read(AgentId(stage.agent))
    return Chains(blueprints)


class TestBreaker:
    @pytest.mark.requirement("R2", "R95")
    def test_an_agent_that_keeps_failing_is_not_called_and_is_asked_again_later(self) -> None:
        """Whoever is down gets up sooner when nobody calls."""
        rig = assemble(Part(shaky, policy=ONCE))
        clock = FakeClock()
        chains = kept(rig, Host(BreakerPolicy(minimum_calls=2, open_seconds=30)))

        async def main() -> list[str]:
            told: list[str] = []
            for second in (0, 0, 0, 31, 0):
                await clock.sleep(second)
                HEALTH.is_up = second == 31 or "success" in told
                result = await execute(rig.pipeline, {"number": 1}, agents=chains, clock=clock)
                told.append(result.error.code if result.error else result.status)
            return told

        assert asyncio.run(main()) == [
            "agent_error",
            "agent_error",
            "circuit_open",
            "success",
            "success",
        ]
        assert HEALTH.calls == 4

    @pytest.mark.requirement("R2", "R39")
    def test_a_fallback_answers_while_the_breaker_is_open(self) -> None:
        """That is what it is for."""
        policy = Policy(on_error="fallback", fallback=agent_id(steady))
        rig = assemble(Part(shaky, policy=policy), others=[steady])
        chains = kept(rig, Host(BreakerPolicy(minimum_calls=2)))
        HEALTH.is_up = False

        async def main() -> list[object]:
            return [
                (await execute(rig.pipeline, {"number": 1}, agents=chains)).output for _ in range(4)
            ]

        assert asyncio.run(main()) == [1001] * 4
        assert HEALTH.calls == 2

    def test_a_refusal_is_on_the_record_and_no_attempt(self) -> None:
        """The record must not say that somebody was asked who was not."""
        rig = assemble(Part(shaky, policy=Policy(on_error="skip", substitute=Substitute(0))))
        chains = kept(rig, Host(BreakerPolicy(minimum_calls=1)))
        HEALTH.is_up = False

        async def main() -> list[str]:
            results = [await execute(rig.pipeline, {"number": 1}, agents=chains) for _ in range(2)]
            return [attempt.status for r in results for attempt in r.stages[0].attempts]

        assert asyncio.run(main()) == ["failed", "rejected"]


class TestBudget:
    @pytest.mark.fault("F53")
    def test_against_an_agent_that_is_down_retries_run_out(self) -> None:
        """Three attempts a call are three times the load that broke it."""
        rig = assemble(Part(shaky, policy=QUICK))
        never = BreakerPolicy(minimum_calls=1000, window_calls=1000)
        chains = kept(rig, Host(never, RetryBudgetPolicy(max_tokens=10)))
        HEALTH.is_up = False

        async def main() -> None:
            for _ in range(100):
                await execute(rig.pipeline, {"number": 1}, agents=chains)

        asyncio.run(main())

        assert HEALTH.calls <= 110


class TestRoom:
    @pytest.mark.requirement("R66")
    def test_what_does_not_fit_into_memory_queues(self) -> None:
        """Two of 512 run in 1 024, the third waits its turn."""
        rig = assemble(big)
        chains = kept(rig, Host(capacity=HostCapacity(memory_mib=1024)))

        async def main() -> list[object]:
            runs = (execute(rig.pipeline, {"number": 1}, agents=chains) for _ in range(6))
            return [result.output for result in await asyncio.gather(*runs)]

        most = asyncio.run(main())

        assert max(n for n in most if isinstance(n, int)) == 2

    @pytest.mark.fault("F59")
    def test_a_full_house_refuses_at_once_and_nobody_is_blamed(self) -> None:
        """Waiting without end is how one slow agent stops a service."""
        rig = assemble(Part(big, policy=ONCE))
        capacity = HostCapacity(memory_mib=512, queue_limit=1)
        host = Host(BreakerPolicy(minimum_calls=1), capacity=capacity)
        chains = kept(rig, host)

        async def main() -> list[str]:
            runs = (execute(rig.pipeline, {"number": 1}, agents=chains) for _ in range(4))
            results = await asyncio.gather(*runs)
            return sorted(r.error.code if r.error else r.status for r in results)

        assert asyncio.run(main()) == ["over_capacity", "over_capacity", "success", "success"]
        assert host.breakers.of(agent_id(big)).state == "closed"

    def test_a_queue_has_a_time_of_its_own(self) -> None:
        """A place that comes too late is of no use."""
        rig = assemble(Part(big, policy=ONCE))
        capacity = HostCapacity(memory_mib=512, queue_seconds=0.001)
        chains = kept(rig, Host(capacity=capacity))

        async def main() -> list[str]:
            runs = (execute(rig.pipeline, {"number": 1}, agents=chains) for _ in range(2))
            results = await asyncio.gather(*runs)
            return [r.error.code if r.error else r.status for r in results]

        assert asyncio.run(main()) == ["success", "queue_timeout"]
