"""For everything that was not chosen, the reason."""

from __future__ import annotations

from dataclasses import replace

from registry_core.catalog.catalog import Catalog
from registry_core.composer.eligibility import Barred
from registry_core.composer.goal import CapabilityTerm, Goal
from registry_core.composer.planning import find_plans
from registry_core.composer.rejection import (
    Gap,
    Outranked,
    Outscored,
    Reason,
    Unconnected,
    Undecidable,
    rejected,
)
from registry_core.names import CapabilityName
from registry_core.pipeline.plan import Limits
from tests.catalog.worlds import SCHEMAS, entry, record

PAGE, TITLED, COUNTED, SCORE, INT_SCORE, *_ = SCHEMAS
TONE = record("Tone", tone="string")
REPORT = record("Report", lines="array")
KNOWN = Catalog().adding([], schemas=[*SCHEMAS, TONE, REPORT])

FEEL = entry("feel", takes=(PAGE,), gives=TONE)
WRITE = entry("write", takes=(TONE,), gives=REPORT)
GOAL = Goal(have=(PAGE.id,), want=(REPORT.id,))


def reasons(catalog: Catalog, goal: Goal = GOAL) -> dict[str, Reason]:
    """Return why agents are not in the best plan, by their short name."""
    plan = find_plans(catalog, goal).best
    return {item.agent.agent: item.reason for item in rejected(catalog, goal, plan)}


class TestPlans:
    def test_a_missing_field_is_shown_with_its_place_and_an_example(self) -> None:
        """The author of the agent before can see at once what to add."""
        titled = entry("write_titled", takes=(TITLED,), gives=REPORT)
        catalog = KNOWN.adding([FEEL, WRITE, titled])

        reason = reasons(catalog)["write_titled"]

        assert isinstance(reason, Unconnected)
        (gap,) = reason.gaps
        assert (gap.input, gap.gives, gap.takes) == ("a", PAGE.id, TITLED.id)
        assert "title" in gap.reason
        assert gap.witness == {"text": ""}

    def test_a_narrower_type_is_shown_with_a_value_that_is_refused(self) -> None:
        """`1.5` says more than "incompatible"."""
        rate = entry("rate", takes=(INT_SCORE,), gives=REPORT)
        catalog = KNOWN.adding([FEEL, WRITE, rate])
        goal = replace(GOAL, have=(PAGE.id, SCORE.id))

        reason = reasons(catalog, goal)["rate"]

        assert isinstance(reason, Unconnected)
        assert (reason.gaps[0].pointer, reason.gaps[0].witness) == ("/score", {"score": 0.5})

    def test_an_input_that_nothing_is_like_is_named(self) -> None:
        """Somebody must give it, or the plan cannot use the agent."""
        both = entry("write_both", takes=(PAGE, SCORE), gives=REPORT)

        reason = reasons(KNOWN.adding([FEEL, WRITE, both]))["write_both"]

        assert reason == Unconnected((Gap("b", SCORE.id),))

    def test_excluded_and_contested_agents_are_said_to_be(self) -> None:
        """A decision is not a fault of the agent."""
        quick = entry("quick", takes=(PAGE,), gives=REPORT)
        shady = entry("shady", takes=(PAGE,), gives=REPORT, contested=True)
        goal = replace(GOAL, exclude=frozenset({quick.id}))

        found = reasons(KNOWN.adding([FEEL, WRITE, quick, shady]), goal)

        assert found == {"quick": Barred("exclude"), "shady": Barred("contested")}

    def test_a_longer_way_is_said_to_be_longer_and_by_how_much(self) -> None:
        """One stage more may be worth it; the reader decides."""
        count = entry("count", takes=(PAGE,), gives=COUNTED)
        long = entry("write_long", takes=(COUNTED,), gives=REPORT)
        short = entry("write_short", takes=(PAGE,), gives=REPORT)

        found = reasons(KNOWN.adding([count, long, short]))

        assert found == {"write_long": Outranked("stages", 2, 1, 2, "value")}

    def test_a_costlier_way_is_said_to_be_costlier(self) -> None:
        """Money is an objective too."""
        cheap = entry("cheap", takes=(PAGE,), gives=REPORT, cost=0.5)
        dear = entry("dear", takes=(PAGE,), gives=REPORT, cost=2.5)
        goal = replace(GOAL, objective="cost")

        reason = reasons(KNOWN.adding([cheap, dear]), goal)["dear"]

        assert reason == Outranked("cost", 2.5, 2, 1, "value")

    def test_a_tie_goes_by_id(self) -> None:
        """Otherwise the same question would have two answers."""
        one = entry("one", takes=(PAGE,), gives=REPORT)
        two = entry("two", takes=(PAGE,), gives=REPORT)

        found = reasons(KNOWN.adding([two, one]))

        assert found == {"two": Outranked("stages", 1, 0, 1, "id")}

    def test_a_plan_that_would_be_too_long_is_no_plan(self) -> None:
        """A limit is a decision as well."""
        count = entry("count", takes=(PAGE,), gives=COUNTED)
        long = entry("write_long", takes=(COUNTED,), gives=REPORT)
        short = entry("write_short", takes=(PAGE,), gives=REPORT)

        found = reasons(KNOWN.adding([count, long, short]), replace(GOAL, limits=Limits(stages=1)))

        assert isinstance(found["write_long"], Undecidable)
        assert "at least 2 stages" in found["write_long"].reason

    def test_at_most_as_many_as_asked_are_told_of(self) -> None:
        """A catalog of thousands must not bury the plan."""
        many = [entry(f"write_{n:02}", takes=(PAGE,), gives=REPORT) for n in range(30)]
        catalog = KNOWN.adding(many)
        plan = find_plans(catalog, GOAL).best

        assert len(rejected(catalog, GOAL, plan)) == 20
        assert [r.agent.agent for r in rejected(catalog, GOAL, plan, limit=1)] == ["write_01"]


