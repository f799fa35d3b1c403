"""What runs teach changes what is planned."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.composer.choosing import choose_plans
from registry_core.composer.goal import Goal
from registry_core.composer.ranking import MeasuredEvidence
from registry_core.names import AgentId
from registry_core.settings.values import RankingSettings
from tests.catalog.worlds import SCHEMAS, entry
from tests.composer.test_ranking import Kept

PAGE, TITLED, COUNTED, SCORE, *_ = SCHEMAS
ALPHA = entry("alpha", takes=(PAGE,), gives=SCORE)
OMEGA = entry("omega", takes=(PAGE,), gives=SCORE)
COUNT = entry("count", takes=(PAGE,), gives=COUNTED)
LONG = entry("weigh", takes=(COUNTED,), gives=SCORE)
CATALOG = Catalog().adding([ALPHA, OMEGA], schemas=SCHEMAS)
GOAL = Goal(have=(PAGE.id,), want=(SCORE.id,))
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def chosen(
    catalog: Catalog, measured: dict[AgentId, Kept] | None = None, *away: AgentId
) -> list[str]:
    """Return the agents of the best plan, by their short names."""
    evidence = MeasuredEvidence(measured or {}, NOW, dict.fromkeys(away, 0.0))
    search = choose_plans(catalog, GOAL, evidence=evidence, weights=RankingSettings())
    return [AgentId(stage.agent).agent for stage in search.best.pipeline.stages]


class TestChoosing:
    def test_without_evidence_ties_go_by_id(self) -> None:
        """The plan of the first day."""
        assert chosen(CATALOG) == ["alpha"]

    @pytest.mark.requirement("R97", "R91")
    def test_an_agent_that_fails_is_replaced_by_one_that_does_the_same(self) -> None:
        """Nobody has to exclude it by hand."""
        assert chosen(CATALOG, {ALPHA.id: Kept(40, failures=20)}) == ["omega"]

    @pytest.mark.requirement("R97")
    def test_a_proven_agent_is_preferred_to_one_that_nobody_called(self) -> None:
        """What worked a hundred times works again."""
        assert chosen(CATALOG, {OMEGA.id: Kept(100)}) == ["omega"]

    @pytest.mark.requirement("R2")
    def test_an_agent_whose_breaker_is_open_is_planned_around_even_the_long_way(self) -> None:
        """A plan of two stages that runs is better than one of one that does not."""
        catalog = Catalog().adding([ALPHA, COUNT, LONG], schemas=SCHEMAS)

        assert chosen(catalog) == ["alpha"]
        assert chosen(catalog, None, ALPHA.id) == ["count", "weigh"]

    @pytest.mark.requirement("R2")
    def test_who_is_said_to_be_away_is_planned_around_without_any_evidence(self) -> None:
        """A breaker opens before anything is kept."""
        plans = choose_plans(
            CATALOG, GOAL, evidence=None, weights=RankingSettings(), away=[ALPHA.id]
        )

        assert [stage.agent for stage in plans.best.pipeline.stages] == [OMEGA.id]

    @pytest.mark.requirement("R2")
    def test_where_there_is_no_other_it_is_chosen_all_the_same(self) -> None:
        """By the time of the run it may be back."""
        assert chosen(CATALOG, None, ALPHA.id, OMEGA.id) == ["alpha"]
