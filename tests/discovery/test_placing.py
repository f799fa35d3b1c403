"""Tests of notes on middleware that cannot stand where it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.discovery.discover import discover
from tests.discovery.plugins import declared, manifest_json

if TYPE_CHECKING:
    from pathlib import Path


def wrapping(site: Path, name: str, **fields: object) -> None:
    """Install a plugin with one middleware ``layer``."""
    package = name.replace("-", "_")
    layer = {"name": "layer", "target": f"{package}.code:layer", **fields}
    declared(site, name, manifest=manifest_json(package, middleware=[layer]))


def notes(site: Path) -> dict[str, tuple[str, ...]]:
    """Return the state's notes of each plugin, all of which must be ok."""
    found = discover(path=[str(site)]).plugins
    assert {record.state for record in found} == {"ok"}
    return {record.distribution: record.notes for record in found}


class TestSettlePlaces:
    def test_what_can_be_had_is_no_note(self, site: Path) -> None:
        """Notes about nothing teach people not to read them."""
        wrapping(site, "one", before=["two/layer"])
        wrapping(site, "two", after=["one/layer"])

        assert notes(site) == {"one": (), "two": ()}

    def test_a_name_that_nobody_offers_is_noted_where_it_was_written(self, site: Path) -> None:
        """A misspelt name would otherwise be an order that only seems to hold."""
        wrapping(site, "one", after=["gone/cache"])
        wrapping(site, "two")

        assert notes(site) == {
            "one": ("middleware one/layer goes after gone/cache, which nobody offers",),
            "two": (),
        }

    def test_another_scope_is_noted(self, site: Path) -> None:
        """What is around a stage is always around its attempts."""
        wrapping(site, "one", after=["two/layer"])
        wrapping(site, "two", scope="attempt")

        (note,) = notes(site)["one"]

        assert note.endswith("which is of scope attempt")

    def test_a_circle_is_noted_at_everybody_in_it(self, site: Path) -> None:
        """Either author can end it, and neither plugin is broken by it."""
        wrapping(site, "one", before=["two/layer"])
        wrapping(site, "two", before=["one/layer"])

        found = notes(site)

        assert found["one"] == found["two"]
        assert found["one"][0].endswith("one/layer, two/layer")
