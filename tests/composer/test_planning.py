"""Goals become plans over a catalog, or an error that says what to do about it."""

from __future__ import annotations

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.composer.goal import Goal, knowing
from registry_core.composer.planning import find_plans
from registry_core.errors import DefinitionError, NoPlanError, UnknownNameError
from registry_core.pipeline.pipeline import FromInput, FromStage
from registry_core.pipeline.plan import Limits
from tests.catalog.worlds import SCHEMAS, entry, record

PAGE, TITLED, COUNTED, SCORE, *_ = SCHEMAS
TONE = record("Tone", tone="string")
REPORT = record("Report", lines="array")
NOTE = record("Note", text="string", author="string")

TITLE = entry("title", takes=(PAGE,), gives=TITLED)
FEEL = entry("feel", takes=(PAGE,), gives=TONE)
REPORT_ON = entry("report", takes=(TITLED, TONE), gives=REPORT, optional=(SCORE,))
JUDGE = entry("judge", takes=(PAGE,), gives=SCORE)
SIGN = entry("sign", takes=(NOTE,), gives=COUNTED)
CATALOG = Catalog().adding(
    [TITLE, FEEL, REPORT_ON, JUDGE, SIGN], schemas=[*SCHEMAS, TONE, REPORT, NOTE]
)


def refusal(goal: Goal, catalog: Catalog = CATALOG) -> NoPlanError:
    """Return why there is no plan for *goal*."""
    with pytest.raises(NoPlanError) as caught:
        find_plans(catalog, goal)
    return caught.value


class TestPlans:
    def test_an_agent_with_several_inputs_takes_them_from_several_agents(self) -> None:
        """Work that can be done side by side is planned side by side."""
        plan = find_plans(CATALOG, Goal(have=(PAGE.id,), want=(REPORT.id,))).best

        stages = {stage.id: stage for stage in plan.pipeline.stages}
        assert [*stages] == ["feel", "title", "report"]
        assert [binding.source for binding in stages["report"].bindings] == [
            FromStage("title"),
            FromStage("feel"),
        ]
        assert (plan.value, plan.depth, plan.proved) == (3, 2, True)

    def test_a_value_that_is_given_and_not_needed_goes_to_an_optional_input(self) -> None:
        """Who brings a score wants it in the report."""
        goal = Goal(have=(PAGE.id, SCORE.id), want=(REPORT.id,))

        plan = find_plans(CATALOG, goal).best

        report = plan.pipeline.stages[-1]
        assert {b.input: b.source for b in report.bindings}["x"] == FromInput("score")

    def test_a_required_agent_feeds_an_optional_input(self) -> None:
        """Who asks for a judgement wants it in the report, not beside it."""
        goal = Goal(have=(PAGE.id,), want=(REPORT.id,), require=frozenset({JUDGE.id}))

        plan = find_plans(CATALOG, goal).best

        report = plan.pipeline.stages[-1]
        assert {b.input: b.source for b in report.bindings}["x"] == FromStage("judge")
        assert len(plan.pipeline.stages) == 4

    def test_a_needed_value_is_not_spread_over_optional_inputs(self) -> None:
        """That two texts have one type does not make them one text."""
        echo = entry("echo", takes=(PAGE,), optional=(PAGE,), gives=REPORT)
        catalog = CATALOG.adding([echo])

        plan = find_plans(catalog, Goal(have=(PAGE.id,), want=(REPORT.id,))).best

        assert [binding.input for binding in plan.pipeline.stages[0].bindings] == ["a"]

    def test_several_values_come_out_in_one_plan(self) -> None:
        """What is shared is done once."""
        plan = find_plans(CATALOG, Goal(have=(PAGE.id,), want=(TONE.id, TITLED.id))).best

        assert plan.pipeline.outputs == ("feel", "title")

    def test_agents_of_contested_plugins_take_part_only_when_required(self) -> None:
        """Two plugins of one name: neither is picked by accident."""
        shady = entry("shady", takes=(PAGE,), gives=NOTE, contested=True)
        catalog = CATALOG.adding([shady])
        goal = Goal(have=(PAGE.id,), want=(NOTE.id,))

        error = refusal(goal, catalog)
        plan = find_plans(
            catalog, Goal(have=(PAGE.id,), want=(NOTE.id,), require=frozenset({shady.id}))
        ).best

        assert any(shady.id in line and "require it" in line for line in error.near)
        assert plan.pipeline.stages[0].agent == shady.id


