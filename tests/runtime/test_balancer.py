"""Tests of the balancer: replicas that are let go of by hand, so nothing depends on a clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import ConfigError, UnknownNameError
from registry_core.results.batch import BatchResult, Outcome
from registry_core.results.outcomes import ErrorRecord
from registry_core.runtime.balancer import Balancer
from registry_core.runtime.batch import run_batch
from registry_core.runtime.batching_options import BatchOptions
from registry_core.runtime.replicas import BalancerOptions, Replica

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from registry_core.results.outcomes import ErrorCode
    from registry_core.runtime.replicas import Mode

GOOD = Outcome(ok=True)
QUICK = BalancerOptions(patience_seconds=0.05, recheck_seconds=0.005)


def bad(code: ErrorCode = "agent_error") -> Outcome:
    """Return what a failure leaves."""
    return Outcome(ok=False, error=ErrorRecord(code, "", "no"))


@dataclass
class Bench:
    """Replicas whose items end when the test says so."""

    capacities: dict[str, int]
    options: BalancerOptions = field(default_factory=BalancerOptions)
    away: set[str] = field(default_factory=set[str])
    running: dict[str, dict[int, asyncio.Future[Outcome]]] = field(
        default_factory=dict[str, dict[int, "asyncio.Future[Outcome]"]]
    )
    begun: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    def balancer(self) -> Balancer[int]:
        """Return a balancer in front of them."""
        made = [self._replica(name, capacity) for name, capacity in self.capacities.items()]
        return Balancer(made, options=self.options)

    def _replica(self, name: str, capacity: int) -> Replica[int]:
        here = self.running[name] = {}

        async def work(item: int) -> Outcome:
            self.begun.append((name, item))
            here[item] = asyncio.get_running_loop().create_future()
            try:
                return await here[item]
            finally:
                del here[item]

        return Replica(name, work, capacity, lambda: name not in self.away)

    def end(self, name: str, item: int, outcome: Outcome = GOOD) -> None:
        """Let an item end."""
        self.running[name][item].set_result(outcome)

    def where(self, item: int) -> list[str]:
        """Return where an item was tried."""
        return [name for name, begun in self.begun if begun == item]


async def settle() -> None:
    """Let everybody have a few turns."""
    for _ in range(5):
        await asyncio.sleep(0)


def submit(balancer: Balancer[int], items: Iterable[int]) -> list[asyncio.Task[Outcome]]:
    """Give items to *balancer*, each from a task of its own."""

    async def call(item: int) -> Outcome:
        return await balancer(item)

    return [asyncio.create_task(call(item)) for item in items]


def play(scene: Callable[[], Coroutine[object, object, None]]) -> None:
    """Run a test on an event loop of its own."""
    asyncio.run(scene())


class TestShares:
    @pytest.mark.requirement("R96")
    @pytest.mark.parametrize("mode", ["pull", "push"])
    def test_capacities_of_one_two_and_four_get_shares_of_one_two_and_four(
        self, mode: Mode
    ) -> None:
        """A replica twice as large is there to do twice as much."""
        served: Counter[str] = Counter()

        def replica(name: str, capacity: int) -> Replica[int]:
            async def work(item: int) -> Outcome:
                served[name] += 1
                await asyncio.sleep(0.001)
                return Outcome(ok=True, value=item)

            return Replica(name, work, capacity)

        balancer = Balancer(
            [replica("a", 1), replica("b", 2), replica("c", 4)],
            options=BalancerOptions(mode=mode),
        )
        options = BatchOptions(max_concurrency=14)
        result = asyncio.run(run_batch(range(700), balancer, options=options))

        assert result.status == "success"
        assert served["a"] == pytest.approx(100, rel=0.1)
        assert served["b"] == pytest.approx(200, rel=0.1)
        assert served["c"] == pytest.approx(400, rel=0.1)

    @pytest.mark.requirement("R96")
    def test_one_after_the_other_goes_round(self) -> None:
        """A single caller that waits for each answer must not wear out the first replica."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 2})
            balancer = bench.balancer()
            for item in range(9):
                (task,) = submit(balancer, [item])
                await settle()
                bench.end(*bench.begun[-1])
                await task
            assert Counter(name for name, _ in bench.begun) == {"a": 3, "b": 6}

        play(scene)

    def test_the_same_calls_go_the_same_ways(self) -> None:
        """What happened yesterday can be seen again."""

        async def ways() -> list[tuple[str, int]]:
            bench = Bench({"a": 2, "b": 1, "c": 3})
            tasks = submit(bench.balancer(), range(30))
            await settle()
            while not all(task.done() for task in tasks):
                for name in bench.capacities:
                    for item in list(bench.running[name]):
                        bench.end(name, item)
                await settle()
            return bench.begun

        assert asyncio.run(ways()) == asyncio.run(ways())

    def test_who_was_away_does_not_catch_up(self) -> None:
        """A replica that comes back cold gets its share, and not what it missed."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 1}, away={"b"})
            balancer = bench.balancer()

            async def one(item: int) -> None:
                (task,) = submit(balancer, [item])
                await settle()
                bench.end(*bench.begun[-1])
                await task

            for item in range(50):
                await one(item)
            bench.away.clear()
            for item in range(50, 60):
                await one(item)
            assert Counter(name for name, _ in bench.begun[50:]) == {"a": 5, "b": 5}

        play(scene)

    @pytest.mark.requirement("R96")
    def test_where_items_are_pulled_a_slow_replica_takes_fewer(self) -> None:
        """Nobody has to say how fast it is."""

        async def scene() -> None:
            bench = Bench({"fast": 1, "slow": 1})
            balancer = bench.balancer()
            tasks = submit(balancer, range(20))
            await settle()
            for _ in range(19):
                (item,) = bench.running["fast"]
                bench.end("fast", item)
                await settle()
            bench.end("slow", 1)
            await asyncio.gather(*tasks)
            assert Counter(name for name, _ in bench.begun) == {"fast": 19, "slow": 1}

        play(scene)

    @pytest.mark.requirement("R96")
    def test_where_items_are_pushed_the_least_load_by_capacity_decides(self) -> None:
        """Two in line of four places are less than one in line of one."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 3}, options=BalancerOptions(mode="push"))
            balancer = bench.balancer()
            tasks = submit(balancer, range(8))
            await settle()
            health = {h.name: (h.active, h.queued) for h in balancer.health}
            assert health == {"a": (1, 1), "b": (3, 3)}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            assert all((h.active, h.queued) == (0, 0) for h in balancer.health)

        play(scene)


