"""Many manifests, one catalog, whatever the order."""

from __future__ import annotations

from itertools import permutations

import pytest

from registry_core.catalog.merge import Contribution, merge
from registry_core.definitions.capability import CapabilityDefinition
from registry_core.definitions.manifest import Manifest
from registry_core.names import CapabilityName
from tests.catalog.worlds import SCHEMAS, entry

PAGE = SCHEMAS[0]


def contribution(distribution: str, broader: str = "") -> Contribution:
    """Return one agent, and its distribution's opinion on what ``read`` means."""
    term = CapabilityName(broader) if broader else None
    return Contribution(
        distribution,
        "2.0",
        Manifest(
            agents=(entry("read", gives=PAGE, capabilities={"read": 1.0}).definition,),
            schemas=(PAGE,),
            capabilities=(CapabilityDefinition(CapabilityName("read"), distribution, term),),
        ),
    )


class TestMerging:
    @pytest.mark.requirement("R70")
    def test_the_order_of_plugins_changes_nothing(self) -> None:
        """Directory order differs between machines."""
        plugins = [contribution("zeta", "judge"), contribution("alpha"), contribution("mid", "x")]

        catalogs = [merge(order) for order in permutations(plugins)]

        assert all(catalog == catalogs[0] for catalog in catalogs)

    def test_an_agent_without_a_version_has_that_of_its_distribution(self) -> None:
        """Most authors version what they release, not each function."""
        assert [found.id for found in merge([contribution("alpha")])] == ["alpha/read@2.0"]

    def test_nobody_gives_another_meaning_to_the_hosts_own_terms(self) -> None:
        """A plugin whose name sorts first must not move a base capability."""
        catalog = merge([contribution("aaa", "judge"), contribution("registry-core")])

        assert catalog.capabilities.definitions[CapabilityName("read")].summary == "registry-core"

    def test_pins_come_along(self) -> None:
        """What the user decided counts in every snapshot."""
        both = [contribution("alpha"), contribution("zeta")]

        assert merge(both, pins={"read": "zeta"}).resolve("read") == "zeta/read@2.0"
