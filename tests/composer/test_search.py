"""The search's answers, as a caller meets them."""

from __future__ import annotations

from itertools import count, islice, pairwise
from pathlib import Path

import pytest

from registry_core.composer.index import Operation, OperationIndex
from registry_core.composer.problem import Objective, Problem
from registry_core.composer.search import iterate, solve
from registry_core.composer.solution import Blocked, Exceeded, Found, Unreachable
from tests.benchmarks.compose import load
from tests.benchmarks.instances import Layered, covering, layered

CHALLENGE = Path(__file__).parents[3] / "shared" / "data" / "wsc"


def operation(
    id_: str, needs: str, gives: str, *, cost: float = 1, seconds: float = 1
) -> Operation:
    """An operation whose types are single letters."""
    return Operation(id_, tuple(needs), tuple(gives), cost=cost, latency_seconds=seconds)


def problem(*operations: Operation, want: str, most: int | None = None) -> Problem:
    """A problem that starts with ``a``."""
    return Problem.of(operations, have="a", want=want, max_operations=most)


LADDER = (
    operation("slow-jump", "a", "d", cost=5, seconds=9),
    operation("step-1", "a", "b", seconds=1),
    operation("step-2", "b", "c", seconds=1),
    operation("step-3", "c", "d", seconds=1),
)


class TestObjectives:
    @pytest.mark.requirement("R76")
    @pytest.mark.parametrize(
        ("objective", "best", "value"),
        [
            ("stages", ("slow-jump",), 1),
            ("depth", ("slow-jump",), 1),
            ("latency", ("step-1", "step-2", "step-3"), 3),
            ("cost", ("step-1", "step-2", "step-3"), 3),
        ],
    )
    def test_each_objective_finds_its_own_best(
        self, objective: Objective, best: tuple[str, ...], value: float
    ) -> None:
        """Short, quick and cheap are different wishes."""
        result = solve(problem(*LADDER, want="d"), objective=objective)

        assert result.solutions[0].operations == best
        assert result.solutions[0].value == value
        assert result.solutions[0].proved

    def test_a_shared_stage_is_paid_once(self) -> None:
        """Greedy search takes the two cheap singles and misses the one that serves both."""
        shared = problem(
            operation("both", "x", "bc", cost=1),
            operation("only-b", "a", "b", cost=2),
            operation("only-c", "a", "c", cost=2),
            operation("prepare", "a", "x", cost=2),
            want="bc",
        )

        result = solve(shared, objective="cost")

        assert result.solutions[0].operations == ("prepare", "both")

    def test_depth_keeps_a_stage_that_only_makes_the_plan_shorter(self) -> None:
        """What is fastest may have more stages than what is smallest."""
        shortcut = problem(
            operation("o", "a", "u"),
            operation("p", "t", "uv"),
            operation("q", "a", "t"),
            operation("r", "u", "x"),
            operation("s", "xv", "w"),
            want="w",
        )

        shallow = solve(shortcut, objective="depth").solutions[0]
        small = solve(shortcut, objective="stages").solutions[0]

        assert (shallow.depth, len(shallow.operations)) == (3, 5)
        assert (small.depth, len(small.operations)) == (4, 4)

    def test_tenths_add_up_to_what_people_expect(self) -> None:
        """0.1 + 0.2 is 0.3 here, so three tenths tie and the fewer stages win."""
        tenths = problem(
            operation("one", "a", "b", cost=0.1),
            operation("two", "b", "c", cost=0.2),
            operation("whole", "a", "c", cost=0.3),
            want="c",
        )

        result = solve(tenths, objective="cost", limit=2)

        assert [plan.operations for plan in result.solutions] == [("whole",), ("one", "two")]
        assert {plan.value for plan in result.solutions} == {0.3}


class TestOrder:
    def test_ties_are_broken_by_sorted_ids(self) -> None:
        """The same catalog gives the same pipeline on every machine."""
        twins = problem(operation("beta", "a", "b"), operation("alpha", "a", "b"), want="b")

        result = solve(twins, limit=5)

        assert [plan.operations for plan in result.solutions] == [("alpha",), ("beta",)]
        assert isinstance(result, Found)
        assert result.complete

    def test_nothing_is_needed_when_the_wish_is_had(self) -> None:
        """The empty plan is an answer, and the only one without a useless stage."""
        result = solve(problem(*LADDER, want="a"), limit=3)

        assert [plan.operations for plan in result.solutions] == [()]
        assert result.solutions[0].bindings[0].source is None

    def test_plans_are_searched_for_as_they_are_asked_for(self) -> None:
        """A caller that stops after two of 2**30 plans does not wait for the others."""
        rungs = "abcdefghijklmnopqrstuvwxyzABCDE"
        many = problem(
            *(
                operation(f"{rung}{twin}", rung, above)
                for rung, above in pairwise(rungs)
                for twin in "12"
            ),
            want=rungs[-1],
        )

        first, second = islice(iterate(many), 2)

        assert {name[1] for name in first.operations} == {"1"}
        assert sum(name.endswith("2") for name in second.operations) == 1


