"""Plans by what was measured: whoever cannot answer now is planned around, where that can be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from registry_core.composer.planning import find_plans
from registry_core.composer.ranking import expecting
from registry_core.errors import NoPlanError

if TYPE_CHECKING:
    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.goal import Goal
    from registry_core.composer.ranking import Evidence
    from registry_core.pipeline.plan import PlanSearch
    from registry_core.settings.values import RankingSettings

__all__ = ["choose_plans"]


def choose_plans(
    catalog: Catalog,
    goal: Goal,
    *,
    evidence: Evidence | None,
    weights: RankingSettings,
    limit: int = 1,
) -> PlanSearch:
    """Return the best plans for *goal*, by evidence.

    Agents that are left alone take part only where they are required, or where there is no
    plan without them.

    Args:
        catalog: What there is.
        goal: What is asked.
        evidence: What was measured; None to go by what agents declare.
        weights: What counts how much.
        limit: Most plans to return.

    Raises:
        NoPlanError: If there is none, with how far the search got and what is missing.
    """
    if evidence is None:
        return find_plans(catalog, goal, limit=limit)
    expect = expecting(evidence, weights)
    if away := evidence.away() - goal.require - goal.exclude:
        try:
            around = replace(goal, exclude=goal.exclude | away)
            return find_plans(catalog, around, limit=limit, expect=expect)
        except NoPlanError:
            pass  # what fails perhaps is better than nothing
    return find_plans(catalog, goal, limit=limit, expect=expect)