class TestRequeue:
    @pytest.mark.requirement("R94", "R96")
    def test_a_failure_is_tried_on_another_replica(self) -> None:
        """One bad machine is not a bad item."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 1, "c": 1})
            (task,) = submit(bench.balancer(), [7])
            await settle()
            bench.end("a", 7, bad())
            await settle()
            bench.end("b", 7, bad())
            await settle()
            bench.end("c", 7, Outcome(ok=True, value="done", attempts=2))
            assert await task == Outcome(ok=True, value="done", attempts=4)

        play(scene)

    @pytest.mark.requirement("R96")
    def test_it_waits_for_one_it_was_not_tried_on(self) -> None:
        """The same one again is only for when there is no other."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 1})
            balancer = bench.balancer()
            submitted = submit(balancer, [1, 2])
            await settle()
            bench.end("a", 1, bad())
            await settle()
            assert bench.where(1) == ["a"]
            bench.end("b", 2)
            await settle()
            assert bench.where(1) == ["a", "b"]
            bench.end("b", 1)
            await asyncio.gather(*submitted)

        play(scene)

    def test_it_is_tried_on_the_same_one_again_when_there_is_no_other(self) -> None:
        """A pool of one still retries."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 1}, away={"b"})
            (task,) = submit(bench.balancer(), [1])
            for _ in range(3):
                await settle()
                bench.end("a", 1, bad())
            outcome = await task
            assert (outcome.ok, outcome.attempts) == (False, 3)
            assert bench.where(1) == ["a", "a", "a"]

        play(scene)

    def test_tries_are_bounded(self) -> None:
        """An item that breaks every machine must not visit every machine."""

        async def scene() -> None:
            bench = Bench(dict.fromkeys("abcde", 1), options=BalancerOptions(max_tries=2))
            (task,) = submit(bench.balancer(), [1])
            for name in "ab":
                await settle()
                bench.end(name, 1, bad())
            assert not (await task).ok
            assert bench.where(1) == ["a", "b"]

        play(scene)

    @pytest.mark.parametrize("code", ["circuit_open", "over_capacity", "queue_timeout"])
    def test_a_refusal_by_one_is_no_refusal_by_the_others(self, code: ErrorCode) -> None:
        """A breaker that opens between the question and the call costs nothing but a turn."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 1})
            (task,) = submit(bench.balancer(), [1])
            await settle()
            bench.end("a", 1, bad(code))
            await settle()
            bench.end("b", 1)
            assert (await task).ok

        play(scene)

    @pytest.mark.parametrize("code", ["invalid_input", "cancelled", "run_timeout"])
    def test_what_would_fail_anywhere_is_not_tried_elsewhere(self, code: ErrorCode) -> None:
        """A malformed item is malformed on all of them."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 1})
            (task,) = submit(bench.balancer(), [1])
            await settle()
            bench.end("a", 1, bad(code))
            assert not (await task).ok
            assert bench.where(1) == ["a"]

        play(scene)

    @pytest.mark.parametrize("error", [OSError("net"), asyncio.CancelledError(), SystemExit(1)])
    def test_what_a_replica_raises_is_a_failure_there(self, error: BaseException) -> None:
        """Whatever it is, the item goes on."""

        async def broken(_: int) -> Outcome:
            raise error

        async def fine(item: int) -> Outcome:
            return Outcome(ok=True, value=item)

        balancer = Balancer([Replica("broken", broken), Replica("fine", fine)])

        assert asyncio.run(balancer_call(balancer, 3)).value == 3

    def test_who_was_requeued_does_not_wait_behind_all_others(self) -> None:
        """It has waited already."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 1})
            tasks = submit(bench.balancer(), range(6))
            await settle()
            bench.end("a", 0, bad())
            await settle()
            bench.end("b", 1)
            await settle()
            assert bench.begun[-1] == ("b", 0)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

        play(scene)


