"""A field that may be taken alone is an agent, and plans may use it like any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from registry_core import Registry, agent, field_of
from registry_core.authoring.declaration import declare
from registry_core.errors import DefinitionError, NoPlanError


class Headline(BaseModel):
    """A line that sells."""

    text: Annotated[str, Field(min_length=1)]


class Article(BaseModel):
    """What is printed."""

    headline: Headline
    body: str


@dataclass
class Issue:
    """What is sold."""

    lead: Article


class Ticket(TypedDict):
    """What is asked for."""

    article: Article


@agent
def shout(headline: Headline) -> str:
    """Return it louder."""
    return headline.text.upper()


ARTICLE = Article(headline=Headline(text="News"), body="...")

article_headline = field_of(Article, "headline", module=__name__)


class TestFieldOf:
    def test_a_plan_takes_a_field_that_was_declared_and_no_other(self) -> None:
        """Types alone would let every text stand for every other."""
        plain = Registry().with_agents(shout)
        registry = plain.with_agents(article_headline)

        plan = registry.plan(have=[Article], want=[str])

        assert [stage.id for stage in plan.pipeline.stages] == ["article_headline", "shout"]
        assert registry.run_sync(plan, ARTICLE).output == "NEWS"
        with pytest.raises(NoPlanError):
            plain.plan(have=[Article], want=[str])

    def test_fields_of_fields_are_taken_one_after_the_other(self) -> None:
        """Each step was declared, so the whole way is."""
        issue_lead = field_of(Issue, "lead")
        registry = Registry().with_agents(shout, article_headline, issue_lead)

        plan = registry.plan(have=[Issue], want=[str])

        assert plan.value == 3
        assert registry.run_sync(plan, Issue(ARTICLE)).output == "NEWS"

    def test_a_typed_dictionary_has_fields_too(self) -> None:
        """It is a mapping at run time."""
        registry = Registry().with_agents(shout, article_headline, field_of(Ticket, "article"))

        plan = registry.plan(have=[Ticket], want=[str])

        assert registry.run_sync(plan, {"article": ARTICLE}).output == "NEWS"

    def test_an_agent_that_takes_the_whole_comes_before_one_that_needs_a_field(self) -> None:
        """A direct fit is never worse than a detour."""

        @agent
        def whole(article: Article) -> str:
            return article.body

        registry = Registry().with_agents(shout, article_headline, whole)

        assert [s.id for s in registry.plan(have=[Article], want=[str]).pipeline.stages] == [
            "whole"
        ]

    def test_it_is_found_where_the_plugin_binds_it(self) -> None:
        """The manifest names a module and a name in it, as for any agent."""
        declared = declare(article_headline).definition

        assert declared.target == f"{__name__}:article_headline"
        assert (declared.cost, declared.tags, declared.idempotent) == (0, ("converter",), True)

    def test_a_field_that_is_not_there_is_refused_with_those_that_are(self) -> None:
        """A slip shows at once, not at the first run."""
        with pytest.raises(DefinitionError, match="there is body, headline"):
            field_of(Article, "headlin")
