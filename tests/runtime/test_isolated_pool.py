"""Tests of a plugin's workers: how many there are, how long they are kept, who waits."""

from __future__ import annotations

import asyncio
import gc
import os
from typing import TYPE_CHECKING

import pytest

from registry_core.definitions.agent import AgentDefinition, InputDefinition
from registry_core.definitions.place import CodePlace
from registry_core.errors import AdmissionError, AgentLoadError
from registry_core.names import AgentId, AgentName
from registry_core.runtime import isolated_calls
from registry_core.runtime.isolated_calls import calling
from registry_core.runtime.isolated_pool import WorkerPool
from registry_core.schemas.from_model import schema_of
from registry_core.settings.limits import HostCapacity, IsolationPolicy
from registry_core.testing.clock import FakeClock
from tests.runtime.isolation import eventually, install, is_alive

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from registry_core.testing.site import AgentSite

pytestmark = pytest.mark.skipif(os.name != "posix", reason="workers need a POSIX system")

AGENT = AgentId("wild-agents/act@1.0")


def act(site: AgentSite, pool: WorkerPool) -> Callable[..., Awaitable[object]]:
    """Return the wild agent as a function that runs in *pool*."""
    if not (site.folder / "wild_agents.py").exists():
        install(site)
    text = schema_of(str).id
    inputs = (InputDefinition("text", text),)
    definition = AgentDefinition(AgentName("act"), "wild_agents:act", text, inputs)
    metadata = str(site.folder / "wild_agents-1.0.dist-info")
    place = CodePlace(pool.plugin, "1.0", metadata, definition.target)
    return calling(AGENT, definition, place, pool)


class TestWorkers:
    def test_there_are_as_many_as_calls_at_once_and_no_more_than_may_be(
        self, agent_site: AgentSite
    ) -> None:
        """The number is what memory is planned with."""
        call = act(agent_site, WorkerPool("wild-agents:wild", IsolationPolicy(workers=2)))

        async def calls() -> set[object]:
            busy = [asyncio.ensure_future(call(text="sleep 0.2")) for _ in range(3)]
            pids = [asyncio.ensure_future(call(text="pid")) for _ in range(9)]
            await asyncio.gather(*busy)
            return set(await asyncio.gather(*pids))

        assert len(asyncio.run(calls())) in {1, 2}

    def test_one_that_was_idle_for_long_is_not_asked_again(self, agent_site: AgentSite) -> None:
        """It goes home by itself after a minute; a call must not meet it at the door."""
        clock = FakeClock()
        pool = WorkerPool("wild-agents:wild", IsolationPolicy(), now=clock.monotonic)
        call = act(agent_site, pool)

        first = asyncio.run(one(call))
        clock.advance(49)
        again = asyncio.run(one(call))
        clock.advance(51)
        later = asyncio.run(one(call))

        assert first == again != later
        assert eventually(lambda: not is_alive(first))

    def test_they_end_with_the_pool(self, agent_site: AgentSite) -> None:
        """A registry that nobody has any more must not keep processes."""
        pool = WorkerPool("wild-agents:wild", IsolationPolicy())
        call = act(agent_site, pool)
        pid = asyncio.run(one(call))

        del pool, call
        gc.collect()

        assert eventually(lambda: not is_alive(pid))

    def test_a_process_that_was_forked_from_the_host_starts_its_own(
        self, agent_site: AgentSite
    ) -> None:
        """Two processes on one socket would read each other's replies."""
        call = act(agent_site, WorkerPool("wild-agents:wild", IsolationPolicy()))
        ours = asyncio.run(one(call))

        read, write = os.pipe()
        if (child := os.fork()) == 0:
            os.write(write, str(asyncio.run(one(call))).encode())
            os._exit(0)
        os.waitpid(child, 0)
        theirs = int(os.read(read, 20))
        os.close(read)
        os.close(write)

        assert theirs != ours
        assert asyncio.run(one(call)) == ours
        assert eventually(lambda: not is_alive(theirs))


class TestQueue:
    def test_who_finds_the_queue_full_is_refused_by_name(self, agent_site: AgentSite) -> None:
        """The limits of [run.capacity] hold for this queue, too."""
        policy, capacity = IsolationPolicy(workers=1), HostCapacity(queue_limit=1)
        call = act(agent_site, WorkerPool("wild-agents:wild", policy, capacity))

        async def three() -> list[object]:
            calls = [call(text="sleep 0.3") for _ in range(3)]
            return list(await asyncio.gather(*calls, return_exceptions=True))

        *_, refused = asyncio.run(three())

        assert isinstance(refused, AdmissionError)
        assert (refused.agent, refused.reason) == (AGENT, "capacity")

    def test_who_is_cancelled_while_waiting_leaves_no_worker_behind(
        self, agent_site: AgentSite
    ) -> None:
        """Nor a place: the next one in the queue gets it."""
        call = act(agent_site, WorkerPool("wild-agents:wild", IsolationPolicy(workers=1)))

        async def calls() -> tuple[object, object]:
            first = asyncio.ensure_future(call(text="sleep 0.3"))
            second = asyncio.ensure_future(call(text="x"))
            third = asyncio.ensure_future(call(text="y"))
            await asyncio.sleep(0)
            second.cancel()
            return await first, await third

        assert asyncio.run(calls()) == ("SLEEP 0.3", "Y")


class TestSystem:
    def test_where_there_are_no_workers_that_is_said(
        self, agent_site: AgentSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A setting that cannot be kept must not be passed over."""
        monkeypatch.setattr(isolated_calls, "IS_POSSIBLE", False)

        with pytest.raises(AgentLoadError) as refused:
            act(agent_site, WorkerPool("wild-agents:wild", IsolationPolicy()))

        assert refused.value.step == "isolation"


async def one(call: Callable[..., Awaitable[object]]) -> int:
    """Return the process that a call runs in."""
    return int(str(await call(text="pid")))
