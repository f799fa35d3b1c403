"""Two releases of one model: they meet where the structures say so, and are told apart by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import BaseModel

from registry_core.authoring.agent import schema
from registry_core.catalog.catalog import Catalog
from registry_core.catalog.versions import schema_conflicts
from registry_core.composer.goal import Goal
from registry_core.composer.planning import find_plans
from registry_core.composer.rejection import rejected
from registry_core.errors import AmbiguousNameError, DefinitionError, NoPlanError, UnknownNameError
from registry_core.schemas.from_model import schema_of
from tests.catalog.worlds import SCHEMAS, entry, record

PAGE, SCORE = SCHEMAS[0], SCHEMAS[3]
NEWER = replace(record("Page", text="string", url="string"), version="1.1")
BROKEN = replace(record("Page", text="integer"), version="2.0")
RIVAL = record("Page", body="string")

READ = entry("read", takes=(PAGE,), gives=SCORE)
FETCH = entry("fetch", gives=NEWER, distribution="web")
OLD = entry("old", gives=PAGE, distribution="web")
ALONE = Catalog().adding([READ], schemas=[*SCHEMAS, NEWER, BROKEN])
CATALOG = ALONE.adding([FETCH, OLD])


@pytest.mark.requirement("R67")
class TestVersions:
    def test_a_consumer_of_1_0_takes_1_1_when_every_value_fits_and_the_plan_says_so(self) -> None:
        """An upgrade of one package must not wait for all the others."""
        plan = find_plans(CATALOG, Goal(have=(NEWER.id,), want=(SCORE.id,))).best

        assert [edge.why for edge in plan.edges if edge.stage == "read"] == [
            "Page@1.1 taken as Page@1.0 (every value fits)"
        ]
        assert "a <- Page (given): Page@1.1 taken as Page@1.0" in plan.explain()

    def test_a_version_that_does_not_fit_is_refused_and_named(self) -> None:
        """The number alone proves nothing; the missing field does."""
        with pytest.raises(NoPlanError) as caught:
            find_plans(ALONE, Goal(have=(BROKEN.id,), want=(SCORE.id,)))

        line = "Page@2.0 is no Page@1.0: must be string, not number at /text"
        assert line in caught.value.near

    def test_whoever_is_rejected_for_its_version_reads_both_versions(self) -> None:
        """Otherwise the explanation says that a Page is no Page."""
        direct = entry("direct", takes=(BROKEN,), gives=SCORE)
        catalog = ALONE.adding([direct])
        goal = Goal(have=(BROKEN.id,), want=(SCORE.id,))

        (line,) = map(str, rejected(catalog, goal, find_plans(catalog, goal).best))

        assert line.endswith(
            "Page@2.0 is no Page@1.0, for its input 'a': must be string, not number at /text"
        )

    def test_a_name_with_its_version_leads_to_one_structure(self) -> None:
        """Whoever has two releases at hand says which one is meant."""
        assert CATALOG.resolve_schema("Page@1.1") == NEWER.id
        assert CATALOG.resolve_schema("Page@1.0") == PAGE.id
        with pytest.raises(AmbiguousNameError):
            CATALOG.resolve_schema("Page")
        with pytest.raises(UnknownNameError):
            CATALOG.resolve_schema("Page@3.0")

    def test_of_one_structure_the_latest_version_stays_in_every_order(self) -> None:
        """A release that changes only a description is the same schema, under a later number."""
        early, late = replace(PAGE, version="1.9"), replace(PAGE, version="1.10")

        for order in ([early, late], [late, early]):
            known = Catalog().adding([READ], schemas=[SCORE, *order])
            assert known.schemas.full_name(PAGE.id) == "Page@1.10"

    def test_a_version_that_reads_like_none_is_refused_where_it_is_declared(self) -> None:
        """It becomes part of messages and of what people type."""

        @schema(version="the next one")
        class Note(BaseModel):
            text: str

        with pytest.raises(DefinitionError) as caught:
            schema_of(Note)

        assert [fault.path for fault in caught.value.faults] == ["version"]


@pytest.mark.requirement("R67")
class TestConflicts:
    def test_two_structures_of_one_name_and_version_that_cannot_meet_name_both_owners(self) -> None:
        """Two teams called it Page; each reads in one line who the other is and what to do."""
        theirs = entry("print", takes=(RIVAL,), gives=SCORE, distribution="press")
        catalog = CATALOG.adding([theirs], schemas=[RIVAL])

        (conflict,) = schema_conflicts(catalog)

        assert conflict.name == "Page@1.0"
        assert set(conflict.schemas) == {PAGE.id, RIVAL.id}
        assert conflict.owners == ("kit", "press", "web")
        assert conflict.reason.startswith(f"{conflict.schemas[0]} is no {conflict.schemas[1]}: ")
        assert "@schema(version=" in str(conflict)

    def test_releases_with_numbers_of_their_own_are_no_conflict(self) -> None:
        """That is what versions are for."""
        newer = entry("show", takes=(BROKEN,), gives=SCORE)

        assert schema_conflicts(CATALOG.adding([newer])) == ()

    def test_structures_of_which_one_fits_the_other_are_no_conflict(self) -> None:
        """An optional field more breaks nobody."""
        wider = record("Page", text="string", url="string")
        catalog = CATALOG.adding([entry("wide", gives=wider)], schemas=[wider])

        assert schema_conflicts(catalog) == ()

    def test_a_structure_that_nobody_exchanges_is_no_conflict(self) -> None:
        """What is only described breaks no pipeline."""
        assert schema_conflicts(CATALOG.adding([], schemas=[RIVAL])) == ()

    def test_structures_of_one_version_are_told_apart_by_their_ids(self) -> None:
        """A Page is no Page: that helps nobody."""
        catalog = CATALOG.adding([], schemas=[RIVAL])

        assert catalog.called(RIVAL.id, PAGE.id) == (RIVAL.id, PAGE.id)
        assert catalog.called(NEWER.id, PAGE.id) == ("Page@1.1", "Page@1.0")
        assert catalog.called(NEWER.id, SCORE.id) == ("Page", "Score")
