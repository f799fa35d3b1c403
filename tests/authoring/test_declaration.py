"""A signature becomes a definition, or a list of everything that is wrong with it."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterator  # noqa: TC003 -- annotations are read
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from registry_core.authoring.agent import agent, collector, middleware
from registry_core.authoring.declaration import (
    declare,
    declare_collector,
    declare_middleware,
    is_agent,
)
from registry_core.definitions.agent import Example
from registry_core.definitions.context import RunContext  # noqa: TC001 -- annotations are read
from registry_core.definitions.resources import Resources
from registry_core.errors import DefinitionError, Fault

if TYPE_CHECKING:
    from registry_core.definitions.middleware import Call, Proceed
    from registry_core.results.events import Event

    Elsewhere = int


class Page(BaseModel):
    """A page."""

    text: str


class Report(TypedDict):
    """A report."""

    lines: list[str]


class Style(BaseModel):
    """How to write."""

    length: int = Field(default=10, ge=1)


@dataclass
class Score:
    """A score."""

    value: float


@agent(
    version="2.1",
    capabilities={"reporting": 0.9, "acme:pdf": 0.4},
    tags=["paper"],
    cost=2.5,
    resources=Resources(memory_mib=256, max_concurrency=2),
    timeout_seconds=5,
    idempotent=True,
    mutates=False,
    examples=[Example({"page": {"text": "a"}, "score": {"value": 1}}, {"lines": ["a"]})],
)
async def write_report(
    page: Page, score: Score, *, title: str = "Report", context: RunContext, config: Style
) -> Report:
    """Return a report on a page.

    More about it.
    """
    return Report(lines=[title, page.text, str(score.value), str(config.length), context.run_id])


@agent
class HtmlToText:
    """Turn HTML into text."""

    def __init__(self, config: Style | None = None) -> None:
        """Take the style, if there is one."""
        self.config = config

    async def process(self, html: str) -> Page:
        """Return the text."""
        return Page(text=html)


class _Base:
    def process(self, text: str) -> int:
        return len(text)


@agent
class Inheriting(_Base):
    """Count, as its base does."""


def faults_of(target: Callable[..., object]) -> dict[str, str]:
    """Return the faults of *target* by path."""
    with pytest.raises(DefinitionError) as caught:
        declare(target)
    return {fault.path: fault.message for fault in caught.value.faults}


@pytest.mark.requirement("R65")
class TestFunctions:
    def test_parameters_are_named_inputs_and_the_return_is_the_output(self) -> None:
        """The signature is the single source: nothing is said twice."""
        declared = declare(write_report)
        definition = declared.definition

        assert [(i.name, i.schema.name, i.required) for i in definition.inputs] == [
            ("page", "Page", True),
            ("score", "Score", True),
            ("title", "str", False),
        ]
        assert definition.output.name == "Report"
        assert definition.config is not None
        assert definition.config.name == "Style"
        assert definition.wants_context

    def test_everything_else_its_author_said_is_kept(self) -> None:
        """A planner and a runtime read it without importing the code."""
        definition = declare(write_report).definition

        assert definition.name == "write_report"
        assert definition.target.endswith("test_declaration:write_report")
        assert definition.summary == "Return a report on a page."
        assert [(c.name, c.score) for c in definition.capabilities] == [
            ("acme:pdf", 0.4),
            ("reporting", 0.9),
        ]
        assert (definition.version, definition.cost, definition.timeout_seconds) == ("2.1", 2.5, 5)
        assert definition.resources == Resources(256, 0.0, 2)
        assert (definition.idempotent, definition.mutates, definition.tags) == (
            True,
            False,
            ("paper",),
        )

    def test_each_schema_comes_once_and_sorted(self) -> None:
        """A manifest that is generated twice must be the same text."""
        names = [schema.name for schema in declare(write_report).schemas]

        assert names == ["Page", "Report", "Score", "Style", "str"]


class TestClasses:
    def test_process_is_read_and_the_name_is_in_snake_case(self) -> None:
        """A class keeps a connection open between calls; its name is Python's business."""
        definition = declare(HtmlToText).definition

        assert definition.name == "html_to_text"
        assert [item.name for item in definition.inputs] == ["html"]
        assert definition.config is not None
        assert definition.summary == "Turn HTML into text."

    def test_an_inherited_process_counts_and_a_mark_does_not(self) -> None:
        """A family of agents shares code; each is published on purpose."""

        class Silent(Inheriting):
            pass

        assert declare(Inheriting).definition.inputs[0].name == "text"
        assert not is_agent(Silent)

    def test_a_static_process_keeps_its_first_parameter(self) -> None:
        """It has no instance to leave out."""

        @agent
        class Plain:
            @staticmethod
            def process(text: str) -> int:
                return len(text)

        assert [item.name for item in declare(Plain).definition.inputs] == ["text"]

    def test_a_class_that_needs_more_than_its_config_is_refused(self) -> None:
        """The host makes it from the configuration; a run would be a late place to learn that."""

        @agent
        class Needy:
            def __init__(self, database: str, config: Style, retries: int = 3) -> None:
                self.facts = (database, config, retries)

            def process(self, text: str) -> str:
                return text

        assert faults_of(Needy).keys() == {"__init__.database"}

    def test_a_class_without_process_is_refused(self) -> None:
        """It is the one method the host calls."""

        @agent
        class Idle:
            pass

        assert "process" in faults_of(Idle)


