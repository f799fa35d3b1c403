"""A plan says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.composer.goal import Goal
from registry_core.composer.planning import find_plans
from registry_core.errors import PipelineError
from registry_core.pipeline.plan import Plan
from tests.catalog.worlds import SCHEMAS, entry

PAGE, TITLED, COUNTED, SCORE, *_ = SCHEMAS
CATALOG = Catalog().adding(
    [entry("count", takes=(PAGE,), gives=COUNTED), entry("judge", takes=(TITLED,), gives=SCORE)],
    schemas=SCHEMAS,
)


class TestPlan:
    @pytest.mark.requirement("R91")
    def test_every_edge_is_explained(self) -> None:
        """A pipeline that nobody wired must be able to justify itself."""
        plan = find_plans(CATALOG, Goal(have=(PAGE.id,), want=(SCORE.id,))).best

        assert plan.explain().splitlines() == [
            "Page -> Score: 2 stages, 2 deep, fewest stages proved",
            "  1. kit/count@1.0",
            "       a <- Page (given): same schema",
            "  2. kit/judge@1.0",
            "       a <- Counted (count): fits Titled (every value fits)",
            "  => result",
            "       Score <- Score (judge): same schema",
        ]

    @pytest.mark.requirement("R91")
    def test_who_asked_for_more_than_few_stages_sees_what_a_run_takes(self) -> None:
        """The plan that fails least may be the slowest; who chooses must see both."""
        goal = Goal(have=(PAGE.id,), want=(SCORE.id,), objective="reliability")
        plan = find_plans(CATALOG, goal).best

        head, expected, *_ = plan.explain().splitlines()

        assert head == "Page -> Score: 2 stages, 2 deep, reliability 1 proved"
        assert expected == "  expected: 2 s, cost 2, 100.0% without a failure"

    def test_what_is_not_proved_says_what_a_better_one_could_reach(self) -> None:
        """Of costs that is less, of a chance it is more."""
        best = find_plans(CATALOG, Goal(have=(PAGE.id,), want=(SCORE.id,))).best
        open_ = replace(best, proved=False, value=0.5, lower_bound=0.25)

        assert "cost 0.5 not proved, at least 0.25" in replace(open_, objective="cost").explain()
        assert "score 0.5 not proved, at most 0.75" in replace(open_, objective="score").explain()

    @pytest.mark.requirement("R104")
    def test_it_reads_back_equal_or_not_at_all(self) -> None:
        """A plan is kept, compared and run later."""
        plan = find_plans(CATALOG, Goal(have=(PAGE.id,), want=(SCORE.id,))).best

        assert Plan.from_json(plan.to_json()) == plan
        with pytest.raises(PipelineError):
            Plan.from_json("{}")
