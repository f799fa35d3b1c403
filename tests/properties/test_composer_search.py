"""Laws of planning: the search agrees with trying everything, in every order of indexing."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.composer.index import OperationIndex
from registry_core.composer.problem import Objective
from registry_core.composer.search import iterate, solve
from registry_core.composer.solution import Found, Unreachable
from tests.composer.brute_force import Ranked, drawn, rank, small_problem

SEEDS = st.integers(min_value=0, max_value=2**32)
OBJECTIVES = st.sampled_from(get_args(Objective))


class TestAgainstBruteForce:
    @pytest.mark.requirement("R92")
    @pytest.mark.requirement("R76")
    @settings(max_examples=300, deadline=None)
    @given(seed=SEEDS, objective=OBJECTIVES)
    def test_all_plans_come_in_the_order_that_trying_every_subset_gives(
        self, seed: int, objective: Objective
    ) -> None:
        """A user who asks for five pipelines gets the five best, not five good ones."""
        small = drawn(seed, objective)

        result = solve(small.problem, objective=objective, limit=10_000, time_budget_seconds=None)

        assert [Ranked.of(small.problem, plan) for plan in result.solutions] == rank(
            small, objective
        )
        assert all(plan.proved for plan in result.solutions)
        assert not isinstance(result, Found) or result.complete

    @settings(max_examples=100, deadline=None)
    @given(seed=SEEDS)
    def test_unreachable_is_said_exactly_when_no_set_of_any_size_will_do(self, seed: int) -> None:
        """Otherwise the user would hunt for a missing agent that is not missing."""
        small = small_problem(seed)
        unlimited = replace(
            small.problem, max_operations=None, budgets=(), max_latency_seconds=None
        )

        result = solve(unlimited, time_budget_seconds=None)

        assert isinstance(result, Unreachable) == (
            not rank(small._replace(problem=unlimited), "stages")
        )


class TestDeterminism:
    @pytest.mark.requirement("R70")
    @settings(max_examples=100, deadline=None)
    @given(seed=SEEDS, objective=OBJECTIVES)
    def test_the_order_of_indexing_changes_nothing(self, seed: int, objective: Objective) -> None:
        """Two machines list plugins in different orders and must plan the same."""
        small = drawn(seed, objective)
        shuffled = list(small.operations)
        Random(seed).shuffle(shuffled)  # noqa: S311 -- repeatable, not secret
        other = replace(small.problem, index=OperationIndex(shuffled, satisfies=small.satisfies))

        first = solve(small.problem, objective=objective, limit=20, time_budget_seconds=None)
        second = solve(other, objective=objective, limit=20, time_budget_seconds=None)

        assert first == second


class TestPlans:
    @settings(max_examples=200, deadline=None)
    @given(seed=SEEDS, objective=OBJECTIVES)
    def test_every_plan_runs_as_wired_and_uses_all_it_names(
        self, seed: int, objective: Objective
    ) -> None:
        """A plan is executed from its bindings, so they must be whole, ordered and needed."""
        problem = drawn(seed, objective).problem
        index = problem.index

        for plan in iterate(problem, objective=objective):
            position = {name: number for number, name in enumerate(plan.operations)}
            fed = {(binding.consumer, binding.position) for binding in plan.bindings}
            used = {binding.source for binding in plan.bindings}

            assert fed == {
                *((n, i) for n in plan.operations for i in range(len(index[n].needs))),
                *((None, i) for i in range(len(problem.want))),
            }
            assert set(plan.operations) <= used | problem.required
            for binding in plan.bindings:
                source = index[binding.source].gives if binding.source else problem.have
                assert binding.given in source
                assert binding.need in index.satisfies(binding.given)
                if binding.source and binding.consumer:
                    assert position[binding.source] < position[binding.consumer]
