"""The judge: whether one value satisfies one schema, and what it says if not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_core.schemas.budget import Budget
from registry_core.schemas.document import Document
from registry_core.schemas.evaluate import Judge, Refusal
from registry_core.schemas.patterns import Patterns

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject, JsonValue


def _refusal(schema: JsonObject, value: JsonValue) -> Refusal | None:
    budget = Budget(10_000)
    return Judge(Patterns(budget.charge), budget).refusal(Document(schema).root, value)


REFUSED: list[tuple[JsonObject, JsonValue, str]] = [
    ({"type": "integer"}, "1", "must be integer, not string"),
    ({"type": "integer"}, 1.5, "must be an integer"),
    ({"type": ["string", "null"]}, True, "must be null or string, not boolean"),
    ({"minimum": 0.5}, 0, "must be at least 1/2"),
    ({"exclusiveMaximum": 3}, 3, "must be less than 3"),
    ({"multipleOf": 0.1}, 0.25, "must be a multiple of 1/10"),
    ({"minLength": 2}, "a", "must have at least 2 characters"),
    ({"maxItems": 0}, [1], "must have at most 0 items"),
    ({"pattern": "^a"}, "b", "must be of pattern ^a"),
    ({"format": "date"}, "today", "must be of format date"),
    ({"required": ["a"]}, {}, "must have 'a'"),
    ({"uniqueItems": True}, [1, 1.0], "must not have equal items"),
    ({"enum": [1, 2]}, 3, "must be 1 or 2"),
    ({"const": "a"}, "b", 'must be "a"'),
    ({"enum": [1, 2, 3, 4]}, 5, "must be one of 4 listed values"),
    ({"const": "a" * 70}, "b", "must be one of 1 listed values"),
    ({"anyOf": [{"type": "null"}, {"const": 1}]}, 2, "matches no alternative"),
    ({"oneOf": [{}, {}]}, 2, "matches 2 alternatives instead of one"),
    ({"not": {"const": 1}}, 1.0, "matches what is excluded"),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "must have 'b' beside 'a'"),
]


class TestJudge:
    @pytest.mark.parametrize(
        ("schema", "value", "reason"),
        REFUSED,
        ids=[reason for _, _, reason in REFUSED],
    )
    def test_a_refusal_says_what_is_asked_for(
        self, schema: JsonObject, value: JsonValue, reason: str
    ) -> None:
        """The author of the other agent reads this, without the schema at hand."""
        refusal = _refusal(schema, value)

        assert refusal is not None
        assert refusal.certain
        assert refusal.reason == reason

    @pytest.mark.parametrize(
        ("schema", "value"),
        [
            ({"const": 1}, 1.0),
            ({"type": "integer"}, 2.0),
            ({"multipleOf": 0.1}, 0.3),
            ({"uniqueItems": True}, [1, True, "1"]),
            ({"enum": [[1, {"a": None}]]}, [1.0, {"a": None}]),
            ({"minItems": 3}, "ab"),
            ({"contains": {"const": 1}, "minContains": 0}, []),
        ],
    )
    def test_what_json_schema_takes_is_taken(self, schema: JsonObject, value: JsonValue) -> None:
        """Python's own ideas of equality and type are not JSON's."""
        assert _refusal(schema, value) is None

    def test_the_place_is_a_pointer(self) -> None:
        """Names may hold any character."""
        schema: JsonObject = {"properties": {"a/b": {"items": {"type": "null"}}}}

        refusal = _refusal(schema, {"a/b": [None, 1]})

        assert refusal is not None
        assert refusal.pointer == "/a~1b/1"

    def test_what_cannot_be_judged_is_not_certain(self) -> None:
        """A counterexample that hangs on a guess is none."""
        refusal = _refusal({"pattern": r"(a)\1"}, "aa")

        assert refusal is not None
        assert not refusal.certain

    def test_a_certain_refusal_is_preferred_to_a_doubt(self) -> None:
        """One clear reason is enough, wherever it stands."""
        refusal = _refusal({"pattern": r"(a)\1", "maxLength": 1}, "aa")

        assert refusal is not None
        assert refusal.reason == "must have at most 1 characters"

    def test_a_reference_to_itself_does_not_hang(self) -> None:
        """The door turns such documents away, but the judge must not trust it."""
        refusal = _refusal({"$ref": "#"}, 1)

        assert refusal is not None
        assert not refusal.certain
