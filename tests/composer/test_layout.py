"""One stage for each capability, chosen so that all of them fit."""

from __future__ import annotations

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.composer.goal import CapabilityTerm, Goal
from registry_core.composer.planning import find_plans
from registry_core.errors import NoPlanError
from registry_core.pipeline.pipeline import FromInput, FromStage
from registry_core.pipeline.plan import Limits
from tests.catalog.worlds import SCHEMAS, entry

PAGE, TITLED, COUNTED, SCORE, INT_SCORE, *_ = SCHEMAS

READ = entry("read", takes=(PAGE,), gives=TITLED, capabilities={"read.html": 0.5}, cost=5)
SCAN = entry("scan", takes=(PAGE,), gives=SCORE, capabilities={"read.pdf": 0.9})
COUNT = entry("count", takes=(TITLED,), gives=COUNTED, capabilities={"count": 1.0})
CHECK = entry("check", takes=(PAGE, COUNTED), gives=SCORE, capabilities={"judge": 0.4}, cost=1)
RATE = entry("rate", takes=(COUNTED,), gives=SCORE, capabilities={"judge": 0.9}, cost=9)
ALONE = entry("alone", takes=(INT_SCORE,), gives=SCORE)
CATALOG = Catalog().adding([READ, SCAN, COUNT, CHECK, RATE, ALONE], schemas=SCHEMAS)


def goal(*names: str, **more: object) -> Goal:
    """Return a goal that passes through these capabilities."""
    return Goal(capabilities=tuple(map(CapabilityTerm.parse, names)), **more)  # type: ignore[arg-type]


def agents(asked: Goal) -> list[list[str]]:
    """Return the agents of every plan, in order."""
    found = find_plans(CATALOG, asked, limit=100)
    return [[stage.agent.partition("/")[2] for stage in p.pipeline.stages] for p in found.plans]


def refusal(asked: Goal) -> NoPlanError:
    """Return why there is no chain."""
    with pytest.raises(NoPlanError) as caught:
        find_plans(CATALOG, asked)
    return caught.value


class TestChains:
    @pytest.mark.requirement("R92")
    def test_the_best_agent_gives_way_where_nothing_follows_it(self) -> None:
        """A greedy choice of the best reader would refuse what can be done."""
        assert agents(goal("read", "count")) == [["read@1.0", "count@1.0"]]

    @pytest.mark.requirement("R89")
    def test_one_capability_is_one_stage(self) -> None:
        """A chain may be as short as that."""
        assert agents(goal("count")) == [["count@1.0"]]

    @pytest.mark.requirement("R91")
    def test_better_scores_come_first_and_cheaper_ones_when_that_is_asked(self) -> None:
        """The choice has a reason that can be changed."""
        by_score = agents(goal("read", "count", "judge"))
        by_cost = agents(goal("read", "count", "judge", objective="cost"))

        assert [chain[-1] for chain in by_score] == ["rate@1.0", "check@1.0"]
        assert [chain[-1] for chain in by_cost] == ["check@1.0", "rate@1.0"]

    def test_the_first_input_that_fits_follows_and_the_rest_take_their_very_schema(self) -> None:
        """A hand-written pipeline of these agents would be bound the same way."""
        asked = goal("read", "count", "judge", require=frozenset({CHECK.id}))

        plan = find_plans(CATALOG, asked).best

        last = plan.pipeline.stages[-1]
        assert [binding.source for binding in last.bindings] == [
            FromStage("count"),
            FromStage("count"),
        ]
        assert plan.pipeline.stages[0].bindings[0].source == FromInput("page")

    def test_a_given_value_that_nothing_else_takes_goes_to_an_optional_input(self) -> None:
        """A destination that was given and then ignored would send the report elsewhere."""
        send = entry(
            "send", takes=(COUNTED,), gives=SCORE, optional=(PAGE,), capabilities={"send": 1.0}
        )
        catalog = CATALOG.adding([send])
        asked = Goal(
            have=(TITLED.id, PAGE.id),
            capabilities=(CapabilityTerm.parse("count"), CapabilityTerm.parse("send")),
        )

        stages = find_plans(catalog, asked).best.pipeline.stages

        assert [(b.input, b.source) for b in stages[1].bindings] == [
            ("a", FromStage("count")),
            ("x", FromInput(PAGE.name.lower())),
        ]

    def test_what_is_wanted_narrows_the_last_stage(self) -> None:
        """Both ends may be given beside the capabilities."""
        assert agents(goal("read", want=(TITLED.id,))) == [["read@1.0"]]


class TestRefusals:
    @pytest.mark.requirement("R90")
    def test_every_capability_that_nobody_offers_is_named(self) -> None:
        """Two are missing: both are said, with what they may have meant."""
        error = refusal(goal("raed", "count", "translate"))

        assert error.missing == ("raed", "translate")
        assert error.near[0] == "raed is not known; there is read"
        assert f"count: {COUNT.id}" in error.near

    def test_the_first_gap_is_named(self) -> None:
        """That is where an adapter belongs."""
        assert refusal(goal("judge", "count")).reason == (
            "nothing that judge gives leads to what count takes"
        )

    @pytest.mark.parametrize(
        ("asked", "reason"),
        [
            (goal("read", want=(INT_SCORE.id,)), "nothing that read gives leads to IntScore"),
            (
                goal("read", have=(SCORE.id,)),
                "read takes more than what is given and what that leads to",
            ),
            (
                goal("count", have=(TITLED.id,), require=frozenset({ALONE.id})),
                "nothing that can be reached gives IntScore",
            ),
            (
                goal("read", "count", limits=Limits(stages=1)),
                "at least 2 stages are needed, and 1 were allowed",
            ),
        ],
        ids=["want", "have", "require", "max_stages"],
    )
    def test_each_condition_is_told_apart(self, asked: Goal, reason: str) -> None:
        """The condition that can be dropped is the one to name."""
        assert refusal(asked).reason == reason
