"""Which changes of a schema show in its fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_core.schemas.fingerprint import fingerprint

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject

PAGE: JsonObject = {
    "$defs": {"Link": {"type": "string", "title": "Link"}},
    "properties": {"title": {"type": "string"}, "links": {"items": {"$ref": "#/$defs/Link"}}},
    "required": ["title", "links"],
    "type": "object",
}


def _of(document: JsonObject) -> str:
    return fingerprint(document, document)


class TestFingerprint:
    def test_it_is_twelve_hexadecimal_digits(self) -> None:
        """It is part of a schema's id, so people will type it."""
        assert len(_of(PAGE)) == 12
        assert int(_of(PAGE), 16) >= 0

    @pytest.mark.parametrize(
        "change",
        [
            {"title": "Page"},
            {"description": "A page."},
            {"examples": [{"title": "x"}]},
            {"required": ["links", "title"]},
            {"discriminator": {"propertyName": "kind"}},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_words_about_a_schema_do_not_count(self, change: JsonObject) -> None:
        """Correcting a docstring must not break a lock file."""
        assert _of({**PAGE, **change}) == _of(PAGE)

    def test_the_order_of_keys_does_not_count(self) -> None:
        """Two Python versions may write a class's schema in different orders."""
        assert _of(dict(reversed(PAGE.items()))) == _of(PAGE)

    def test_the_name_of_a_shared_definition_does_not_count(self) -> None:
        """Pydantic renames them when two classes have one name."""
        renamed: JsonObject = {
            **PAGE,
            "$defs": {"web__Link": {"type": "string"}},
            "properties": {
                "title": {"type": "string"},
                "links": {"items": {"$ref": "#/$defs/web__Link"}},
            },
        }

        assert _of(renamed) == _of(PAGE)

    def test_a_property_called_title_counts(self) -> None:
        """It is data, though it is spelled like an annotation."""
        properties: JsonObject = {"links": {"items": {"$ref": "#/$defs/Link"}}}

        assert _of({**PAGE, "properties": properties}) != _of(PAGE)

    def test_a_constant_called_title_counts(self) -> None:
        """What stands in a constant is a value, not a schema."""
        assert _of({"const": {"title": "a"}}) != _of({"const": {"title": "b"}})

    def test_what_a_definition_says_counts(self) -> None:
        """A change behind a reference is a change."""
        changed: JsonObject = {**PAGE, "$defs": {"Link": {"type": "integer"}}}

        assert _of(changed) != _of(PAGE)

    def test_both_sides_count(self) -> None:
        """A schema may take more than it gives; either may change alone."""
        assert fingerprint(PAGE, {}) != fingerprint({}, PAGE)

    def test_recursion_ends(self) -> None:
        """Trees have fingerprints too."""
        tree: JsonObject = {"items": {"$ref": "#/$defs/T"}}

        assert _of({"$defs": {"T": tree}, **tree}) == _of({"$defs": {"T": tree}, **tree})
