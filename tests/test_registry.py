"""The few verbs a user calls, from code alone."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import BaseModel

from registry_core import Pipeline, Policy, Registry, RunContext, Substitute, agent, middleware
from registry_core.definitions.middleware import Call, Proceed  # noqa: TC001 -- hints are resolved
from registry_core.errors import (
    DefinitionError,
    DuplicateAgentError,
    InvalidNameError,
    NoPlanError,
    PipelineError,
    SchemaMismatchError,
    UnknownNameError,
)


class Page(BaseModel):
    """A page as it was fetched."""

    html: str


class Text(BaseModel):
    """What a page says."""

    text: str


class Score(BaseModel):
    """How it feels."""

    score: float


class Report(BaseModel):
    """What people read."""

    lines: list[str]


@agent(capabilities=["data_transformation"])
def read_page(page: Page) -> Text:
    """Return the text of a page."""
    return Text(text=page.html)


@agent(capabilities=["content_analysis"])
async def judge(text: Text) -> Score:
    """Return how a text feels."""
    await asyncio.sleep(0)
    return Score(score=len(text.text))


@agent(capabilities=["reporting"])
def write_report(text: Text, score: Score) -> Report:
    """Return a report."""
    return Report(lines=[text.text, f"{score.score:g}"])


@agent
class Shouter:
    """Write a text in capitals."""

    def process(self, text: str, mark: str = "!") -> str:
        """Return it."""
        return f"{text.upper()}{mark}"


@agent
def fail(text: Text) -> Score:
    """Never return."""
    raise ValueError(text.text)


@middleware()
async def pass_on(call: Call, proceed: Proceed) -> object:
    """Do nothing."""
    assert call.stage_id
    return await proceed()


REGISTRY = Registry().with_agents(read_page, judge, write_report, Shouter)


class TestAgents:
    def test_code_joins_as_a_distribution_of_its_own(self) -> None:
        """A notebook needs no package, and cannot be mistaken for one."""
        assert REGISTRY.agents == (
            "local/judge@0",
            "local/read_page@0",
            "local/shouter@0",
            "local/write_report@0",
        )
        assert Registry().agents == ()

    @pytest.mark.requirement("R69")
    def test_the_same_code_twice_changes_nothing(self) -> None:
        """A cell is run twice."""
        assert REGISTRY.with_agents(judge).catalog == REGISTRY.catalog

    @pytest.mark.requirement("R69")
    def test_other_code_of_the_same_name_must_say_that_it_replaces(self) -> None:
        """Same signature, other body: only the callable tells them apart."""

        @agent(name="shouter")
        def whisper(text: str, mark: str = "!") -> str:
            return f"{text.lower()}{mark}"

        with pytest.raises(DuplicateAgentError):
            REGISTRY.with_agents(whisper)
        replaced = REGISTRY.with_agents(whisper, replacing=True)

        assert replaced.run_sync("shouter", "HEY").output == "hey!"
        assert REGISTRY.run_sync("shouter", "hey").output == "HEY!"

    def test_an_agent_can_be_left_out(self) -> None:
        """A test asks what happens without it."""
        left = REGISTRY.without("judge", "shouter")

        assert left.agents == ("local/read_page@0", "local/write_report@0")
        assert left.local.keys() == {*left.agents}
        with pytest.raises(UnknownNameError):
            left.without("judge")

    def test_a_wrong_declaration_is_refused_where_it_joins(self) -> None:
        """The traceback ends in the line that registered it."""
        with pytest.raises(DefinitionError):
            REGISTRY.with_agents(len)


class TestPlanning:
    @pytest.mark.requirement("R92", "R93")
    def test_what_is_asked_for_is_planned_and_runs(self) -> None:
        """The whole promise, in two lines."""
        plan = REGISTRY.plan(have=[Page], want=[Report])
        result = REGISTRY.run_sync(plan, Page(html="hello"))

        assert [stage.id for stage in plan.pipeline.stages] == [
            "read_page",
            "judge",
            "write_report",
        ]
        assert result.status == "success"
        assert result.output == Report(lines=["hello", "5"])

    def test_names_do_as_well_as_types(self) -> None:
        """A command line has no classes."""
        assert REGISTRY.plan(have=["Page"], want=["Report"]) == REGISTRY.plan(
            have=[Page], want=[Report]
        )

    def test_a_type_that_no_agent_mentions_may_be_given(self) -> None:
        """A caller's own richer class fits by its structure."""

        class FetchedPage(BaseModel):
            html: str
            url: str

        plan = REGISTRY.plan(have=[FetchedPage], want=[Text])
        result = REGISTRY.run_sync(plan, FetchedPage(html="hello", url="x"))

        assert result.output == Text(text="hello")

    @pytest.mark.requirement("R76", "R89")
    def test_capabilities_are_passed_in_order(self) -> None:
        """Someone says what is to be done, and nothing about types."""
        plan = REGISTRY.plan(capabilities=["data_transformation", "content_analysis", "reporting"])

        assert REGISTRY.run_sync(plan, {"html": "hi"}).output == Report(lines=["hi", "2"])
        assert len(REGISTRY.plan(capabilities=["reporting"]).pipeline.stages) == 1

    @pytest.mark.requirement("R90")
    def test_all_unknown_capabilities_are_reported_at_once(self) -> None:
        """Also those that nobody has ever described."""
        with pytest.raises(NoPlanError) as caught:
            REGISTRY.plan(capabilities=["translation", "reporting", "printing"])
        with pytest.raises(InvalidNameError):
            REGISTRY.plan(capabilities=["No Name"])

        assert caught.value.missing == ("translation", "printing")

    def test_one_schema_named_twice_is_one_input(self) -> None:
        """Two values of one type could not be told apart by it."""
        plan = REGISTRY.plan(have=[Page, "Page"], want=[Text])

        assert [declared.name for declared in plan.pipeline.inputs] == ["page"]

    def test_several_plans_come_best_first(self) -> None:
        """Somebody wants to choose."""

        @agent
        def skim(page: Page) -> Text:
            return Text(text=page.html[:1])

        found = REGISTRY.with_agents(skim).plans(have=[Page], want=[Text], limit=5)

        assert [plan.pipeline.stages[0].id for plan in found.plans] == ["read_page", "skim"]
        assert found.best is found.plans[0]

    @pytest.mark.fault("F37")
    def test_a_plan_does_not_run_where_its_agents_are_gone(self) -> None:
        """What was planned against is not what is there."""
        plan = REGISTRY.plan(have=[Page], want=[Text])

        with pytest.raises(UnknownNameError) as caught:
            REGISTRY.without("read_page").run_sync(plan, {"html": ""})

        assert caught.value.name == "local/read_page@0"


