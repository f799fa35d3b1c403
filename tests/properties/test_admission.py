"""Laws of admission: no budget is ever overrun, nobody is lost, and order is kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from registry_core.definitions.resources import Resources
from registry_core.names import AgentId
from registry_core.runtime.admission import Admission, Gate
from registry_core.settings.limits import HostCapacity

MEMORY_MIB = 8
CORES = 4
NEEDS = st.builds(
    Resources,
    memory_mib=st.integers(0, MEMORY_MIB),
    cpu_cores=st.integers(0, CORES).map(float),
    max_concurrency=st.integers(1, 3),
)


@dataclass(eq=False)
class _Visit:
    """One who came: its needs, and its task while it may still queue."""

    gate: Gate
    needs: Resources
    task: asyncio.Task[float] | None
    inside: bool = False


class Admitting(RuleBasedStateMachine):
    """An admission beside a list of all who came, read from the front after each change."""

    @initialize(needs=st.lists(NEEDS, min_size=3, max_size=3))
    def begin(self, needs: list[Resources]) -> None:
        """Open an empty host with three agents."""
        self.loop = asyncio.new_event_loop()
        self.admission = Admission(HostCapacity(memory_mib=MEMORY_MIB, cpu_cores=CORES))
        self.needs = needs
        self.gates: list[Gate] = []
        for number, need in enumerate(needs):
            gate = self.admission.gate(AgentId(f"some-agents/agent{number}@1.0"), need)
            assert gate is not None
            self.gates.append(gate)
        self.visits: list[_Visit] = []

    @rule(agent=st.integers(0, 2))
    def come(self, agent: int) -> None:
        """Come and go in, or queue."""
        gate = self.gates[agent]
        visit = _Visit(gate, self.needs[agent], None)
        self.visits.append(visit)
        entered = self.admission.try_enter(gate)
        if not entered:
            visit.task = self.loop.create_task(self.admission.enter(gate, 3600))
        self._turn()

        self._let_in()

        assert entered is visit.inside

    @precondition(lambda self: any(visit.inside for visit in self.visits))
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """Leave; others get in."""
        visit = data.draw(st.sampled_from([visit for visit in self.visits if visit.inside]))
        self.visits.remove(visit)
        self.admission.leave(visit.gate)
        self._turn()
        self._let_in()

    @precondition(lambda self: not all(visit.inside for visit in self.visits))
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        """Stop queueing; others may get in."""
        visit = data.draw(st.sampled_from([visit for visit in self.visits if not visit.inside]))
        self.visits.remove(visit)
        assert visit.task is not None
        visit.task.cancel()
        self._turn()
        assert visit.task.cancelled()
        self._let_in()

    @precondition(lambda self: any(visit.inside for visit in self.visits))
    @rule(data=st.data())
    def leave_while_another_gives_up(self, data: st.DataObject) -> None:
        """Leave, and have the one who is let in cancelled before it wakes."""
        leaver = data.draw(st.sampled_from([visit for visit in self.visits if visit.inside]))
        queueing = [visit for visit in self.visits if not visit.inside]
        self.visits.remove(leaver)
        self.admission.leave(leaver.gate)
        self._let_in()
        if queueing:
            visit = data.draw(st.sampled_from(queueing))
            self.visits.remove(visit)
            assert visit.task is not None
            visit.task.cancel()
        self._turn()
        self._let_in()

    @invariant()
    def no_budget_is_overrun(self) -> None:
        """Hold to memory, cores and places, and know how much is taken."""
        inside = [visit for visit in self.visits if visit.inside]
        crowd = self.admission.crowd()

        assert crowd.running == len(inside)
        assert crowd.waiting == len(self.visits) - len(inside)
        assert crowd.memory_mib == sum(visit.needs.memory_mib for visit in inside) <= MEMORY_MIB
        assert crowd.cpu_cores == sum(visit.needs.cpu_cores for visit in inside) <= CORES

    @invariant()
    def exactly_those_are_in_who_should_be(self) -> None:
        """Lose nobody, and let nobody pass."""
        for visit in self.visits:
            done = visit.task is None or visit.task.done()
            assert done is visit.inside

    def teardown(self) -> None:
        """End who still queues."""
        for visit in self.visits:
            if visit.task is not None:
                visit.task.cancel()
        self._turn()
        self.loop.close()

    def _turn(self) -> None:
        async def turns() -> None:
            for _ in range(4):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turns())

    def _let_in(self) -> None:
        """Read all from the front, again after each who gets in."""
        while (visit := self._first()) is not None:
            visit.inside = True

    def _first(self) -> _Visit | None:
        inside = [visit for visit in self.visits if visit.inside]
        free_mib = MEMORY_MIB - sum(visit.needs.memory_mib for visit in inside)
        free_cores = CORES - sum(visit.needs.cpu_cores for visit in inside)
        memory_is_wanted = cores_are_wanted = False
        for visit in self.visits:
            needs = visit.needs
            own = sum(other.gate is visit.gate for other in inside)
            if visit.inside or own == needs.max_concurrency:
                continue
            fits = needs.memory_mib <= free_mib and needs.cpu_cores <= free_cores
            passes = (needs.memory_mib and memory_is_wanted) or (
                needs.cpu_cores and cores_are_wanted
            )
            if fits and not passes:
                return visit
            memory_is_wanted = memory_is_wanted or needs.memory_mib > 0
            cores_are_wanted = cores_are_wanted or needs.cpu_cores > 0
        return None


TestAdmitting = Admitting.TestCase