@agent
def yielding(text: str) -> Iterator[str]:
    """Give the text, once."""
    yield text


@agent
async def streaming(text: str) -> AsyncIterator[str]:
    """Give the text, once."""
    yield text


@agent
def mystery(text: Elsewhere) -> str:
    """Return the text."""
    return str(text)


@agent
def confused(context: str) -> str:
    """Return the context."""
    return context


@agent
def silent(text: str) -> None:
    """Return nothing."""
    del text


class TestWrongUses:
    def test_every_fault_comes_at_once_with_its_path(self) -> None:
        """Ten faults must not cost ten releases."""

        @agent(
            capabilities=["Not A Name"],
            cost=-1,
            timeout_seconds=0,
            version="?",
            resources=Resources(memory_mib=-1, max_concurrency=0),
        )
        def wrong(first: int, /, *rest: int, **more: int) -> None:
            del first, rest, more

        assert faults_of(wrong).keys() == {
            "first",
            "rest",
            "more",
            "return",
            "capabilities",
            "cost",
            "timeout_seconds",
            "version",
            "resources.memory_mib",
            "resources.max_concurrency",
        }

    def test_a_lambda_has_neither_name_nor_types(self) -> None:
        """It cannot be found again by whoever runs the plan."""
        unnamed: Callable[[str], str] = lambda text: text  # noqa: E731 -- as a plugin might

        assert faults_of(agent(unnamed)).keys() == {"text", "return", "name"}

    @pytest.mark.parametrize("target", [yielding, streaming], ids=lambda t: t.__name__)
    def test_a_generator_is_not_one_value(self, target: Callable[..., object]) -> None:
        """A stage passes one value on; a stream would never end it."""
        assert "return" in faults_of(target)

    def test_types_that_only_checkers_see_are_refused_with_advice(self) -> None:
        """The commonest slip with postponed annotations."""
        assert "TYPE_CHECKING" in faults_of(mystery)[""]

    def test_the_name_context_is_reserved(self) -> None:
        """It would be filled with something else than its author meant."""
        assert "RunContext" in faults_of(confused)["context"]

    def test_an_agent_must_give_something(self) -> None:
        """Nothing could be planned after it."""
        assert faults_of(silent).keys() == {"return"}

    @pytest.mark.parametrize("cost", ["much", True, math.nan, None])
    def test_options_of_a_wrong_type_are_named(self, cost: object) -> None:
        """Not everybody runs a type checker."""

        @agent(cost=cost)  # type: ignore[call-overload, untyped-decorator]
        def costly(text: str) -> str:
            return text

        assert faults_of(costly).keys() == {"cost"}

    def test_examples_are_tried_against_the_types(self) -> None:
        """An example that does not hold misleads every reader."""

        @agent(examples=[Example({"texts": "a", "page": {"text": 1}}, "five")])
        def count(text: str, page: Page) -> Annotated[int, Field(ge=0)]:
            return len(text + page.text)

        assert faults_of(count).keys() == {
            "examples[0].inputs.text",
            "examples[0].inputs.texts",
            "examples[0].inputs.page.text",
            "examples[0].output",
        }

    def test_what_was_not_decorated_is_said_to_be_so(self) -> None:
        """Forgetting the decorator is not a mystery."""
        with pytest.raises(DefinitionError) as caught:
            declare(faults_of)

        assert caught.value.faults == (Fault("", "is not decorated with @agent"),)


