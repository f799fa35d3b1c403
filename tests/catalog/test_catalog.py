"""The snapshot of all agents answers the same, in whatever order they came."""

from __future__ import annotations

import sys
from dataclasses import FrozenInstanceError, replace

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.catalog.layered import Layered
from registry_core.definitions.capability import CapabilityDefinition
from registry_core.errors import AmbiguousNameError, DuplicateAgentError, UnknownNameError
from registry_core.names import AgentId, CapabilityName, SchemaId
from tests.catalog.worlds import SCHEMAS, entry, record

PAGE, TITLED, COUNTED, SCORE, *_ = SCHEMAS

READ = entry("read", takes=(PAGE,), gives=TITLED, capabilities={"read.html": 0.5}, tags=("web",))
COUNT = entry("count", takes=(TITLED,), gives=COUNTED, capabilities={"count": 0.9, "read": 0.8})
JUDGE = entry("judge", takes=(PAGE, COUNTED), gives=SCORE)
CATALOG = Catalog().adding([READ, COUNT, JUDGE], schemas=SCHEMAS)


class TestAdding:
    @pytest.mark.requirement("R69")
    def test_an_agent_that_is_there_already_changes_nothing(self) -> None:
        """A notebook cell is run twice."""
        again = CATALOG.adding([READ], schemas=SCHEMAS)

        assert again == CATALOG

    @pytest.mark.requirement("R69")
    def test_another_agent_of_the_same_id_is_refused_unless_replacing(self) -> None:
        """Overwriting by accident is how a registry comes to run the wrong code."""
        other = entry("read", takes=(PAGE,), gives=PAGE, capabilities={"write": 1.0})

        with pytest.raises(DuplicateAgentError) as caught:
            CATALOG.adding([other])
        replaced = CATALOG.adding([other], replacing=True)

        assert caught.value.agent == READ.id
        assert replaced.find(capability="write") == (other,)
        assert "read.html" not in replaced.capabilities
        assert replaced.schemas.producers[TITLED.id] == ()

    def test_two_agents_of_one_id_in_a_batch_are_refused(self) -> None:
        """Which of them wins must not depend on the order of a list."""
        with pytest.raises(DuplicateAgentError):
            Catalog().adding([READ, replace(READ, contested=True)], schemas=SCHEMAS)

    def test_a_schema_that_nobody_described_is_refused(self) -> None:
        """Without its structure nothing could be planned through the agent."""
        with pytest.raises(UnknownNameError) as caught:
            Catalog().adding([READ], schemas=[PAGE])

        assert (caught.value.kind, caught.value.name) == ("schema", TITLED.id)

    @pytest.mark.requirement("R71")
    def test_ten_times_the_agents_are_ten_times_the_work(self) -> None:
        """Seconds say that on a quiet machine; steps say it on any."""

        def steps(count: int) -> int:
            entries = [entry(f"read_{n}", takes=(PAGE,), gives=TITLED) for n in range(count)]
            counted = 0

            def count_one(_frame: object, event: str, _arg: object) -> None:
                nonlocal counted
                counted += event in {"call", "c_call"}

            sys.setprofile(count_one)
            try:
                Catalog().adding(entries, schemas=SCHEMAS)
            finally:
                sys.setprofile(None)
            return counted

        assert steps(2_000) < 12 * steps(200)

    @pytest.mark.requirement("R72")
    def test_a_catalog_never_changes(self) -> None:
        """A run that began keeps its agents, whatever is installed meanwhile."""
        before = CATALOG.find()
        CATALOG.removing([READ.id])

        assert CATALOG.find() == before
        with pytest.raises(FrozenInstanceError):
            CATALOG.entries = Layered()  # type: ignore[misc]
        assert isinstance(before, tuple)

    @pytest.mark.requirement("R69")
    def test_a_removed_agent_is_gone_from_everywhere(self) -> None:
        """A stale index entry would plan through an agent that cannot run."""
        left = CATALOG.removing([READ.id])

        assert READ.id not in left
        assert left.find(capability="read") == (COUNT,)
        assert left.find(takes=PAGE.id) == (JUDGE,)
        with pytest.raises(UnknownNameError):
            left.resolve("read")
        with pytest.raises(UnknownNameError):
            left.removing([READ.id])


