"""Whether there is room for an attempt, and who gets it."""

from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from registry_core.definitions.resources import Resources
from registry_core.errors import AdmissionError
from registry_core.names import AgentId
from registry_core.runtime.admission import Admission, Gate
from registry_core.settings.limits import HostCapacity

if TYPE_CHECKING:
    from collections.abc import Coroutine

READ = AgentId("pdf-agents/read@1.0.0")
DRAW = AgentId("report-agents/draw@1.0.0")
LIST = AgentId("report-agents/list@1.0.0")
LONG = 60.0


def gate_of(admission: Admission, agent: AgentId, **needs: float) -> Gate:
    """Return the gate of *agent*, which there must be."""
    gate = admission.gate(agent, Resources(**needs))  # type: ignore[arg-type]
    assert gate is not None
    return gate


async def begin(work: Coroutine[object, object, float]) -> asyncio.Task[float]:
    """Return the task of *work*, once it waits or has ended."""
    task = asyncio.create_task(work)
    await turn()
    return task


async def turn() -> None:
    """Let everybody go on who can."""
    for _ in range(3):
        await asyncio.sleep(0)


class TestRoom:
    @pytest.mark.requirement("R66")
    def test_two_of_512_mib_run_in_1024_and_the_third_queues(self) -> None:
        """A host that swaps is slower than one that waits."""

        async def main() -> tuple[list[bool], bool, bool]:
            admission = Admission(HostCapacity(memory_mib=1024))
            gate = gate_of(admission, READ, memory_mib=512)
            entered = [admission.try_enter(gate) for _ in range(3)]
            third = await begin(admission.enter(gate, LONG))
            before = third.done()
            admission.leave(gate)
            await turn()
            return entered, before, third.done()

        assert asyncio.run(main()) == ([True, True, False], False, True)

    def test_places_memory_and_cores_all_count(self) -> None:
        """Whichever runs out first is the limit."""
        admission = Admission(HostCapacity(memory_mib=100, cpu_cores=0.3))
        read = gate_of(admission, READ, memory_mib=30, cpu_cores=0.1)
        draw = gate_of(admission, DRAW, max_concurrency=1)

        assert [admission.try_enter(read) for _ in range(4)] == [True, True, True, False]
        assert [admission.try_enter(draw) for _ in range(2)] == [True, False]

    def test_fractions_of_a_core_do_not_drift(self) -> None:
        """A tenth is no binary number; after a day the budget must still be the budget."""
        admission = Admission(HostCapacity(cpu_cores=1.0))
        gate = gate_of(admission, READ, cpu_cores=0.1)

        for _ in range(1000):
            while admission.try_enter(gate):
                pass
            assert gate.running == 10
            for _ in range(10):
                admission.leave(gate)

    @pytest.mark.parametrize(
        ("capacity", "resources"),
        [
            (HostCapacity(), Resources()),
            (HostCapacity(), Resources(memory_mib=512, cpu_cores=2)),
            (HostCapacity(memory_mib=1024), Resources(cpu_cores=2)),
        ],
    )
    def test_what_nothing_limits_has_no_gate(
        self, capacity: HostCapacity, resources: Resources
    ) -> None:
        """Then an attempt pays nothing for admission."""
        assert Admission(capacity).gate(READ, resources) is None

    def test_all_runs_share_the_gate_of_an_agent(self) -> None:
        """An agent that takes two calls takes two, however many pipelines call it."""
        admission = Admission(HostCapacity())

        assert gate_of(admission, READ, max_concurrency=2) is gate_of(
            admission, READ, max_concurrency=2
        )

    def test_how_full_it_is_can_be_asked(self) -> None:
        """``status`` shows why something waits."""

        async def main() -> Admission:
            admission = Admission(HostCapacity(memory_mib=100, cpu_cores=2, queue_limit=1))
            gate = gate_of(admission, READ, memory_mib=60, cpu_cores=0.5)
            admission.try_enter(gate)
            await begin(admission.enter(gate, LONG))
            with suppress(AdmissionError):
                await admission.enter(gate, LONG)
            crowd = admission.crowd()
            assert (crowd.running, crowd.waiting, crowd.refused) == (1, 1, 1)
            assert (crowd.memory_mib, crowd.cpu_cores) == (60, 0.5)
            return admission

        assert asyncio.run(main()).crowd().waiting == 0


