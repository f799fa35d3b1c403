"""Plans for a goal: the catalog's agents as a problem, and its solutions as pipelines."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from registry_core.composer.answer import answers
from registry_core.composer.expectation import Expect, declared
from registry_core.composer.front import Front
from registry_core.composer.limits import Within, beyond
from registry_core.composer.question import ask
from registry_core.composer.search import begin
from registry_core.composer.shortfall import no_plan, refusal
from registry_core.composer.solution import Unreachable
from registry_core.pipeline.plan import PlanSearch

if TYPE_CHECKING:
    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.goal import Goal

__all__ = ["find_plans"]


def find_plans(
    catalog: Catalog,
    goal: Goal,
    *,
    limit: int = 1,
    time_budget_seconds: float | None = 5.0,
    expect: Expect = declared,
) -> PlanSearch:
    """Return the best plans from what the goal has to what it wants.

    Args:
        catalog: What there is; agents of contested plugins take part where they are required.
        goal: What is asked.
        limit: Most plans to return.
        time_budget_seconds: Longest time for improving and proving.
        expect: What is expected of agents; what they declare unless given.

    Raises:
        NoPlanError: If there is none, with how far the search got and what is missing.
    """
    if not (goal.want or goal.require or goal.steps or goal.any_order):
        raise refusal(goal, "nothing is wanted")
    if goal.against:
        front = Front(catalog, goal, expect, time_budget_seconds)
        if found := tuple(islice(front.plans(), limit)):
            return _checked(goal, PlanSearch(found, complete=front.complete))
    question = ask(catalog, goal, expect)
    search = begin(
        question.problem,
        objective=question.objective,
        time_budget_seconds=time_budget_seconds,
    )
    if isinstance(search, Unreachable):
        raise no_plan(question, search)
    within = Within(goal)
    fitting = filter(within, answers(question, search.plans()))
    plans = tuple(answer.plan for answer in islice(fitting, limit))
    if not plans:
        raise refusal(goal, beyond(question, search, within))
    return _checked(goal, PlanSearch(plans, complete=search.complete))


def _checked(goal: Goal, found: PlanSearch) -> PlanSearch:
    """Return what was found, unless there is nothing to do."""
    if not found.best.pipeline.stages:
        raise refusal(goal, "all of it is given already; require the agents to run all the same")
    return found