class TestChains:
    GOAL = Goal(
        have=(PAGE.id,),
        capabilities=(CapabilityTerm.parse("judge.tone"), CapabilityTerm.parse("write")),
    )
    JUDGE = entry("judge", takes=(PAGE,), gives=TONE, capabilities={"judge.tone": 0.9})
    WRITE = entry("write", takes=(TONE,), gives=REPORT, capabilities={"write": 0.9})

    def test_a_lower_score_loses(self) -> None:
        """Authors say how good they are; the reader sees the numbers."""
        poor = entry("poor", takes=(PAGE,), gives=TONE, capabilities={"judge.tone": 0.4})

        found = reasons(KNOWN.adding([self.JUDGE, self.WRITE, poor]), self.GOAL)

        assert found == {"poor": Outscored(CapabilityName("judge.tone"), 0.4, 0.9)}

    def test_an_equal_score_loses_by_id(self) -> None:
        """A tie is not a judgement."""
        twin = entry("twin", takes=(PAGE,), gives=TONE, capabilities={"judge.tone": 0.9})

        found = reasons(KNOWN.adding([self.JUDGE, self.WRITE, twin]), self.GOAL)

        assert found == {"twin": Outranked("stages", 2, 0, 2, "id")}

    def test_who_does_not_fit_what_follows_is_shown_what_is_missing(self) -> None:
        """The best score is of no use when the next stage cannot read it."""
        deaf = entry("deaf", takes=(PAGE,), gives=SCORE, capabilities={"judge.tone": 1.0})

        reason = reasons(KNOWN.adding([self.JUDGE, self.WRITE, deaf]), self.GOAL)["deaf"]

        assert isinstance(reason, Unconnected)
        (gap,) = reason.gaps
        assert (gap.input, gap.gives, gap.takes) == ("", SCORE.id, TONE.id)
        assert "tone" in gap.reason