class TestAvailability:
    @pytest.mark.requirement("R94", "R96")
    def test_an_open_breaker_gets_nothing(self) -> None:
        """It is open for a reason."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 1}, away={"a"})
            tasks = submit(bench.balancer(), range(3))
            for _ in range(3):
                await settle()
                bench.end(*bench.begun[-1])
            await asyncio.gather(*tasks)
            assert {name for name, _ in bench.begun} == {"b"}

        play(scene)

    @pytest.mark.parametrize("mode", ["pull", "push"])
    def test_items_wait_while_all_are_away_and_go_on_by_themselves(self, mode: Mode) -> None:
        """Nobody has to tell that a breaker is half open."""

        async def scene() -> None:
            options = BalancerOptions(mode=mode, recheck_seconds=0.001)
            bench = Bench({"a": 1, "b": 1}, options=options, away={"a", "b"})
            tasks = submit(bench.balancer(), range(2))
            await asyncio.sleep(0.01)
            assert not bench.begun
            bench.away.clear()
            await asyncio.sleep(0.01)
            assert len(bench.begun) == 2
            for name, item in list(bench.begun):
                bench.end(name, item)
            await asyncio.gather(*tasks)

        play(scene)

    def test_patience_ends(self) -> None:
        """A pool that is gone says so."""

        async def scene() -> None:
            bench = Bench({"a": 1}, options=QUICK, away={"a"})
            outcome = await balancer_call(bench.balancer(), 1)
            assert outcome.error is not None
            assert (outcome.ok, outcome.attempts) == (False, 0)
            assert outcome.error.code == "queue_timeout"
            assert "0.05 s" in outcome.error.message

        play(scene)

    def test_where_items_are_pushed_the_line_of_one_that_goes_away_moves(self) -> None:
        """What waits for a dead replica waits for nothing."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 1}, options=BalancerOptions(mode="push"))
            balancer = bench.balancer()
            tasks = submit(balancer, range(6))
            await settle()
            bench.away.add("a")
            balancer.recheck()
            assert {h.name: h.queued for h in balancer.health} == {"a": 0, "b": 4}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

        play(scene)

    def test_one_that_raises_when_asked_is_not_used(self, caplog: pytest.LogCaptureFixture) -> None:
        """Nor is it asked to explain itself a thousand times."""

        def broken() -> bool:
            raise OSError("no answer")

        async def fine(item: int) -> Outcome:
            return Outcome(ok=True, value=item)

        balancer = Balancer([Replica("a", fine, is_available=broken), Replica("b", fine)])
        result = asyncio.run(run_batch(range(10), balancer))

        assert result.status == "success"
        assert [h.served for h in balancer.health] == [0, 10]
        assert caplog.text.count("OSError") == 1


