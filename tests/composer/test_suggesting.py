"""Chains from one capability to another."""

from __future__ import annotations

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.composer.goal import CapabilityTerm
from registry_core.composer.suggesting import Chained, suggest
from registry_core.errors import NoPlanError
from registry_core.pipeline.binding import bind
from registry_core.pipeline.pipeline import FromInput, FromStage
from tests.catalog.worlds import SCHEMAS, entry, record

PAGE, TITLED, COUNTED, SCORE, *_ = SCHEMAS

READ = entry("read", takes=(PAGE,), gives=TITLED, capabilities={"read": 0.5}, cost=5)
COUNT = entry("count", takes=(TITLED,), gives=COUNTED, capabilities={"count": 1.0}, cost=5)
RATE = entry("rate", takes=(COUNTED,), gives=SCORE, capabilities={"judge": 0.9}, cost=1)
CHECK = entry("check", takes=(TITLED,), gives=SCORE, capabilities={"judge": 0.4}, cost=20)
CATALOG = Catalog().adding([READ, COUNT, RATE, CHECK], schemas=SCHEMAS)


def chains(
    catalog: Catalog, start: str, end: str, *, limit: int = 100, objective: Chained = "stages"
) -> list[list[str]]:
    """Return the short names of every chain, in order."""
    terms = CapabilityTerm.parse(start), CapabilityTerm.parse(end)
    found = suggest(catalog, *terms, limit=limit, objective=objective)
    return [[stage.id for stage in plan.pipeline.stages] for plan in found.plans]


class TestChains:
    @pytest.mark.requirement("R76")
    def test_short_chains_come_before_long_ones(self) -> None:
        """Three agents must not stand before two that do the same."""
        assert chains(CATALOG, "read", "judge") == [
            ["read", "check"],
            ["read", "count", "check"],
            ["read", "count", "rate"],
        ]

    @pytest.mark.requirement("R76")
    def test_cheap_chains_come_first_when_that_is_asked(self) -> None:
        """Eleven in three stages is less than twenty-five in two, or thirty."""
        found = chains(CATALOG, "read", "judge", objective="cost")

        assert found == [["read", "count", "rate"], ["read", "check"], ["read", "count", "check"]]

    @pytest.mark.requirement("R76")
    def test_one_agent_with_both_capabilities_is_a_chain(self) -> None:
        """It is the shortest there is."""
        both = entry("both", takes=(PAGE,), gives=SCORE, capabilities={"read": 1, "judge": 1})

        assert chains(CATALOG.adding([both]), "read", "judge")[0] == ["both"]

    @pytest.mark.requirement("R76")
    def test_chains_are_as_long_as_was_allowed_and_no_longer(self) -> None:
        """A chain of four was not found by what only looked for three."""
        links = [record(f"Link{i}", **{f"k{i}": "string"}) for i in range(6)]
        path = [
            entry(f"step_{i}", takes=(links[i],), gives=links[i + 1], capabilities={f"c{i}": 1})
            for i in range(5)
        ]
        catalog = Catalog().adding(path, schemas=links)

        found = suggest(catalog, CapabilityTerm.parse("c0"), CapabilityTerm.parse("c3"))

        assert [stage.id for stage in found.best.pipeline.stages] == [f"step_{i}" for i in range(4)]
        assert found.complete
        with pytest.raises(NoPlanError, match="at most 3 agents"):
            suggest(catalog, CapabilityTerm.parse("c0"), CapabilityTerm.parse("c3"), max_stages=3)

    def test_what_else_an_agent_takes_comes_from_earlier_ones_or_the_caller(self) -> None:
        """A suggestion can be run as it stands."""
        weigh = entry("weigh", takes=(SCORE, PAGE), gives=COUNTED, capabilities={"weigh": 1})
        catalog = CATALOG.adding([weigh])

        found = suggest(catalog, CapabilityTerm.parse("read"), CapabilityTerm.parse("weigh"))

        last = found.best.pipeline.stages[-1]
        assert [b.source for b in last.bindings] == [FromStage("check"), FromInput("page")]
        assert bind(found.best.pipeline, catalog) == found.best.pipeline

    @pytest.mark.requirement("R70")
    def test_the_order_of_registration_changes_nothing(self) -> None:
        """The same plugins, the same suggestions."""
        entries = [*CATALOG.entries.values()]
        other = Catalog().adding(reversed(entries), schemas=SCHEMAS)

        assert chains(other, "read", "judge") == chains(CATALOG, "read", "judge")

    @pytest.mark.fault("F40")
    def test_a_hostile_catalog_is_answered_without_trying_everything(self) -> None:
        """Two hundred agents that all fit each other have more chains than there are atoms."""
        text = record("Text", text="string")
        many = [
            entry(f"a{i:03}", takes=(text,), gives=text, capabilities={"begin": 1, "end": 1})
            for i in range(200)
        ]
        catalog = Catalog().adding(many, schemas=[text])

        found = suggest(catalog, CapabilityTerm.parse("begin"), CapabilityTerm.parse("end"))
        again = chains(catalog, "begin", "end", limit=250)

        assert [[s.id for s in p.pipeline.stages] for p in found.plans] == again[:10]
        assert again[:200] == [[f"a{i:03}"] for i in range(200)]
        assert again[200:202] == [["a000", "a001"], ["a000", "a002"]]
        assert not found.complete


class TestRefusals:
    @pytest.mark.requirement("R90")
    def test_a_capability_that_nobody_offers_is_named(self) -> None:
        """Then it is no use to look for a way."""
        with pytest.raises(NoPlanError) as caught:
            chains(CATALOG, "read", "translate")

        assert caught.value.missing == ("translate",)

    @pytest.mark.fault("F40")
    def test_a_search_that_is_given_up_says_so(self) -> None:
        """That there is none and that none was found are two answers."""
        text, pair = record("Text", text="string"), record("Pair", text="string", other="string")
        lost = record("Lost", lost="string")
        many = [
            entry(f"a{i:03}", takes=(text,), gives=text, capabilities={"begin": 1})
            for i in range(60)
        ]
        never = entry("never", takes=(text, lost, pair), gives=lost, capabilities={"end": 1})
        catalog = Catalog().adding([*many, never], schemas=[text, pair, lost])

        with pytest.raises(NoPlanError, match="steps"):
            chains(catalog, "begin", "end")