class TestRefusals:
    def test_the_root_of_what_is_missing_is_named(self) -> None:
        """The wanted schema has an agent; what that agent lacks is what to install."""
        error = refusal(Goal(have=(SCORE.id,), want=(COUNTED.id,)))

        assert error.missing == ("Counted", "Note")
        assert error.reached == ("Score",)
        assert error.reason == "nothing that can be reached gives Note"
        assert error.near == (f"{SIGN.id} gives Counted, and lacks Note (a)",)

    def test_what_would_nearly_do_is_shown_with_the_missing_field(self) -> None:
        """One field away is an adapter away."""
        error = refusal(Goal(have=(PAGE.id,), want=(NOTE.id,)))

        assert error.near == (
            "Page is no Note: must have 'author'",
            "Titled is no Note: must have 'author'",
            f"a converter from {PAGE.id} to {NOTE.id} would do",
        )

    @pytest.mark.requirement("R92")
    def test_the_converter_that_would_do_would_do(self) -> None:
        """Both ends are ids, so that it can be written, or looked for."""
        goal = Goal(have=(PAGE.id,), want=(COUNTED.id,))
        line = refusal(goal).near[-1]
        _, _, _, source, _, target, *_ = line.split()
        schemas = {str(schema.id): schema for schema in (PAGE, TITLED, NOTE)}
        convert = entry("convert", takes=(schemas[source],), gives=schemas[target])

        plan = find_plans(CATALOG.adding([convert]), goal).best

        assert [stage.id for stage in plan.pipeline.stages][-2:] == ["convert", "sign"]

    def test_an_excluded_agent_is_remembered(self) -> None:
        """The user excluded it a week ago."""
        goal = Goal(have=(PAGE.id,), want=(TONE.id,), exclude=frozenset({FEEL.id}))

        assert f"{FEEL.id} gives Tone, and is excluded" in refusal(goal).near

    def test_too_few_stages_says_how_many_it_takes(self) -> None:
        """The next number to type is in the error."""
        error = refusal(Goal(have=(PAGE.id,), want=(REPORT.id,), limits=Limits(stages=2)))

        assert error.reason == "at least 3 stages are needed, and 2 were allowed"
        assert error.missing == ()

    def test_agents_that_wait_for_each_other_are_told_apart(self) -> None:
        """Nothing is missing but a beginning."""
        egg = entry("egg", takes=(TONE,), gives=NOTE)
        hen = entry("hen", takes=(NOTE,), gives=TONE)
        catalog = Catalog().adding([egg, hen], schemas=[TONE, NOTE])

        error = refusal(Goal(want=(TONE.id,)), catalog)

        assert error.reason == "the agents that would give it wait for each other"
        assert {line.partition(" ")[0] for line in error.near} == {egg.id, hen.id}

    def test_a_required_agent_that_cannot_run_is_missing(self) -> None:
        """The plan was found; the condition was not met."""
        goal = Goal(have=(PAGE.id,), want=(TONE.id,), require=frozenset({SIGN.id}))

        error = refusal(goal)

        assert SIGN.id in error.missing
        assert "Note" in error.missing

    def test_nothing_to_do_is_no_plan(self) -> None:
        """An empty pipeline would be a surprise later."""
        assert "given already" in refusal(Goal(have=(PAGE.id,), want=(PAGE.id,))).reason
        assert refusal(Goal(have=(PAGE.id,))).reason == "nothing is wanted"

    def test_the_text_reads_from_the_question_to_the_next_command(self) -> None:
        """It is all that many people will ever see of the planner."""
        error = refusal(Goal(have=(SCORE.id,), want=(COUNTED.id,)))

        assert str(error).splitlines() == [
            "no pipeline from Score to Counted: nothing that can be reached gives Note",
            "  missing: Counted, Note",
            "  reached: Score",
            f"  near: {SIGN.id} gives Counted, and lacks Note (a)",
            "  install a plugin that offers it, or see what there is: agentreg agents",
        ]


class TestKnowing:
    def test_names_ids_and_types_lead_to_schemas_each_once(self) -> None:
        """Code has classes, a command line has names."""
        catalog, ids = knowing(CATALOG, ["Page", PAGE.id, int, int])

        assert ids[0] == PAGE.id
        assert [schema.name for schema in ids] == ["Page", "int"]
        assert ids[1] in catalog.schemas.definitions

    def test_a_slip_is_an_error_of_its_kind(self) -> None:
        """A typing slip and a value in place of its type."""
        with pytest.raises(UnknownNameError) as caught:
            knowing(CATALOG, ["Pgae"])
        with pytest.raises(DefinitionError):
            knowing(CATALOG, [3])

        assert caught.value.close == ("Page",)