class TestDraining:
    @pytest.mark.parametrize("mode", ["pull", "push"])
    def test_a_drained_replica_ends_what_it_has_and_gets_no_more(self, mode: Mode) -> None:
        """So it can be taken away."""

        async def scene() -> None:
            bench = Bench({"a": 1, "b": 1}, options=BalancerOptions(mode=mode))
            balancer = bench.balancer()
            tasks = submit(balancer, range(4))
            await settle()
            draining = asyncio.create_task(balancer.drain("a"))
            await settle()
            assert not draining.done()
            bench.end("a", 0)
            await draining
            for _ in range(3):
                await settle()
                (item,) = bench.running["b"]
                bench.end("b", item)
            await asyncio.gather(*tasks)
            assert bench.where(2) == bench.where(3) == ["b"]
            balancer.resume("a")
            assert not any(health.is_draining for health in balancer.health)

        play(scene)

    def test_a_drained_balancer_ends_what_it_took_and_takes_no_more(self) -> None:
        """The way to shut down."""

        async def scene() -> None:
            bench = Bench({"a": 1})
            balancer = bench.balancer()
            tasks = submit(balancer, range(2))
            await settle()
            draining = asyncio.create_task(balancer.drain())
            await settle()
            refused = await balancer_call(balancer, 9)
            bench.end("a", 0)
            await settle()
            assert not draining.done()
            bench.end("a", 1)
            await draining
            assert [(await task).ok for task in tasks] == [True, True]
            assert (refused.ok, refused.attempts) == (False, 0)
            balancer.resume()
            (task,) = submit(balancer, [3])
            await settle()
            bench.end("a", 3)
            assert (await task).ok

        play(scene)

    def test_an_unknown_replica_is_told_with_the_known(self) -> None:
        """A typing error in a shutdown script must not pass for a drain."""
        with pytest.raises(UnknownNameError) as caught:
            Bench({"a": 1}).balancer().resume("b")

        assert caught.value.close == ("a",)


class TestCancelling:
    def test_who_leaves_the_line_holds_no_place(self) -> None:
        """A caller that gave up must not keep a replica busy."""

        async def scene() -> None:
            bench = Bench({"a": 1})
            balancer = bench.balancer()
            first, second, third = submit(balancer, range(3))
            await settle()
            second.cancel()
            await settle()
            bench.end("a", 0)
            await settle()
            bench.end("a", 2)
            await asyncio.gather(first, third)
            assert [name for _, name in bench.begun] == [0, 2]

        play(scene)

    def test_who_is_cancelled_with_a_place_in_hand_gives_it_back(self) -> None:
        """The moment between being called and sitting down is where places get lost."""

        async def scene() -> None:
            bench = Bench({"a": 1})
            balancer = bench.balancer()
            first, second, third = submit(balancer, range(3))
            await settle()
            bench.end("a", 0)
            await asyncio.sleep(0)  # the first ends and hands its place to the second
            second.cancel()
            await settle()
            bench.end("a", 2)
            await asyncio.gather(first, third)
            assert balancer.health[0].active == 0

        play(scene)

    def test_a_balancer_serves_one_loop_after_the_other(self) -> None:
        """It keeps nothing of a loop when nobody waits."""

        async def work(item: int) -> Outcome:
            await asyncio.sleep(0)
            return Outcome(ok=True, value=item)

        balancer = Balancer([Replica("a", work, 2)])
        results = [asyncio.run(run_batch(range(9), balancer)) for _ in range(2)]

        assert [result.summary.succeeded for result in results] == [9, 9]


