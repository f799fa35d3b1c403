"""Goals of any mix: what a plan may cost, who may be in it, and what it is weighed by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.composer.eligibility import Barred, OverBudget
from registry_core.composer.expectation import Expectation
from registry_core.composer.planning import find_plans
from registry_core.composer.rejection import Outranked, Outscored, rejected
from registry_core.composer.terms import GoalTerms, goal_of
from registry_core.definitions.resources import Resources
from registry_core.errors import AmbiguousNameError, InvalidNameError, NoPlanError, UnknownNameError
from registry_core.names import AgentId, CapabilityName
from tests.catalog.worlds import SCHEMAS, entry, record

if TYPE_CHECKING:
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.pipeline.plan import Plan, PlanSearch

PAGE, TITLED, COUNTED, SCORE, *_ = SCHEMAS
TONE = record("Tone", tone="string")
REPORT = record("Report", lines="array")
KNOWN = Catalog().adding([], schemas=[*SCHEMAS, TONE, REPORT])

FEEL = entry("feel", takes=(PAGE,), gives=TONE, capabilities={"judge.tone": 0.9}, cost=2)
WRITE = entry("write", takes=(TONE,), gives=REPORT, capabilities={"reporting": 0.9}, cost=2)
QUICK = entry("quick", takes=(PAGE,), gives=REPORT, capabilities={"reporting": 0.5}, cost=9)
WEIGH = entry("weigh", takes=(PAGE,), gives=SCORE, capabilities={"judge.weight": 0.7})
CATALOG = KNOWN.adding([FEEL, WRITE, QUICK, WEIGH])


def version(found: CatalogEntry, number: str, *, distribution: str = "kit") -> CatalogEntry:
    """Return the agent at another version."""
    name = found.definition.name
    return replace(found, id=AgentId.of(distribution, name, number))


def needing(found: CatalogEntry, memory_mib: int) -> CatalogEntry:
    """Return the agent with a need of memory."""
    resources = Resources(memory_mib=memory_mib)
    return replace(found, definition=replace(found.definition, resources=resources))


def search(catalog: Catalog = CATALOG, **terms: object) -> PlanSearch:
    """Return what is found for a goal from Page to Report, unless the terms say otherwise."""
    asked: GoalTerms = {"have": ["Page"], "want": ["Report"], **terms}  # type: ignore[typeddict-item]
    return find_plans(*goal_of(catalog, **asked), limit=10)


def stages(plan: Plan) -> list[str]:
    """Return the ids of the stages."""
    return [stage.id for stage in plan.pipeline.stages]


def refusal(catalog: Catalog = CATALOG, **terms: object) -> NoPlanError:
    """Return why there is no plan."""
    with pytest.raises(NoPlanError) as caught:
        search(catalog, **terms)
    return caught.value


class TestVersions:
    def test_a_required_agent_is_of_the_versions_asked_for(self) -> None:
        """Two distributions share a name; the version tells which one is meant."""
        old, new = version(QUICK, "1.1"), version(QUICK, "1.4", distribution="other")
        catalog = KNOWN.adding([old, new])

        plan = search(catalog, require=["quick>=1.2,<2"]).best

        assert plan.pipeline.stages[0].agent == new.id

    def test_a_version_that_nobody_has_is_refused_with_those_there_are(self) -> None:
        """The reader sees what is installed in its place."""
        with pytest.raises(UnknownNameError) as caught:
            search(require=["quick>=2"])

        assert caught.value.close == (QUICK.id,)

    def test_two_that_meet_the_versions_are_still_two(self) -> None:
        """Install order never decides."""
        catalog = KNOWN.adding([QUICK, version(QUICK, "1.4", distribution="other")])

        with pytest.raises(AmbiguousNameError):
            search(catalog, require=["quick>=1"])

    def test_only_the_versions_named_are_excluded(self) -> None:
        """An old fault must not keep a new release out."""
        assert stages(search(exclude=["quick<1"]).best) == ["quick"]
        assert stages(search(exclude=["quick<=1"]).best) == ["feel", "write"]

    def test_a_capability_of_a_version_is_done_by_those_of_it(self) -> None:
        """Who does it as well and is too old is told so."""
        catalog = KNOWN.adding([FEEL, WRITE, version(QUICK, "0.9")])
        catalog, goal = goal_of(catalog, have=["Page"], capabilities=["reporting>=1"])

        plan = find_plans(catalog, goal).best

        assert stages(plan) == ["feel", "write"]
        (quick,) = (r for r in rejected(catalog, goal, plan) if r.agent.agent == "quick")
        assert quick.reason == Barred("version", ">=1")
        assert str(quick) == "kit/quick@0.9 does reporting: is not version >=1"

    def test_a_capability_that_only_other_versions_have_is_missing(self) -> None:
        """The error names who is too old."""
        error = refusal(want=(), capabilities=["judge.tone>=2"])

        assert error.missing == ("judge.tone>=2",)
        assert error.near == (f"{FEEL.id} does judge.tone, and is not version >=2",)

    def test_a_specifier_that_is_none_is_refused(self) -> None:
        """A slip must not mean any version."""
        with pytest.raises(InvalidNameError):
            search(require=["quick>=new"])


class TestBudgets:
    def test_a_plan_that_costs_too_much_gives_way_to_a_longer_one(self) -> None:
        """The shortest is not affordable: the shortest that is."""
        assert stages(search().best) == ["quick"]
        assert stages(search(max_cost=8).best) == ["feel", "write"]
        assert search(max_cost=8).complete

    def test_a_budget_that_no_plan_keeps_is_told_with_the_number_to_type(self) -> None:
        """Nothing is missing but money."""
        assert refusal(max_cost=3).reason == "the cheapest plan costs 4, and 3 is the most"

    def test_an_agent_over_the_whole_budget_is_named(self) -> None:
        """It is not worth being wired up first."""
        catalog, goal = goal_of(CATALOG, have=["Page"], want=["Report"], max_cost=8)

        found = {r.agent.agent: r.reason for r in rejected(catalog, goal, search(max_cost=8).best)}

        assert found == {"quick": OverBudget("cost", 9, 8)}

    def test_memory_is_that_of_what_may_run_at_once(self) -> None:
        """Stages that wait for each other share it; those side by side need it together."""
        title = needing(entry("title", takes=(PAGE,), gives=TITLED), 300)
        feel, weigh = needing(FEEL, 200), needing(WEIGH, 100)
        join = needing(entry("join", takes=(TITLED, TONE), gives=REPORT), 400)
        catalog = KNOWN.adding([title, feel, weigh, join])

        assert search(catalog).best.memory_mib == 500
        assert search(catalog, max_memory_mib=500).best.memory_mib == 500
        reason = refusal(catalog, max_memory_mib=499).reason
        assert reason == "500 MiB are needed at once, and 499 is the most"

    def test_a_plan_that_takes_too_long_gives_way_to_one_with_more_stages(self) -> None:
        """Stages side by side cost no time."""
        slow = {"quick": 5.0, "feel": 2.0, "write": 2.0}

        def expect(found: CatalogEntry) -> Expectation:
            return Expectation(latency_seconds=slow.get(found.definition.name, 1.0))

        catalog, goal = goal_of(CATALOG, have=["Page"], want=["Report"], max_latency_seconds=4.5)
        found = find_plans(catalog, goal, expect=expect)

        assert stages(found.best) == ["feel", "write"]
        assert found.best.latency_seconds == 4
        _, tight = goal_of(CATALOG, have=["Page"], want=["Report"], max_latency_seconds=3)
        with pytest.raises(NoPlanError, match="the fastest plan takes 4 s, and 3 s is the most"):
            find_plans(catalog, tight, expect=expect)

    def test_a_limit_that_is_no_number_is_refused(self) -> None:
        """Not a number is not no limit."""
        assert refusal(max_cost=float("nan")).reason == "a limit must be a number, 0 or more"


class TestMixes:
    @pytest.mark.requirement("R76")
    def test_stages_are_put_between_capabilities_where_they_are_needed(self) -> None:
        """Who names two capabilities need not know the converter between them."""
        convert = entry("convert", takes=(SCORE,), gives=TONE, tags=("converter",))
        catalog = KNOWN.adding([WEIGH, WRITE, convert])

        plan = search(catalog, want=(), capabilities=["judge.weight", "reporting"]).best

        assert stages(plan) == ["weigh", "convert", "write"]
        assert plan.proved

    @pytest.mark.requirement("R76")
    def test_the_ends_of_the_way_can_be_told(self) -> None:
        """The first stage takes what is given, the last one gives the result."""
        assert stages(search(first="judge", last="reporting").best) == ["feel", "write"]
        assert stages(search(last="reporting").best) == ["quick"]
        error = refusal(first="reporting", last="judge")
        assert error.reason == "nothing that reporting gives leads to what judge takes"

    def test_a_capability_in_any_order_is_had_by_some_stage(self) -> None:
        """The judgement is asked for; when is left to the planner."""
        plan = search(any_order=["judge.weight", "reporting"]).best

        assert stages(plan) == ["quick", "weigh"]
        assert search(any_order=["judge"], exclude=["weigh"]).best.value == 2

    @pytest.mark.requirement("R91")
    def test_of_those_who_could_the_one_that_claims_most_is_taken(self) -> None:
        """Changing a score changes the choice, and the reason says the scores."""
        rough = entry("a_rough", takes=(PAGE,), gives=SCORE, capabilities={"judge.weight": 0.2})
        catalog, goal = goal_of(
            CATALOG.adding([rough]), have=["Page"], want=["Report"], any_order=["judge.weight"]
        )

        plan = find_plans(catalog, goal).best

        assert stages(plan) == ["quick", "weigh"]
        lost = {str(r.agent.agent): r.reason for r in rejected(catalog, goal, plan)}
        assert lost["a_rough"] == Outscored(CapabilityName("judge.weight"), 0.2, 0.7)

    def test_a_capability_that_nobody_can_do_here_is_named(self) -> None:
        """The agent exists, and cannot run on what is given."""
        error = refusal(have=["Tone"], any_order=["judge.weight"])

        assert error.missing == ("Page", "judge.weight")
        assert f"{WEIGH.id} does judge.weight, and lacks Page (a)" in error.near

    def test_a_direct_fit_comes_before_a_converter_in_as_many_stages(self) -> None:
        """A converter is never the better agent."""
        aside = entry("aside", takes=(PAGE,), gives=TONE, tags=("converter",))
        catalog = KNOWN.adding([WRITE, FEEL, aside])
        catalog, goal = goal_of(catalog, have=["Page"], want=["Report"])

        found = find_plans(catalog, goal, limit=2)

        assert [stages(plan) for plan in found.plans] == [["feel", "write"], ["aside", "write"]]
        (lost,) = rejected(catalog, goal, found.best)
        assert lost.reason == Outranked("stages", 2, 0, 2, "converters")


class TestObjectives:
    def test_the_most_reliable_plan_is_found_though_it_is_longer(self) -> None:
        """Two that hardly fail are better than one that often does."""
        chances = {"quick": 0.7, "feel": 0.9, "write": 0.95}

        def expect(found: CatalogEntry) -> Expectation:
            return Expectation(success=chances.get(found.definition.name, 1.0))

        catalog, goal = goal_of(CATALOG, have=["Page"], want=["Report"], objective="reliability")
        best, other = find_plans(catalog, goal, expect=expect, limit=2).plans

        assert stages(best) == ["feel", "write"]
        assert (best.success, best.value) == (0.855, 0.145)
        assert (other.success, other.proved) == (0.7, True)

    def test_the_best_scores_win_when_that_is_asked(self) -> None:
        """Two that do it well are better than one that does it so-so."""
        best = search(objective="score").best

        assert stages(best) == ["feel", "write"]
        assert (best.score, best.value) == (0.81, 0.19)

    @pytest.mark.requirement("R91")
    def test_of_plans_alike_the_agents_of_more_merit_win(self) -> None:
        """What was measured decides where nothing else does, and says so."""
        twin = entry("twin", takes=(PAGE,), gives=TONE)
        catalog, goal = goal_of(KNOWN.adding([FEEL, WRITE, twin]), have=["Page"], want=["Report"])

        def expect(found: CatalogEntry) -> Expectation:
            return Expectation(merit=0.2 if found.id == FEEL.id else 0.8)

        plan = find_plans(catalog, goal, expect=expect).best

        assert stages(plan) == ["twin", "write"]
        (lost,) = rejected(catalog, goal, plan, expect=expect)
        assert lost.reason == Outranked("stages", 2, 0, 2, "merit")
        assert "done less well" in str(lost)

    def test_two_objectives_give_the_plans_that_are_not_worse_in_both(self) -> None:
        """Short and dear, or longer and cheap: the reader chooses."""
        both = search(objective=("stages", "cost"))

        assert [(stages(p), p.value, p.against_value) for p in both.plans] == [
            (["quick"], 1, 9),
            (["feel", "write"], 2, 4),
        ]
        assert both.complete
        assert all(plan.proved for plan in both.plans)

    def test_who_loses_by_the_second_objective_is_told_so(self) -> None:
        """As short, and dearer."""
        dear = entry("dear", takes=(PAGE,), gives=REPORT, cost=10)
        asked: GoalTerms = {"have": ["Page"], "want": ["Report"], "objective": ("stages", "cost")}
        catalog, goal = goal_of(CATALOG.adding([dear]), **asked)

        plan = find_plans(catalog, goal).best

        assert stages(plan) == ["quick"]
        found = {str(r.agent.agent): r.reason for r in rejected(catalog, goal, plan)}
        assert found["dear"] == Outranked("stages", 1, 0, 1, "against")

    def test_objectives_that_cannot_be_weighed_are_refused(self) -> None:
        """Time is measured one way at a time."""
        assert "both time" in refusal(objective=("depth", "latency")).reason
        assert "the same" in refusal(objective=("cost", "cost")).reason
        assert "in layers" in refusal(objective="depth", max_latency_seconds=1).reason