class TestOptions:
    def test_an_excluded_operation_is_not_used(self) -> None:
        """A broken agent leads to the next best pipeline."""
        without = Problem(OperationIndex(LADDER), ("a",), ("d",), excluded=frozenset({"slow-jump"}))

        result = solve(without, limit=5)

        assert [plan.operations for plan in result.solutions] == [("step-1", "step-2", "step-3")]

    def test_a_required_operation_is_used_though_nothing_needs_it(self) -> None:
        """Someone wants the audit stage to run, whoever reads its output."""
        audited = Problem(
            OperationIndex([*LADDER, operation("audit", "b", "z")]),
            ("a",),
            ("d",),
            required=frozenset({"audit"}),
        )

        result = solve(audited)

        assert result.solutions[0].operations == ("slow-jump", "step-1", "audit")

    @pytest.mark.parametrize("objective", ["stages", "depth", "latency", "cost"])
    def test_too_small_a_limit_is_told_with_what_is_needed(self, objective: Objective) -> None:
        """The user learns the limit to ask for instead of hearing that nothing exists."""
        result = solve(problem(*LADDER[1:], want="d", most=2), objective=objective)

        assert result == Exceeded(lower_bound=3, proved=True)

    def test_the_limit_trades_cost_for_stages(self) -> None:
        """The cheapest plan within the limit wins, though a cheaper one exists beyond it."""
        result = solve(problem(*LADDER, want="d", most=2), objective="cost", limit=3)

        assert [plan.operations for plan in result.solutions] == [("slow-jump",)]
        assert isinstance(result, Found)
        assert result.complete


class TestUnreachable:
    def test_it_names_what_is_missing_and_what_waits_for_it(self) -> None:
        """From this the user learns which agent to install."""
        result = solve(problem(operation("draw", "bk", "d"), operation("read", "a", "b"), want="d"))

        assert isinstance(result, Unreachable)
        assert result.operations == ("read",)
        assert result.missing == ("d",)
        assert result.blocked == (Blocked("d", ("draw",)), Blocked("k", ()))

    def test_a_required_operation_that_cannot_run_is_named(self) -> None:
        """A pin to an agent that cannot be fed must not be dropped in silence."""
        pinned = Problem(
            OperationIndex([*LADDER, operation("lost", "k", "z")]),
            ("a",),
            ("d",),
            required=frozenset({"gone", "lost"}),
        )

        result = solve(pinned)

        assert isinstance(result, Unreachable)
        assert result.missing == ()
        assert result.absent == ("gone", "lost")
        assert result.blocked == (Blocked("k", ()),)

    def test_two_agents_that_wait_for_each_other_reach_nothing(self) -> None:
        """A cycle is not a way in."""
        result = solve(problem(operation("x", "c", "b"), operation("y", "b", "c"), want="c"))

        assert isinstance(result, Unreachable)
        assert [blocked.need for blocked in result.blocked] == ["c", "b"]


class TestTimeBudget:
    def test_without_time_a_plan_is_given_with_what_is_proved_of_it(self) -> None:
        """A hard question gets a usable answer that does not claim to be the best."""
        hard = covering(goals=40, services=120, seed=3)

        result = solve(hard, time_budget_seconds=5, clock=count().__next__)

        (plan,) = result.solutions
        assert isinstance(result, Found)
        assert not result.complete
        assert not plan.proved
        assert 0 < plan.lower_bound < plan.value

    @pytest.mark.fault("F40")
    def test_two_hundred_agents_that_all_fit_each_other_are_no_trap(self) -> None:
        """The number of paths is astronomic; the number that is asked for is not."""
        hostile = Problem.of(
            [operation(f"{number:03}", "a", "a") for number in range(199)]
            + [operation("out", "a", "b")],
            have="a",
            want="b",
        )

        result = solve(hostile, limit=10)

        assert [plan.operations for plan in result.solutions] == [("out",)]


class TestKnownOptima:
    @pytest.mark.requirement("R92")
    @pytest.mark.parametrize(
        ("name", "services", "length"),
        [
            ("wsc08-01", 10, 3),
            ("wsc08-02", 5, 3),
            ("wsc08-03", 40, 23),
            ("wsc08-04", 10, 5),
            ("wsc08-05", 20, 8),
        ],
    )
    def test_web_service_challenge_sets_are_solved_with_proof(
        self, name: str, services: int, length: int
    ) -> None:
        """Published optima on a thousand services, found and proved and not only met."""
        path = CHALLENGE / f"{name}.json"
        if not path.exists():
            pytest.skip(f"{path} is not here")
        challenge = load(path)

        fewest = solve(challenge, time_budget_seconds=None).solutions[0]
        shortest = solve(challenge, objective="depth", time_budget_seconds=None).solutions[0]

        assert (len(fewest.operations), fewest.proved) == (services, True)
        assert (shortest.depth, shortest.proved) == (length, True)

    @pytest.mark.parametrize("seed", range(5))
    def test_traps_for_the_greedy_are_solved_as_by_a_maxsat_solver(self, seed: int) -> None:
        """The optimum comes from the method, and an independent solver says the same."""
        hitman = pytest.importorskip("pysat.examples.hitman", reason="python-sat is not here")
        instance = covering(goals=14, services=24, seed=seed, steps=0)
        makers = {goal: list(instance.index.givers(goal)) for goal in instance.want}

        plan = solve(instance, time_budget_seconds=None).solutions[0]

        with hitman.Hitman(bootstrap_with=list(makers.values()), htype="sorted") as solver:
            assert len(plan.operations) == len(solver.get())

    def test_a_large_layered_set_is_proved(self) -> None:
        """Thousands of bystanders do not keep the proof from being found."""
        result = solve(layered(Layered(3000, seed=1)), time_budget_seconds=None)

        assert result.solutions[0].proved