class TestOrder:
    def test_who_came_first_gets_in_first(self) -> None:
        """A queue that is none makes the slowest case slower."""

        async def main() -> list[int]:
            admission = Admission(HostCapacity())
            gate = gate_of(admission, READ, max_concurrency=1)
            admission.try_enter(gate)
            order: list[int] = []

            async def visit(number: int) -> None:
                await admission.enter(gate, LONG)
                order.append(number)
                admission.leave(gate)

            tasks = [asyncio.create_task(visit(number)) for number in range(10)]
            await turn()
            admission.leave(gate)
            await asyncio.gather(*tasks)
            return order

        assert asyncio.run(main()) == list(range(10))

    def test_nobody_slips_in_between_a_leaver_and_who_waits(self) -> None:
        """Else a busy loop that never suspends keeps everybody else out."""

        async def main() -> bool:
            admission = Admission(HostCapacity())
            gate = gate_of(admission, READ, max_concurrency=1)
            admission.try_enter(gate)
            await begin(admission.enter(gate, LONG))
            admission.leave(gate)
            return admission.try_enter(gate)

        assert asyncio.run(main()) is False

    def test_a_full_agent_holds_up_nobody_else(self) -> None:
        """One slow service with one place must not stop the host."""

        async def main() -> bool:
            admission = Admission(HostCapacity(memory_mib=100))
            full = gate_of(admission, READ, max_concurrency=1, memory_mib=10)
            admission.try_enter(full)
            await begin(admission.enter(full, LONG))
            return admission.try_enter(gate_of(admission, DRAW, memory_mib=10))

        assert asyncio.run(main()) is True

    def test_small_ones_do_not_starve_a_big_one(self) -> None:
        """With small ones always let by, there is never room for the big one."""

        async def main() -> tuple[bool, bool, bool]:
            admission = Admission(HostCapacity(memory_mib=100, cpu_cores=1))
            small = gate_of(admission, READ, memory_mib=40)
            big = gate_of(admission, DRAW, memory_mib=90)
            other = gate_of(admission, LIST, cpu_cores=0.5)
            admission.try_enter(small)
            waits = await begin(admission.enter(big, LONG))
            small_gets_by, other_gets_by = admission.try_enter(small), admission.try_enter(other)
            admission.leave(small)
            await turn()
            return small_gets_by, other_gets_by, waits.done()

        assert asyncio.run(main()) == (False, True, True)

    def test_who_gives_up_lets_those_behind_go_on(self) -> None:
        """They only waited for the one in front of them."""

        async def main() -> bool:
            admission = Admission(HostCapacity(memory_mib=100))
            small, big = (
                gate_of(admission, READ, memory_mib=40),
                gate_of(admission, DRAW, memory_mib=90),
            )
            admission.try_enter(small)
            in_front = await begin(admission.enter(big, LONG))
            behind = await begin(admission.enter(small, LONG))
            in_front.cancel()
            await turn()
            return behind.done()

        assert asyncio.run(main()) is True


class TestRefusals:
    @pytest.mark.fault("F59")
    def test_a_full_queue_refuses_at_once(self) -> None:
        """Waiting without end behind a thousand others is no service."""

        async def main() -> AdmissionError:
            admission = Admission(HostCapacity(queue_limit=2))
            gate = gate_of(admission, READ, max_concurrency=1)
            admission.try_enter(gate)
            for _ in range(2):
                await begin(admission.enter(gate, LONG))
            with pytest.raises(AdmissionError) as caught:
                await admission.enter(gate, LONG)
            assert admission.crowd().refused == 1
            return caught.value

        error = asyncio.run(main())

        assert (error.agent, error.reason, error.waited_seconds) == (READ, "capacity", 0.0)

    def test_what_never_fits_is_refused_at_once(self) -> None:
        """It would wait for ever, and everybody behind it."""

        async def main() -> str:
            admission = Admission(HostCapacity(memory_mib=100))
            gate = gate_of(admission, READ, memory_mib=101)
            assert not admission.try_enter(gate)
            with pytest.raises(AdmissionError) as caught:
                await admission.enter(gate, LONG)
            return caught.value.reason

        assert asyncio.run(main()) == "capacity"

    @pytest.mark.parametrize(("own", "host"), [(0.01, 60.0), (60.0, 0.01)], ids=["caller", "host"])
    def test_queueing_ends_at_the_nearer_limit(self, own: float, host: float) -> None:
        """A caller without patience is told so, and its place in the queue is free."""

        async def main() -> tuple[AdmissionError, int]:
            admission = Admission(HostCapacity(queue_seconds=host))
            gate = gate_of(admission, READ, max_concurrency=1)
            admission.try_enter(gate)
            with pytest.raises(AdmissionError) as caught:
                await admission.enter(gate, own)
            return caught.value, admission.crowd().waiting

        error, waiting = asyncio.run(main())

        assert (error.reason, waiting) == ("queue_timeout", 0)
        assert error.waited_seconds >= 0.009

    def test_who_queued_learns_how_long(self) -> None:
        """Queue time is not the agent's time, and records keep them apart."""

        async def main() -> float:
            admission = Admission(HostCapacity())
            gate = gate_of(admission, READ, max_concurrency=1)
            admission.try_enter(gate)
            waits = await begin(admission.enter(gate, LONG))
            await asyncio.sleep(0.02)
            admission.leave(gate)
            return await waits

        assert asyncio.run(main()) >= 0.02


