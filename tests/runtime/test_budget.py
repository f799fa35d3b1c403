"""How many retries an agent's successes pay for."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import pytest

from registry_core.names import AgentId
from registry_core.runtime.budget import RetryBudget, RetryBudgets
from registry_core.settings.limits import RetryBudgetPolicy

Ask: TypeAlias = Callable[[], bool]


def retried(ask: Ask, budget: RetryBudget, *, attempts: int = 3) -> Ask:
    """Return *ask* as a layer that retries it within *budget*."""

    def layer() -> bool:
        for number in range(1, attempts + 1):
            if ask():
                if not budget.is_full:
                    budget.succeeded()
                return True
            if not budget.failed() or number == attempts:
                return False
        return False

    return layer


class _Dependency:
    """What all layers lead to; answers with a chance."""

    def __init__(self, chance: float) -> None:
        self.chance = chance
        self.calls = 0
        self._draw = random.Random(1).random  # noqa: S311 -- it keeps no secret

    def ask(self) -> bool:
        self.calls += 1
        return self._draw() < self.chance


def nested(dependency: _Dependency, policy: RetryBudgetPolicy) -> Ask:
    """Return three layers of three attempts each around *dependency*."""
    ask: Ask = dependency.ask
    for _ in range(3):
        ask = retried(ask, RetryBudget(policy))
    return ask


def load(dependency: _Dependency, ask: Ask, *, calls: int = 2000) -> float:
    """Return calls of the dependency for each of *calls* calls from outside."""
    before = dependency.calls
    for _ in range(calls):
        ask()
    return (dependency.calls - before) / calls


class TestLoad:
    @pytest.mark.fault("F53")
    def test_three_layers_of_three_do_not_multiply_against_the_dead(self) -> None:
        """27 calls for each one is how a small outage becomes a large one."""
        dependency = _Dependency(0.0)
        ask = nested(dependency, RetryBudgetPolicy())

        at_first = load(dependency, ask, calls=1)
        load(dependency, ask, calls=200)

        assert at_first == 27
        assert load(dependency, ask) <= 1.1

    @pytest.mark.fault("F53")
    @pytest.mark.parametrize("chance", [0.01, 0.5, 0.8, 0.9, 0.95, 0.99])
    def test_one_layer_adds_at_most_a_tenth_at_any_rate_of_failure(self, chance: float) -> None:
        """Between healthy and dead lies every outage that was ever seen."""
        dependency = _Dependency(chance)
        ask = retried(dependency.ask, RetryBudget(RetryBudgetPolicy()))
        load(dependency, ask)

        assert load(dependency, ask) <= 1.115  # a tenth of the successes, and chance

    def test_a_passing_fault_is_retried_in_full(self) -> None:
        """A budget that refuses the first retry is no retry."""
        dependency = _Dependency(0.0)
        ask = retried(dependency.ask, RetryBudget(RetryBudgetPolicy()))

        assert load(dependency, ask, calls=10) == 3

    def test_who_recovers_may_be_retried_again(self) -> None:
        """An outage must not cost the next week its retries."""
        dependency = _Dependency(0.0)
        budget = RetryBudget(RetryBudgetPolicy())
        ask = retried(dependency.ask, budget)
        load(dependency, ask)
        spent = budget.allows_retry

        dependency.chance = 1.0
        load(dependency, ask)

        assert (spent, budget.allows_retry, budget.is_full) == (False, True, True)


class TestTokens:
    def test_more_than_half_allow_a_retry(self) -> None:
        """The rule of gRPC, to the token."""
        budget = RetryBudget(RetryBudgetPolicy(max_tokens=4, token_ratio=0.5))

        assert [budget.failed() for _ in range(2)] == [True, False]
        assert not budget.allows_retry
        budget.succeeded()
        assert (budget.tokens, budget.allows_retry) == (2.5, True)

    def test_they_stay_between_none_and_all(self) -> None:
        """A day of failures must not take a day of successes to forget."""
        budget = RetryBudget(RetryBudgetPolicy(max_tokens=2, token_ratio=1.0))

        for _ in range(10):
            budget.failed()
        least = budget.tokens
        for _ in range(10):
            budget.succeeded()

        assert (least, budget.tokens, budget.is_full) == (0.0, 2.0, True)

    def test_none_is_lost_between_threads(self) -> None:
        """A token that two threads took once allows one retry too many."""
        budget = RetryBudget(RetryBudgetPolicy(max_tokens=10_000))

        def fail(_: int) -> None:
            for _ in range(500):
                budget.failed()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(fail, range(8)))

        assert budget.tokens == 6000.0


class TestBudgets:
    def test_an_agent_has_one_budget(self) -> None:
        """Layers and runs that meet the same outage pay from one purse."""
        budgets = RetryBudgets(RetryBudgetPolicy())
        one, other = AgentId("web-agents/fetch@1.0.0"), AgentId("web-agents/parse@1.0.0")

        assert budgets.of(one) is budgets.of(one)
        assert budgets.of(one) is not budgets.of(other)