class TestMiddleware:
    def test_its_place_in_the_onion_is_declared(self) -> None:
        """Order is a fact of the middleware, not of who was installed first."""

        @middleware(scope="attempt", order=-5, guard=True)
        async def check_rights(call: Call, proceed: Proceed) -> object:
            """Let only the right ones through."""
            assert call is not None
            return await proceed()

        declared = declare_middleware(check_rights)

        assert (declared.name, declared.scope, declared.order, declared.guard) == (
            "check_rights",
            "attempt",
            -5,
            True,
        )
        assert declared.summary == "Let only the right ones through."

    def test_others_to_go_before_and_after_are_named_in_full(self) -> None:
        """A short name could be anybody's, and must be refused while the author looks."""

        @middleware(before="acme-cache/remember", after=["acme/trace", "acme/count"])
        async def placed(call: Call, proceed: Proceed) -> object:
            assert call is not None
            return await proceed()

        @middleware(before=["remember"], after=["Acme/trace"])
        async def vague(call: Call, proceed: Proceed) -> object:
            assert call is not None
            return await proceed()

        declared = declare_middleware(placed)

        assert declared.before == ("acme-cache/remember",)
        assert declared.after == ("acme/trace", "acme/count")
        with pytest.raises(DefinitionError) as caught:
            declare_middleware(vague)
        assert [fault.path for fault in caught.value.faults] == ["before", "after"]

    @pytest.mark.requirement("R17")
    def test_wrong_uses_are_definition_errors(self) -> None:
        """They are found when the plugin is built, not in somebody's run."""

        @middleware()  # type: ignore[type-var]
        def waiting(call: Call, proceed: Proceed) -> object:
            return (call, proceed)

        @middleware(name="Not A Name", scope="pipeline")  # type: ignore[arg-type, type-var]
        async def hasty(call: Call) -> object:
            return call

        with pytest.raises(DefinitionError, match="async function"):
            declare_middleware(waiting)
        with pytest.raises(DefinitionError) as caught:
            declare_middleware(hasty)

        assert {fault.path for fault in caught.value.faults} == {"name", "scope", ""}
        with pytest.raises(DefinitionError, match="not decorated"):
            declare_middleware(faults_of)


class TestCollectors:
    def test_a_class_that_needs_nothing_is_named_like_itself(self) -> None:
        """What stands in the settings is what the author wrote."""

        @collector()
        class StageCounter:
            """Count stages."""

            def __call__(self, event: Event) -> None:
                assert event is not None

        declared = declare_collector(StageCounter)

        assert (declared.name, declared.summary) == ("stage_counter", "Count stages.")
        assert declared.target.endswith("StageCounter")

    @pytest.mark.requirement("R19")
    def test_wrong_uses_are_definition_errors(self) -> None:
        """They are found when the plugin is built, and not as silence in production."""

        @collector(name="Not A Name")  # type: ignore[type-var]
        def needy(port: int) -> None:
            assert port

        with pytest.raises(DefinitionError) as caught:
            declare_collector(needy)

        assert {fault.path for fault in caught.value.faults} == {"name", ""}
        with pytest.raises(DefinitionError, match="not decorated"):
            declare_collector(faults_of)
