"""Laws of the catalog: an index is what rebuilding it would give, in every order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.catalog.catalog import Catalog
from registry_core.definitions.capability import CapabilityDefinition
from registry_core.names import CapabilityName
from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits
from tests.catalog.worlds import CAPABILITIES, SCHEMAS, dice, world

SEEDS = st.integers(min_value=0, max_value=2**32)
TERMS = (
    CapabilityDefinition(CapabilityName("judge.tone"), "", CapabilityName("read")),
    CapabilityDefinition(CapabilityName("write"), "", CapabilityName("judge")),
)


class TestIndex:
    @pytest.mark.requirement("R68", "R69")
    @settings(max_examples=150, deadline=None)
    @given(seed=SEEDS)
    def test_any_history_ends_in_what_a_fresh_catalog_would_be(self, seed: int) -> None:
        """A long-lived service registers and unregisters all day and must not drift."""
        rng = dice(seed)
        catalog = Catalog().adding([], schemas=SCHEMAS)
        described = False
        for _ in range(12):
            match rng.choice(("add", "add", "remove", "describe")):
                case "remove" if len(catalog):
                    gone = rng.sample(sorted(catalog.entries), k=rng.randint(1, len(catalog)))
                    catalog = catalog.removing(gone)
                case "describe":
                    catalog = catalog.adding([], capabilities=TERMS)
                    described = True
                case _:
                    catalog = catalog.adding(world(rng).entries, replacing=True)

        fresh = Catalog().adding(
            catalog.entries.values(), schemas=SCHEMAS, capabilities=TERMS if described else ()
        )

        assert catalog == fresh

    @pytest.mark.requirement("R70", "R72")
    @settings(max_examples=100, deadline=None)
    @given(seed=SEEDS)
    def test_every_order_of_registration_gives_the_answers_of_brute_force(self, seed: int) -> None:
        """Two machines with the same plugins plan the same pipelines."""
        rng = dice(seed)
        entries = list(world(rng).entries)
        one_by_one = Catalog().adding([], schemas=SCHEMAS)
        for found in rng.sample(entries, k=len(entries)):
            one_by_one = one_by_one.adding([found])

        catalog = Catalog().adding(entries, schemas=SCHEMAS)

        assert one_by_one == catalog
        for schema in SCHEMAS:
            accepting = {
                other.id
                for other in SCHEMAS
                if other.id == schema.id or isinstance(compare(schema.emits, other.accepts), Fits)
            }
            takers = [e for e in entries if any(i.schema in accepting for i in e.definition.inputs)]
            expected = tuple(sorted(takers, key=lambda found: found.id))
            assert catalog.find(takes=schema.id) == one_by_one.find(takes=schema.id) == expected

    @pytest.mark.requirement("R64")
    @settings(max_examples=100, deadline=None)
    @given(seed=SEEDS)
    def test_a_capability_finds_who_claims_it_or_something_narrower(self, seed: int) -> None:
        """A list that misses an agent hides it; one that adds an agent misleads."""
        entries = world(dice(seed)).entries
        catalog = Catalog().adding(entries, schemas=SCHEMAS)

        for name in {*CAPABILITIES} & {*catalog.capabilities.names()}:
            found = {found.id for found in catalog.find(capability=name)}
            assert found == {
                e.id
                for e in entries
                for claim in e.definition.capabilities
                if claim.name == name or claim.name.startswith(f"{name}.")
            }