class TestCancellation:
    @pytest.mark.fault("F54")
    @pytest.mark.parametrize("let_in", [False, True], ids=["while-queueing", "just-let-in"])
    def test_a_cancelled_one_leaks_nothing(self, *, let_in: bool) -> None:
        """A place that is lost on every cancellation stops the host in a week."""

        async def main() -> tuple[int, int, bool]:
            admission = Admission(HostCapacity(memory_mib=100))
            gate = gate_of(admission, READ, max_concurrency=1, memory_mib=100)
            admission.try_enter(gate)
            waits = await begin(admission.enter(gate, LONG))
            if let_in:
                admission.leave(gate)
            waits.cancel()
            await asyncio.wait([waits])
            if not let_in:
                admission.leave(gate)
            crowd = admission.crowd()
            return crowd.running, crowd.waiting, admission.try_enter(gate)

        assert asyncio.run(main()) == (0, 0, True)

    def test_a_closed_coroutine_leaks_nothing(self) -> None:
        """Agents that swallow cancellation are closed by force."""

        async def main() -> tuple[int, bool]:
            admission = Admission(HostCapacity())
            gate = gate_of(admission, READ, max_concurrency=1)
            admission.try_enter(gate)
            queueing = admission.enter(gate, LONG)
            queueing.send(None)
            queueing.close()
            admission.leave(gate)
            return admission.crowd().waiting, admission.try_enter(gate)

        assert asyncio.run(main()) == (0, True)

    def test_a_thousand_that_come_and_go_leave_nothing_behind(self) -> None:
        """Memory that grows with every impatient caller is a leak."""

        async def main() -> int:
            admission = Admission(HostCapacity())
            gate = gate_of(admission, READ, max_concurrency=1)
            admission.try_enter(gate)
            for _ in range(1000):
                waits = await begin(admission.enter(gate, LONG))
                waits.cancel()
                await asyncio.wait([waits])
            return len(gate.waiting)

        assert asyncio.run(main()) == 0


class TestLoops:
    def test_loops_in_several_threads_share_the_host(self) -> None:
        """Memory is that of the process, whichever loop runs the agent."""
        admission = Admission(HostCapacity(memory_mib=100))
        gate = gate_of(admission, READ, memory_mib=50)
        most, inside, entered = 0, 0, 0
        counting = threading.Lock()

        async def visit() -> None:
            nonlocal most, inside, entered
            if not admission.try_enter(gate):
                await admission.enter(gate, LONG)
            with counting:
                inside, entered = inside + 1, entered + 1
                most = max(most, inside)
            await asyncio.sleep(0)
            with counting:
                inside -= 1
            admission.leave(gate)

        async def visits() -> None:
            await asyncio.gather(*(visit() for _ in range(50)))

        threads = [threading.Thread(target=lambda: asyncio.run(visits())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert (entered, most) == (200, 2)
        assert admission.crowd().running == 0

    def test_a_loop_that_is_gone_does_not_take_a_place_along(self) -> None:
        """A thread may end in the middle of things."""
        admission = Admission(HostCapacity())
        gate = gate_of(admission, READ, max_concurrency=1)
        admission.try_enter(gate)
        loop = asyncio.new_event_loop()
        queueing = admission.enter(gate, LONG)

        async def queue() -> None:
            asyncio.get_running_loop().call_soon(lambda: queueing.send(None))
            await asyncio.sleep(0)

        loop.run_until_complete(queue())
        loop.close()
        admission.leave(gate)

        assert admission.try_enter(gate)
        queueing.close()
        gc.collect()
        assert gate.running == 1