class TestSharing:
    @pytest.mark.requirement("R51")
    def test_batches_that_share_a_balancer_share_its_capacity(self) -> None:
        """A cap that holds for all of a service, and not for each call."""
        inside = most = 0

        async def work(item: int) -> Outcome:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1
            return Outcome(ok=True, value=item)

        balancer = Balancer([Replica("all", work, 3)])

        async def main() -> list[BatchResult]:
            return await asyncio.gather(*(run_batch(range(20), balancer) for _ in range(3)))

        results = asyncio.run(main())

        assert [result.summary.succeeded for result in results] == [20] * 3
        assert most == 3

    @pytest.mark.parametrize("mode", ["pull", "push"])
    def test_a_long_line_costs_no_more_an_item_than_a_short_one(self, mode: Mode) -> None:
        """Twenty thousand who wait are not looked at one by one whenever one more comes."""

        async def work(item: int) -> Outcome:
            await asyncio.sleep(0)
            return Outcome(ok=True, value=item)

        balancer = Balancer(
            [Replica("a", work), Replica("b", work)], options=BalancerOptions(mode=mode)
        )
        options = BatchOptions(max_concurrency=20_000, timeout_seconds=60)

        result = asyncio.run(run_batch(range(20_000), balancer, options=options))

        assert result.status == "success"


class TestRefusals:
    @pytest.mark.parametrize("capacity", [0, 2.5, True])
    def test_a_capacity_that_is_none_is_refused(self, capacity: object) -> None:
        """It would be no limit, or no replica."""
        with pytest.raises(ConfigError):
            Replica("a", balancer_call, capacity)  # type: ignore[arg-type]

    def test_names_have_to_differ(self) -> None:
        """Two of one name would be drained together."""
        with pytest.raises(ConfigError):
            Balancer([Replica("a", _nothing), Replica("a", _nothing)])
        with pytest.raises(ConfigError):
            Balancer[int]([])

    def test_options_that_cannot_be_are_refused_together(self) -> None:
        """All faults at once."""
        with pytest.raises(ConfigError) as caught:
            BalancerOptions(
                mode="both",  # type: ignore[arg-type]
                max_tries=0,
                patience_seconds=float("nan"),
                recheck_seconds=-1,
            )

        assert len(caught.value.faults) == 4


class TestChaos:
    @pytest.mark.requirement("R94")
    def test_every_item_that_can_succeed_does(self) -> None:
        """Of five replicas one fails always and one is slow; nobody notices but the clock."""

        def replica(name: str, *, fails: bool = False, seconds: float = 0.0) -> Replica[int]:
            async def work(item: int) -> Outcome:
                await asyncio.sleep(seconds)
                return bad() if fails or (item % 10 == 3 and name == "c") else GOOD

            return Replica(name, work, 2)

        balancer = Balancer(
            [
                replica("a", fails=True),
                replica("b", seconds=0.02),
                replica("c"),
                replica("d"),
                replica("e"),
            ]
        )
        options = BatchOptions(max_concurrency=balancer.capacity)
        result: BatchResult = asyncio.run(run_batch(range(500), balancer, options=options))

        assert result.summary.succeeded == 500
        assert sum(health.active + health.queued for health in balancer.health) == 0


async def balancer_call(balancer: Balancer[int], item: int) -> Outcome:
    """Return what a call gives."""
    return await balancer(item)


async def _nothing(item: int) -> Outcome:
    return Outcome(ok=True, value=item)
