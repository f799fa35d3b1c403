"""Laws of batches, streams and balancers: whatever happens, every item is told of once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from registry_core.results.batch import Outcome
from registry_core.results.outcomes import ErrorRecord
from registry_core.runtime.balancer import Balancer
from registry_core.runtime.batch import batch_result_of, run_batch, stream_batch
from registry_core.runtime.batching_options import BatchOptions
from registry_core.runtime.batching_spread import Spread
from registry_core.runtime.replicas import BalancerOptions, Replica

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from registry_core.results.batch import BatchResult, ItemRecord
    from registry_core.runtime.replicas import Mode

BAD = Outcome(ok=False, error=ErrorRecord("agent_error", "", "no"))


@dataclass(frozen=True)
class Item:
    """What one item does: so many turns of the event loop, and then how it ends."""

    turns: int
    ends: Literal["returns", "fails", "raises", "cancels itself", "exits"]


ITEMS = st.lists(
    st.builds(
        Item,
        st.integers(0, 3),
        st.sampled_from(["returns", "returns", "fails", "raises", "cancels itself", "exits"]),
    ),
    max_size=40,
)
SOURCES = st.sampled_from(["list", "iterator", "async", "thread"])


async def work(item: Item) -> Outcome:
    """Do what the item says."""
    for _ in range(item.turns):
        await asyncio.sleep(0)
    match item.ends:
        case "returns":
            return Outcome(ok=True, value=item)
        case "fails":
            return BAD
        case "raises":
            raise OSError
        case "cancels itself":
            raise asyncio.CancelledError
        case "exits":
            raise SystemExit


def source_of(items: list[Item], kind: str) -> Iterable[Item] | AsyncIterator[Item]:
    """Return *items* as a source of some kind."""

    async def gradually() -> AsyncIterator[Item]:
        for item in items:
            await asyncio.sleep(0)
            yield item

    match kind:
        case "list":
            return items
        case "async":
            return gradually()
        case _:
            return iter(items)


@settings(deadline=None, max_examples=60)
@given(ITEMS, SOURCES, st.integers(1, 9), st.none() | st.integers(1, 5))
@pytest.mark.requirement("R50", "R52", "R58", "R59")
@pytest.mark.fault("F61", "F66")
def test_every_item_of_a_batch_is_told_of_once(
    items: list[Item], kind: str, workers: int, max_failures: int | None
) -> None:
    """Counts and records are two views of one thing, and nobody is missing."""
    options = BatchOptions(
        max_concurrency=workers, max_failures=max_failures, blocking_source=kind == "thread"
    )

    async def main() -> BatchResult:
        result = await run_batch(source_of(items, kind), work, options=options)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    result = asyncio.run(main())
    summary = result.summary

    assert [record.index for record in result.items] == list(range(len(result.items)))
    found = Counter(record.status for record in result.items)
    assert (found["succeeded"], found["failed"]) == (summary.succeeded, summary.failed)
    assert summary.peak_concurrency <= workers
    for record in result.items:
        if record.status != "not_run":
            assert (record.status == "succeeded") == (items[record.index].ends == "returns")
            assert (record.error is None) == (record.status == "succeeded")
    if max_failures is None or summary.failed < max_failures:
        assert summary.tried == len(items)
        assert summary.not_run == 0
    else:
        assert result.stopped_by in {"max_failures", ""}
        assert summary.failed < max_failures + workers


@settings(deadline=None, max_examples=100)
@given(ITEMS, SOURCES, st.integers(1, 9), st.integers(0, 60), st.booleans())
@pytest.mark.requirement("R55", "R62")
@pytest.mark.fault("F64")
def test_a_batch_that_is_cancelled_tells_of_every_item_that_was_begun(
    items: list[Item],
    kind: str,
    workers: int,
    turns: int,
    twice: bool,  # noqa: FBT001 -- drawn
) -> None:
    """At whichever moment it comes, and once more while it ends."""
    begun: list[Item] = []

    async def seen(item: Item) -> Outcome:
        begun.append(item)
        return await work(item)

    async def main() -> BatchResult:
        options = BatchOptions(max_concurrency=workers, blocking_source=kind == "thread")
        task = asyncio.create_task(run_batch(source_of(items, kind), seen, options=options))
        for _ in range(turns):
            await asyncio.sleep(0)
        is_in_time = task.cancel()
        if twice:
            await asyncio.sleep(0)
            task.cancel()
        try:
            result = await task
        except asyncio.CancelledError as error:
            found = batch_result_of(error)
            assert is_in_time
            # Cancelled before its first step it has not begun, and has no result.
            result = found or await run_batch([], seen)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    result = asyncio.run(main())

    indexes = [record.index for record in result.items]
    assert indexes == list(range(len(indexes)))
    assert sum(record.status != "not_run" for record in result.items) == len(begun)
    assert result.summary.tried == len(begun)
    if kind == "list" and begun:
        assert len(indexes) == len(items)


@settings(deadline=None, max_examples=60)
@given(
    ITEMS,
    SOURCES,
    st.integers(1, 9),
    st.none() | st.integers(1, 12),
    st.booleans(),
    st.none() | st.integers(0, 40),
)
@pytest.mark.requirement("R54", "R61")
@pytest.mark.fault("F62", "F65")
def test_a_stream_tells_of_every_item_that_was_begun(
    items: list[Item],
    kind: str,
    workers: int,
    window: int | None,
    ordered: bool,  # noqa: FBT001 -- drawn
    read: int | None,
) -> None:
    """Read to its end or left in the middle: no item is lost, and none is told of twice."""
    begun: list[Item] = []

    async def seen(item: Item) -> Outcome:
        begun.append(item)
        return await work(item)

    async def main() -> tuple[list[ItemRecord], list[ItemRecord]]:
        options = BatchOptions(
            max_concurrency=workers,
            window=window,
            ordered=ordered,
            blocking_source=kind == "thread",
        )
        records: list[ItemRecord] = []
        async with stream_batch(source_of(items, kind), seen, options=options) as stream:
            if read != 0:
                async for record in stream:
                    records.append(record)
                    if len(records) == read:
                        break
                    assert len(begun) - len(records) <= options.reach
        rest = list(stream.rest())
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return records, rest

    records, rest = asyncio.run(main())
    indexes = [record.index for record in records]

    if ordered:
        assert indexes == list(range(len(indexes)))
    assert sorted([*indexes, *(record.index for record in rest)]) == list(range(len(begun)))
    if read is None or read > len(items):
        assert len(records) == len(items)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=250), st.sampled_from([0.5, 0.95, 0.99]))
@pytest.mark.requirement("R63")
def test_a_percentile_is_never_far_off(durations: list[float], share: float) -> None:
    """What is shown is what was measured, within a sixteenth."""
    spread = Spread()
    for start in range(0, len(durations), 7):
        spread.add(durations[start : start + 7])

    exact = sorted(durations)[max(-(-int(share * 100) * len(durations) // 100), 1) - 1]

    found = spread.distribution().quantile(share)
    assert found == pytest.approx(exact, rel=0.0626, abs=1e-300)


class BalancerMachine(RuleBasedStateMachine):
    """Items come, end well or badly, are cancelled; replicas go away, drain and come back."""

    replicas: tuple[str, ...] = ("a", "b", "c")
    tasks = Bundle("tasks")
    mode: Mode = "pull"

    def __init__(self) -> None:
        """Begin with three idle replicas of different capacities."""
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.capacity = dict(zip(self.replicas, (1, 2, 3), strict=True))
        self.away: set[str] = set()
        self.running: dict[str, dict[int, asyncio.Future[Outcome]]] = {r: {} for r in self.replicas}
        self.tries: dict[int, list[str]] = {}
        self.calls: dict[int, asyncio.Task[Outcome]] = {}
        self.done_well: Counter[int] = Counter()
        self.balancer = Balancer(
            [self._replica(name) for name in self.replicas],
            options=BalancerOptions(mode=self.mode, recheck_seconds=60, patience_seconds=600),
        )

    def _replica(self, name: str) -> Replica[int]:
        async def run(item: int) -> Outcome:
            others = {r for r in self.replicas if self._is_offered(r)} - set(self.tries[item])
            assert name not in self.tries[item] or not others - {name}
            self.tries[item].append(name)
            future: asyncio.Future[Outcome] = self.loop.create_future()
            self.running[name][item] = future
            try:
                return await future
            finally:
                del self.running[name][item]

        return Replica(name, run, self.capacity[name], lambda: name not in self.away)

    def _is_offered(self, name: str) -> bool:
        draining = {h.name for h in self.balancer.health if h.is_draining}
        return name not in self.away and name not in draining

    def _turn(self) -> None:
        async def turns() -> None:
            for _ in range(6):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turns())

    @rule(target=tasks, count=st.integers(1, 4))
    def submit(self, count: int) -> object:
        """Some items come."""

        async def call(item: int) -> Outcome:
            return await self.balancer(item)

        numbers = range(len(self.calls), len(self.calls) + count)
        for item in numbers:
            self.tries[item] = []
            self.calls[item] = self.loop.create_task(call(item))
        self._turn()
        return multiple(*numbers)

    @precondition(lambda self: any(self.running.values()))
    @rule(data=st.data(), ok=st.booleans())
    def end(self, data: st.DataObject, *, ok: bool) -> None:
        """An item ends."""
        name = data.draw(st.sampled_from([r for r in self.replicas if self.running[r]]))
        item = data.draw(st.sampled_from(sorted(self.running[name])))
        self.done_well[item] += ok
        self.running[name][item].set_result(Outcome(ok=True) if ok else BAD)
        self._turn()

    @rule(item=tasks)
    def cancel(self, item: int) -> None:
        """Somebody gives up."""
        self.calls[item].cancel()
        self._turn()

    @rule(first=tasks, second=tasks)
    def end_and_cancel_at_once(self, first: int, second: int) -> None:
        """An item ends, and another is cancelled before anybody had a turn."""
        for name in self.replicas:
            if first in self.running[name] and not self.calls[first].cancelling():
                self.done_well[first] += 1
                self.running[name][first].set_result(Outcome(ok=True))
        self.loop.run_until_complete(asyncio.sleep(0))
        self.calls[second].cancel()
        self._turn()

    @rule(name=st.sampled_from(replicas))
    def go_or_come_back(self, name: str) -> None:
        """A breaker opens, or closes."""
        self.away ^= {name}
        self.loop.run_until_complete(self._recheck())
        self._turn()

    async def _recheck(self) -> None:
        self.balancer.recheck()

    @rule(name=st.sampled_from(replicas))
    def drain_or_resume(self, name: str) -> None:
        """A replica is taken out, or put back."""
        is_draining = {h.name: h.is_draining for h in self.balancer.health}[name]

        async def switch() -> None:
            if is_draining:
                self.balancer.resume(name)
            else:
                draining = asyncio.ensure_future(self.balancer.drain(name))
                await asyncio.sleep(0)
                draining.cancel()

        self.loop.run_until_complete(switch())
        self._turn()

    @invariant()
    def no_replica_has_more_than_its_capacity(self) -> None:
        """The capacity is there to protect the replica."""
        for health in self.balancer.health:
            assert health.active == len(self.running[health.name]) <= health.capacity

    @invariant()
    def nobody_waits_while_a_seat_is_free(self) -> None:
        """Work that could be done is done."""
        waiting = [
            item
            for item, call in self.calls.items()
            if not call.done() and not any(item in here for here in self.running.values())
        ]
        offered = {name for name in self.replicas if self._is_offered(name)}
        for item in waiting:
            fresh = offered - set(self.tries[item]) or offered
            if self.mode == "pull":
                assert all(len(self.running[r]) == self.capacity[r] for r in fresh)

    @invariant()
    def nothing_is_done_twice_and_tries_are_bounded(self) -> None:
        """An item has one end."""
        assert all(count <= 1 for count in self.done_well.values())
        assert all(len(names) <= 3 for names in self.tries.values())

    def teardown(self) -> None:
        """Look at the end, and leave nothing behind."""
        try:
            self.come_to_an_end()
        finally:
            self.loop.close()

    def come_to_an_end(self) -> None:
        """With all replicas back, everything that was not cancelled comes to an end."""
        self.away.clear()
        for health in self.balancer.health:
            if health.is_draining:
                self.loop.run_until_complete(self._resume(health.name))
        self.loop.run_until_complete(self._recheck())
        self._turn()
        while any(self.running.values()):
            for here in self.running.values():
                for item, future in list(here.items()):
                    self.done_well[item] += 1
                    future.set_result(Outcome(ok=True))
            self._turn()
        assert all(call.done() for call in self.calls.values())
        for item, call in self.calls.items():
            if not call.cancelled():
                assert call.result().ok == (self.done_well[item] == 1)
        assert all(h.active == h.queued == 0 for h in self.balancer.health)

    async def _resume(self, name: str) -> None:
        self.balancer.resume(name)


class PushingMachine(BalancerMachine):
    """The same, where each replica has a line of its own."""

    mode: Mode = "push"


@pytest.mark.requirement("R94", "R96")
@pytest.mark.parametrize("machine", [BalancerMachine, PushingMachine])
def test_no_item_is_lost_and_no_replica_has_too_many(machine: type[BalancerMachine]) -> None:
    """Whatever comes and goes in whichever order."""
    steps = settings(deadline=None, max_examples=60, stateful_step_count=30)

    run_state_machine_as_test(machine, settings=steps)