class TestResolving:
    def test_a_short_name_a_full_name_and_an_id_lead_to_one_agent(self) -> None:
        """People type the short one; files hold the long one."""
        assert {CATALOG.resolve(n) for n in ("read", "kit/read", "kit/read@1.0")} == {READ.id}

    def test_a_misspelt_name_is_answered_with_the_near_ones(self) -> None:
        """The next command to type is in the error."""
        with pytest.raises(UnknownNameError) as caught:
            CATALOG.resolve("cuont")

        assert caught.value.close == (COUNT.id.agent,)

    @pytest.mark.fault("F10")
    def test_a_shared_short_name_needs_a_pin(self) -> None:
        """Install order never decides whose agent runs."""
        theirs = entry("read", takes=(PAGE,), gives=PAGE, distribution="other")
        both = CATALOG.adding([theirs])

        with pytest.raises(AmbiguousNameError) as caught:
            both.resolve("read")

        assert caught.value.owners == (READ.id, theirs.id)
        assert both.resolve("other/read") == theirs.id
        assert replace(both, pins={"read": "other"}).resolve("read") == theirs.id
        with pytest.raises(AmbiguousNameError):
            replace(both, pins={"read": "gone"}).resolve("read")

    @pytest.mark.fault("F10")
    def test_a_contested_agent_answers_to_its_full_name_only(self) -> None:
        """Two plugins of one name: neither runs by accident, both can be meant."""
        contested = entry("write", gives=PAGE, contested=True)
        catalog = CATALOG.adding([contested])

        with pytest.raises(UnknownNameError) as caught:
            catalog.resolve("write")

        assert caught.value.close[0] == contested.id
        assert catalog.resolve("kit/write") == contested.id

    @pytest.mark.requirement("R67")
    def test_two_structures_of_one_schema_name_are_named(self) -> None:
        """Version skew of a shared model is seen where it begins."""
        newer = record("Page", text="string", url="string")
        catalog = CATALOG.adding([entry("fetch", gives=newer)], schemas=[newer])

        with pytest.raises(AmbiguousNameError) as caught:
            catalog.resolve_schema("Page")

        assert set(caught.value.owners) == {PAGE.id, newer.id}
        assert catalog.resolve_schema(newer.id) == newer.id

    def test_a_structure_that_no_agent_uses_any_more_does_not_count(self) -> None:
        """A model edited in a notebook would be ambiguous for ever."""
        older = record("Note", text="string")
        newer = record("Note", text="string", author="string")
        first = Catalog().adding([entry("take", takes=(older,), gives=older)], schemas=[older])
        second = first.adding(
            [entry("take", takes=(newer,), gives=newer)], schemas=[newer], replacing=True
        )

        assert second.resolve_schema("Note") == newer.id
        with pytest.raises(UnknownNameError):
            second.resolve_schema("Nothing")


class TestFinding:
    @pytest.mark.requirement("R64", "R72")
    def test_a_broader_capability_finds_the_narrower_best_score_first(self) -> None:
        """Who asks for reading gets everybody who reads anything."""
        assert CATALOG.find(capability="read") == (COUNT, READ)
        assert CATALOG.find(capability="read.html") == (READ,)

    @pytest.mark.requirement("R64")
    def test_a_capability_may_have_a_broader_term_of_another_name(self) -> None:
        """Teams name their own, and say where it belongs, before or after it is claimed."""
        ocr = CapabilityDefinition(CapabilityName("acme:ocr"), "", CapabilityName("read"))
        scan = entry("scan", gives=PAGE, capabilities={"acme:ocr": 1.0})

        before = Catalog().adding([], capabilities=[ocr]).adding([scan], schemas=SCHEMAS)
        after = Catalog().adding([scan], schemas=SCHEMAS).adding([], capabilities=[ocr])

        assert before.find(capability="read") == after.find(capability="read") == (scan,)
        assert before == after

    def test_terms_that_are_broader_than_each_other_end(self) -> None:
        """Two plugins may describe a circle; a lookup must come back."""
        circle = [
            CapabilityDefinition(CapabilityName("one"), "", CapabilityName("two")),
            CapabilityDefinition(CapabilityName("two"), "", CapabilityName("one")),
        ]
        spin = entry("spin", gives=PAGE, capabilities={"one": 1.0})

        catalog = Catalog().adding([spin], schemas=SCHEMAS, capabilities=circle)

        assert catalog.find(capability="two") == (spin,)

    @pytest.mark.requirement("R70")
    def test_schemas_are_matched_by_structure(self) -> None:
        """Counted pages are titled pages are pages, though nobody said so."""
        assert CATALOG.find(takes=COUNTED.id) == (COUNT, JUDGE, READ)
        assert CATALOG.find(gives=PAGE.id) == (COUNT, READ)
        assert CATALOG.find(takes=PAGE.id, gives=TITLED.id) == (READ,)

    def test_tags_and_words_narrow_it_down(self) -> None:
        """The search box of a person."""
        assert CATALOG.find(tag="web") == (READ,)
        assert CATALOG.find(text="KIT html") == (READ,)
        assert CATALOG.find(text="html nothing") == ()

    @pytest.mark.parametrize("question", ["capability", "takes", "gives"])
    def test_an_unknown_name_is_an_error_and_not_an_empty_answer(self, question: str) -> None:
        """A typing slip must not look like an uninstalled plugin."""
        with pytest.raises(UnknownNameError):
            CATALOG.find(**{question: SchemaId("Nobody#000000000000")})

    def test_entries_come_sorted_and_can_be_looked_up(self) -> None:
        """What a list shows."""
        assert [found.id for found in CATALOG] == [COUNT.id, JUDGE.id, READ.id]
        assert len(CATALOG) == 3
        assert CATALOG.entry(READ.id) is READ
        with pytest.raises(UnknownNameError):
            CATALOG.entry(AgentId("kit/nobody@1.0"))
