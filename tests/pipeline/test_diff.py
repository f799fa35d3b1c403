"""After an upgrade: which edge broke, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.catalog.entry import CatalogEntry
from registry_core.names import AgentId
from registry_core.pipeline.binding import bind
from registry_core.pipeline.diff import compare
from registry_core.pipeline.pipeline import Pipeline
from registry_core.pipeline.policy import Policy
from tests.catalog.worlds import SCHEMAS, entry, record

if TYPE_CHECKING:
    from registry_core.definitions.agent import InputDefinition
    from registry_core.names import SchemaId

PAGE, TITLED, COUNTED, SCORE, INT_SCORE, *_ = SCHEMAS
COUNT = entry("count", takes=(PAGE,), gives=COUNTED)
JUDGE = entry("judge", takes=(TITLED,), gives=SCORE)


def upgraded(
    old: CatalogEntry,
    *,
    output: SchemaId | None = None,
    inputs: tuple[InputDefinition, ...] | None = None,
) -> CatalogEntry:
    """Return version 1.1 of an agent."""
    definition = old.definition
    changed = replace(
        definition, output=output or definition.output, inputs=inputs or definition.inputs
    )
    return CatalogEntry(AgentId.of("kit", definition.name, "1.1"), changed)


def catalog(*entries: CatalogEntry) -> Catalog:
    """Return what is installed."""
    return Catalog().adding(entries, schemas=SCHEMAS)


PIPELINE = bind(Pipeline("press").stage("count").stage("judge"), catalog(COUNT, JUDGE))


@pytest.mark.fault("F37")
class TestComparing:
    def test_nothing_is_wrong_where_nothing_changed(self) -> None:
        """The pipeline comes back as it was."""
        diff = compare(PIPELINE, catalog(COUNT, JUDGE), (SCORE.id,))

        assert diff.runs
        assert diff.pipeline == PIPELINE

    def test_agents_are_followed_to_their_versions_of_now(self) -> None:
        """Most upgrades break nothing, and that is worth knowing."""
        diff = compare(PIPELINE, catalog(upgraded(COUNT), upgraded(JUDGE)), (SCORE.id,))

        assert diff.runs
        assert [stage.agent for stage in diff.pipeline.stages] == [
            "kit/count@1.1",
            "kit/judge@1.1",
        ]

    @pytest.mark.requirement("R92")
    def test_the_broken_edge_is_named_with_a_value_that_shows_it(self) -> None:
        """The author of the upgrade wants to see it, not to be told."""
        diff = compare(PIPELINE, catalog(upgraded(COUNT, output=PAGE.id), JUDGE), (SCORE.id,))

        (edge,) = diff.broken
        assert (edge.origin, edge.stage, edge.input) == ("count", "judge", "a")
        assert (edge.gives, edge.takes) == (PAGE.id, TITLED.id)
        assert edge.misfit.witness == {"text": ""}
        assert "title" in edge.misfit.reason
        assert str(edge).startswith("count -> judge.a: Page does not fit Titled: ")
        assert diff.faults == ()
        assert not diff.runs

    def test_a_goal_that_is_no_longer_met_is_an_edge_too(self) -> None:
        """Everything may run, and the result be another."""
        diff = compare(PIPELINE, catalog(COUNT, upgraded(JUDGE, output=PAGE.id)), (SCORE.id,))

        assert [(edge.origin, edge.stage, edge.input) for edge in diff.broken] == [
            ("judge", "", "Score")
        ]

    def test_an_agent_that_is_gone_is_a_fault(self) -> None:
        """Nothing came in its place."""
        diff = compare(PIPELINE, catalog(COUNT), (SCORE.id,))

        assert [fault.path for fault in diff.faults] == ["stages.judge.agent"]

    def test_what_the_caller_gives_is_an_edge_too(self) -> None:
        """The first stage may ask for more than it did."""
        first = replace(COUNT.definition.inputs[0], schema=TITLED.id)
        diff = compare(PIPELINE, catalog(upgraded(COUNT, inputs=(first,)), JUDGE), (SCORE.id,))

        assert [(edge.origin, edge.stage) for edge in diff.broken] == [("", "count")]
        assert str(diff.broken[0]).startswith("caller -> count.a: ")

    def test_a_schema_that_was_replaced_is_followed_by_its_name(self) -> None:
        """Its fingerprint is another, and its meaning the author's."""
        old = replace(PIPELINE.inputs[0], schema="Page#000000000000")

        diff = compare(replace(PIPELINE, inputs=(old,)), catalog(COUNT, JUDGE), (SCORE.id,))

        assert diff.runs
        assert diff.pipeline == PIPELINE

    def test_fallbacks_are_followed_as_stages_are(self) -> None:
        """They are agents of the pipeline."""
        policy = Policy(on_error="fallback", fallback="kit/count@1.0")
        known = catalog(COUNT, JUDGE)
        pipeline = bind(Pipeline("p").stage("count", policy=policy).stage("judge"), known)

        diff = compare(pipeline, catalog(upgraded(COUNT), JUDGE))

        moved = diff.pipeline.stages[0].policy
        assert moved is not None
        assert moved.fallback == "kit/count@1.1"

    @pytest.mark.fault("F37")
    @pytest.mark.requirement("R67")
    def test_two_versions_of_one_schema_are_told_apart(self) -> None:
        """A Page that does not fit Page helps nobody after an upgrade of Page."""
        newer = replace(record("Titled", text="string", headline="string"), version="2.0")
        known = catalog(COUNT, JUDGE).adding([], schemas=[newer])
        known = known.removing([COUNT.id]).adding([upgraded(COUNT, output=newer.id)])

        (edge,) = compare(PIPELINE, known).broken

        assert edge.called == ("Titled@2.0", "Titled@1.0")
        assert "Titled@2.0 does not fit Titled@1.0: must have 'title'" in str(edge)
