"""Plans weighed by two objectives: those of which none is better in both.

The front is walked from one end: the best of the first objective, of these the best of the
second, then the same among the plans that have less of the second than that. So every point
is found by two searches, each with a proof, and as many points are looked for as are asked for.

Source:
    Y. Haimes, L. Lasdon, D. Wismer, "On a bicriterion formulation of the problems of integrated
    system identification and system optimization", 1971 (the epsilon constraint).
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from registry_core.composer.answer import Answer, answers
from registry_core.composer.limits import Within
from registry_core.composer.problem import Budget
from registry_core.composer.question import ask
from registry_core.composer.search import begin
from registry_core.composer.solution import Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.expectation import Expect
    from registry_core.composer.goal import Goal
    from registry_core.composer.problem import Problem
    from registry_core.composer.question import Question
    from registry_core.pipeline.plan import Objective, Plan

__all__ = ["Front"]


class _Bound(NamedTuple):
    """How much of a measure a plan may have, or must have less than."""

    measure: Objective
    most: float
    strict: bool


class Front:
    """The plans of which none is better in both objectives of a goal, best in the first one first.

    Attributes:
        complete: Whether every one was found.
    """

    def __init__(
        self, catalog: Catalog, goal: Goal, expect: Expect, time_budget_seconds: float | None
    ) -> None:
        """Start with nothing found.

        Args:
            catalog: What there is.
            goal: With two objectives.
            expect: What is expected of agents.
            time_budget_seconds: After which the walk ends, or None to let it end by itself.
        """
        self.complete = False
        self._first: Objective = goal.objective
        self._second: Objective = goal.against or goal.objective
        # Layers are counted as seconds are, since the search can limit those.
        layers = "depth" in {self._first, self._second}
        self._sides = {
            side: ask(catalog, replace(goal, objective=_timed(side)), expect, in_layers=layers)
            for side in (self._first, self._second)
        }
        self._end = None if time_budget_seconds is None else monotonic() + time_budget_seconds

    def plans(self) -> Iterator[Plan]:
        """Yield the plans; nothing when there is none, or the time ended before the first."""
        bounds: tuple[_Bound, ...] = ()
        while True:
            best = self._best(self._first, bounds)
            if best is None:
                return
            level = _Bound(self._first, best.value, strict=False)
            other = self._best(self._second, (*bounds, level))
            if other is None:
                self.complete = False
                return
            yield replace(
                other.plan,
                objective=self._first,
                value=best.plan.value,
                lower_bound=best.plan.lower_bound,
                proved=best.plan.proved and other.plan.proved,
                against=self._second,
                against_value=other.plan.value,
            )
            if not (best.plan.proved and other.plan.proved):
                return
            bounds = (_Bound(self._second, other.value, strict=True),)

    def _best(self, side: Objective, bounds: tuple[_Bound, ...]) -> Answer | None:
        """Return the best plan of one objective within the bounds; note whether that is certain."""
        question = self._sides[side]
        problem = question.problem
        for bound in bounds:
            problem = _bounded(question, problem, bound)
        left = None if self._end is None else self._end - monotonic()
        search = begin(problem, objective=question.objective, time_budget_seconds=left)
        if isinstance(search, Unreachable):
            self.complete = True
            return None
        found = filter(Within(question.goal), answers(question, search.plans()))
        best = next(found, None)
        self.complete = best is None and search.complete
        return best


def _timed(side: Objective) -> Objective:
    return "latency" if side == "depth" else side


def _bounded(question: Question, problem: Problem, bound: _Bound) -> Problem:
    match bound.measure:
        case "stages":
            most = round(bound.most) - bound.strict
            limit = problem.max_operations
            return replace(problem, max_operations=most if limit is None else min(limit, most))
        case "latency" | "depth":
            return replace(problem, max_latency_seconds=bound.most, sooner=bound.strict)
        case measure:
            budget = Budget(measure, question.uses(measure), bound.most, bound.strict)
            return replace(problem, budgets=(*problem.budgets, budget))