class TestRunning:
    def test_an_agent_runs_by_name_or_as_the_code_itself(self) -> None:
        """The shortest way to try one out."""
        assert REGISTRY.run_sync("shouter", "hey").output == "HEY!"
        assert REGISTRY.run_sync("local/shouter@0", "hey").output == "HEY!"
        assert Registry().run_sync(Shouter, "hey").output == "HEY!"

    def test_an_optional_input_is_given_in_order_or_by_name(self) -> None:
        """One agent is called like the function it is."""
        assert REGISTRY.run_sync("shouter", "hey", "?").output == "HEY?"
        assert REGISTRY.run_sync("shouter", "hey", inputs={"mark": "."}).output == "HEY."

    def test_a_pipeline_may_hold_code(self) -> None:
        """Code and installed agents stand in one pipeline, under their own names."""
        pipeline = Pipeline("p").stage(read_page).stage("judge").stage(write_report)

        result = REGISTRY.run_sync(pipeline, {"html": "hi"})

        assert result.output == Report(lines=["hi", "2"])
        assert REGISTRY.bind(pipeline).stages[0].agent == "local/read_page@0"
        assert REGISTRY.bind(REGISTRY.bind(pipeline)) == REGISTRY.bind(pipeline)

    def test_a_class_is_found_by_the_name_it_declares(self) -> None:
        """Its Python name is not its agent's."""
        result = Registry().run_sync(Pipeline("p").stage(Shouter).stage(Shouter), "a")

        assert result.output == "A!!"
        assert [stage.agent for stage in result.stages] == ["local/shouter@0"] * 2

    def test_two_functions_of_one_name_do_not_share_a_pipeline(self) -> None:
        """One of them would run in place of the other."""

        @agent(name="shouter")
        def other(text: str) -> str:
            return text

        with pytest.raises(DuplicateAgentError):
            Registry().bind(Pipeline("p").stage(Shouter).stage(other))

    def test_wrong_values_are_refused_before_anything_runs(self) -> None:
        """Too many, none, and a name that is no input."""
        with pytest.raises(PipelineError) as caught:
            REGISTRY.run_sync("judge", 1, 2, inputs={"zzz": 3})
        with pytest.raises(PipelineError):
            REGISTRY.run_sync("judge")
        with pytest.raises(UnknownNameError):
            REGISTRY.run_sync("nobody", 1)

        assert {fault.path for fault in caught.value.faults} == {"values", "zzz"}

    @pytest.mark.requirement("R28", "R38")
    def test_a_pipeline_that_does_not_fit_is_refused_before_anything_runs(self) -> None:
        """Nothing is half done."""
        crossed = Pipeline("p").stage(judge).stage(read_page, sources={"page": "judge"})
        skipping = Policy(on_error="skip", substitute=Substitute({"points": 1}))

        with pytest.raises(SchemaMismatchError):
            REGISTRY.run_sync(crossed, {"text": ""})
        with pytest.raises(PipelineError):
            REGISTRY.run_sync(Pipeline("p").stage(fail, policy=skipping), {"text": ""})

    @pytest.mark.requirement("R38")
    def test_a_skipped_stage_hands_on_its_substitute(self) -> None:
        """A judgement is nice to have; the report comes without it."""
        skipping = Policy(on_error="skip", substitute=Substitute({"score": 0}))
        pipeline = Pipeline("p").stage(read_page).stage(fail, policy=skipping).stage(write_report)

        result = REGISTRY.run_sync(pipeline, {"html": "hi"})

        assert result.status == "partial"
        assert result.output == Report(lines=["hi", "0"])

    @pytest.mark.requirement("R4")
    def test_an_agent_that_asks_gets_the_facts_of_the_run(self) -> None:
        """It logs with them, and the caller is not bothered."""

        @agent
        def where(text: str, context: RunContext) -> str:
            return f"{text} in {context.stage_id}"

        assert Registry().run_sync(where, "run").output == "run in only"

    def test_inside_a_loop_the_error_says_what_to_write(self) -> None:
        """A notebook runs a loop of its own."""

        async def notebook() -> None:
            REGISTRY.run_sync("shouter", "hey")

        with pytest.raises(RuntimeError, match=r"await registry\.run"):
            asyncio.run(notebook())


class TestMiddleware:
    def test_a_name_that_nobody_offers_is_an_error(self) -> None:
        """A guard that is not there must not be skipped in silence."""
        with pytest.raises(UnknownNameError) as caught:
            REGISTRY.run_sync("shouter", "hey", middleware=["cache"])

        assert caught.value.kind == "middleware"

    def test_code_can_be_wrapped_around_a_run(self) -> None:
        """A notebook times a run without a package."""
        result = REGISTRY.run_sync("shouter", "hey", middleware=[pass_on])

        assert result.output == "HEY!"
        with pytest.raises(DefinitionError):
            REGISTRY.run_sync("shouter", "hey", middleware=[Shouter])  # type: ignore[list-item]
