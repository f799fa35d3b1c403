"""Whether plans keep within the limits of a goal, and which limit it is that none keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from registry_core.composer.question import ask
from registry_core.composer.search import begin
from registry_core.composer.solution import Unreachable
from registry_core.pipeline.plan import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.composer.answer import Answer
    from registry_core.composer.goal import Goal
    from registry_core.composer.question import Question
    from registry_core.composer.search import Search
    from registry_core.pipeline.plan import Objective

__all__ = ["Within", "beyond"]

_SECONDS_EACH = 0.5


class Within:
    """Tells whether a plan, as it is wired, keeps within a goal's memory and latency.

    Attributes:
        least_mib: The least memory of the plans that need too much; None where none does.
    """

    def __init__(self, goal: Goal) -> None:
        """Heed the limits of *goal*."""
        self._goal = goal
        self.least_mib: int | None = None

    def __call__(self, answer: Answer) -> bool:
        """Return whether the plan keeps within them."""
        plan = answer.plan
        most = self._goal.limits.memory_mib
        if most is not None and plan.memory_mib > most:
            self.least_mib = min(plan.memory_mib, self.least_mib or plan.memory_mib)
            return False
        latest = self._goal.limits.latency_seconds
        return latest is None or plan.latency_seconds <= latest


def beyond(question: Question, search: Search, within: Within) -> str:
    """Return why *search* came to its end without a plan: every limit that none keeps."""
    reasons = [*_unmet(question, within)]
    if not reasons:
        reasons = ["no plan keeps within all limits at once"]
    text = "; ".join(reasons)
    return text if search.complete else f"none was found in time; {text}"


def _unmet(question: Question, within: Within) -> Iterator[str]:
    goal = question.goal
    if goal.limits.stages is not None:
        stages = _least(question, "stages")
        if stages > goal.limits.stages:
            yield f"at least {stages:g} stages are needed, and {goal.limits.stages} were allowed"
    if goal.limits.cost is not None:
        cost = _least(question, "cost")
        if cost > goal.limits.cost:
            yield f"the cheapest plan costs {cost:g}, and {goal.limits.cost:g} is the most"
    if goal.limits.latency_seconds is not None:
        seconds = _least(question, "latency")
        if seconds > goal.limits.latency_seconds:
            most = goal.limits.latency_seconds
            yield f"the fastest plan takes {seconds:g} s, and {most:g} s is the most"
    if within.least_mib is not None:
        yield f"{within.least_mib} MiB are needed at once, and {goal.limits.memory_mib} is the most"


def _least(question: Question, objective: Objective) -> float:
    """Return what no plan has less of, as far as is proved in a short time."""
    free = replace(question.goal, objective=objective, limits=Limits())
    asked = ask(question.catalog, free, question.expect)
    search = begin(asked.problem, objective=asked.objective, time_budget_seconds=_SECONDS_EACH)
    if isinstance(search, Unreachable):
        return 0.0
    first = next(search.plans(), None)
    return 0.0 if first is None else first.lower_bound
