"""What fits into what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits, Misfit, Undecided

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject, JsonValue


def _object(closed: bool = True, **properties: JsonObject) -> JsonObject:  # noqa: FBT001, FBT002
    schema: JsonObject = {"type": "object", "properties": {**properties}}
    schema["required"] = [*properties]
    if closed:
        schema["additionalProperties"] = False
    return schema


def _text(**limits: JsonValue) -> JsonObject:
    return {"type": "string", **limits}


def _list(items: JsonObject, **limits: JsonValue) -> JsonObject:
    return {"type": "array", "items": items, **limits}


INTEGER: JsonObject = {"type": "integer"}
NUMBER: JsonObject = {"type": "number"}
TEXT: JsonObject = {"type": "string"}
NULL: JsonObject = {"type": "null"}


def _tree(value: JsonObject) -> JsonObject:
    children = _list({"$ref": "#/$defs/Tree"})
    return {"$defs": {"Tree": _object(value=value, children=children)}, "$ref": "#/$defs/Tree"}


def _pets(*kinds: str, weight: JsonObject) -> JsonObject:
    pets: list[JsonValue] = [_object(kind={"const": kind}, weight=weight) for kind in kinds]
    return {"oneOf": pets, "discriminator": {"propertyName": "kind"}}


FITTING: dict[str, tuple[JsonObject, JsonObject]] = {
    "integers are numbers": (INTEGER, NUMBER),
    "1.0 is an integer": ({"const": 1.0}, INTEGER),
    "an integer above 0 is at least 1": (
        {"type": "integer", "exclusiveMinimum": 0},
        {"minimum": 1},
    ),
    "tens are fives": ({"type": "integer", "multipleOf": 10}, {"multipleOf": 5}),
    "tenths are hundredths": ({"type": "number", "multipleOf": 0.1}, {"multipleOf": 0.01}),
    "a range is covered by a list": (
        {"type": "integer", "minimum": 1, "maximum": 3},
        {"enum": [3, 2, 1]},
    ),
    "a narrower pattern": (_text(pattern="^a+$"), _text(pattern="^[ab]*$")),
    "a pattern bounds the length": (_text(pattern="^[a-z]{2,5}$"), _text(minLength=2, maxLength=5)),
    "a pattern is found anywhere": (_text(pattern="^xay$"), _text(pattern="a")),
    "a look-ahead is understood": (_text(pattern="^(?!b)[ab]$"), {"const": "a"}),
    "what a format looks like": (_text(format="uuid"), _text(minLength=36, maxLength=36)),
    "one format is within another": (_text(format="uri"), _text(format="iri-reference")),
    "one base64 is the other's where neither uses its own letters": (
        _text(pattern="^(?:[a-z]{4})*$"),
        _text(format="base64"),
    ),
    "how to show a text is no demand": (TEXT, _text(format="password")),
    "a tuple is a list": (
        {"type": "array", "prefixItems": [INTEGER, TEXT], "minItems": 2, "items": False},
        _list({"anyOf": [INTEGER, TEXT]}, maxItems=2),
    ),
    "distinct items of a short list": (
        _list({"enum": ["a", "b"]}, uniqueItems=True),
        {"maxItems": 2},
    ),
    "what items are is contained": (_list(INTEGER, minItems=1), {"contains": NUMBER}),
    "fewer fields are asked for": (_object(a=INTEGER, b=TEXT), _object(a=NUMBER, closed=False)),
    "an optional field that never comes": (
        _object(a=INTEGER),
        {"properties": {"b": TEXT}, "required": ["a"]},
    ),
    "a map of integers": (
        {"type": "object", "additionalProperties": INTEGER},
        {"type": "object", "additionalProperties": NUMBER},
    ),
    "names that match a pattern": (
        {"type": "object", "patternProperties": {"^x_": INTEGER}, "additionalProperties": False},
        {"propertyNames": {"pattern": "^x"}, "additionalProperties": NUMBER},
    ),
    "names from a list": ({"propertyNames": {"enum": ["a"]}}, {"properties": {"b": TEXT}}),
    "as many members as there are names": (
        {"type": "object", "properties": {"a": True, "b": True}, "additionalProperties": False},
        {"maxProperties": 2},
    ),
    "what depends on an absent field": (_object(a=TEXT), {"dependentRequired": {"b": ["c"]}}),
    "alternatives covered one by one": (
        {"anyOf": [INTEGER, NULL]},
        {"anyOf": [NULL, TEXT, NUMBER]},
    ),
    "an enum covered by several": (
        _object(kind={"enum": ["cat", "dog"]}, weight=INTEGER),
        _pets("cat", "dog", weight=NUMBER),
    ),
    "a tagged union with one more": (
        _pets("cat", "dog", weight=INTEGER),
        _pets("cat", "dog", "owl", weight=NUMBER),
    ),
    "a conditional that is met": (
        _object(a={"const": 1}, b=TEXT),
        {"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}},
    ),
    "what is excluded anyway": (INTEGER, {"not": TEXT}),
    "a recursive type": (_tree(INTEGER), _tree(NUMBER)),
    "nothing fits everything": (
        {"$defs": {"E": _object(e={"$ref": "#/$defs/E"})}, "$ref": "#/$defs/E"},
        TEXT,
    ),
    "parts that leave nothing over": (
        {"allOf": [_object(a=TEXT, closed=False)], "unevaluatedProperties": False},
        _object(a=TEXT),
    ),
    "an older draft's tuple": (
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "array",
            "items": [INTEGER],
            "additionalItems": TEXT,
        },
        {"type": "array", "prefixItems": [NUMBER], "items": TEXT},
    ),
    "draft 4's exclusive minimum": (
        {"type": "number", "minimum": 1, "exclusiveMinimum": True},
        {"exclusiveMinimum": 1},
    ),
}

UNFITTING: dict[str, tuple[JsonObject, JsonObject, str]] = {
    "a half is no integer": (NUMBER, INTEGER, ""),
    "true is not 1": ({"const": True}, {"const": 1}, ""),
    "a missing field": (_object(a=INTEGER), _object(a=INTEGER, b=TEXT), ""),
    "a field of the wrong type": (_object(a=_object(b=NUMBER)), _object(a=_object(b=TEXT)), "/a/b"),
    "an undeclared field": (_object(a=INTEGER, b=TEXT), _object(a=INTEGER), "/b"),
    "an open producer": (
        _object(a=INTEGER, closed=False),
        {"properties": {"a": INTEGER, "b": TEXT}, "required": ["a"]},
        "/b",
    ),
    "an item further back": (
        {"type": "array", "prefixItems": [TEXT]},
        {"type": "array", "prefixItems": [TEXT], "items": TEXT},
        "/1",
    ),
    "too many of a kind": (
        {"type": "array", "contains": TEXT, "maxContains": 2},
        {"type": "array", "contains": TEXT, "maxContains": 1},
        "",
    ),
    "equal items": (_list(INTEGER), _list(INTEGER, uniqueItems=True), ""),
    "a pattern that is not anchored": (_text(pattern="a+"), _text(pattern="^a+$"), ""),
    "text that no decoder makes bytes of": (TEXT, _text(format="base64"), ""),
    "another alphabet": (_text(pattern="^[a-z]{5}$"), _text(format="base64url"), ""),
    "another format": (_text(format="date"), _text(format="date-time"), ""),
    "both alternatives at once": (
        {"type": "object"},
        {"oneOf": [{"type": "object"}, {"required": ["a"]}]},
        "",
    ),
    "a tagged union with one fewer": (
        _pets("cat", "owl", weight=INTEGER),
        _pets("cat", "dog", weight=INTEGER),
        "/kind",
    ),
    "the culprit inside a tagged union": (
        _pets("cat", "dog", weight=NUMBER),
        _pets("cat", "dog", weight=INTEGER),
        "/weight",
    ),
    "a recursive type": (_tree(NUMBER), _tree(INTEGER), "/value"),
    "an empty list is a list": (_list(TEXT), _list(TEXT, minItems=1), ""),
    "an empty object": ({"type": "object"}, {"minProperties": 1}, ""),
    "what is excluded": (TEXT, {"not": {"const": "a"}}, ""),
}


@pytest.mark.requirement("R67")
class TestCompare:
    @pytest.mark.parametrize("name", FITTING)
    def test_schemas_that_fit_are_proved_to(self, name: str) -> None:
        """Each link between agents that is not found is a pipeline a user cannot have."""
        producer, consumer = FITTING[name]

        verdict = compare(producer, consumer)

        assert isinstance(verdict, Fits)

    @pytest.mark.parametrize("name", UNFITTING)
    def test_a_misfit_points_at_the_place(self, name: str) -> None:
        """An author repairs what is pointed at; 'does not fit' alone helps nobody."""
        producer, consumer, pointer = UNFITTING[name]

        verdict = compare(producer, consumer)

        assert isinstance(verdict, Misfit)
        assert verdict.pointer == pointer
        assert verdict.reason

    def test_a_misfit_shows_a_value(self) -> None:
        """A counterexample convinces faster than any explanation."""
        producer = _object(name=TEXT, age=_object(years=NUMBER))
        consumer = _object(name=TEXT, age=_object(years=INTEGER))

        verdict = compare(producer, consumer)

        assert verdict == Misfit(
            "/age/years", "must be an integer", {"name": "", "age": {"years": 0.5}}
        )

    def test_null_is_a_witness_like_any_other(self) -> None:
        """Optional values are the commonest misfit between agents."""
        verdict = compare({"anyOf": [TEXT, NULL]}, TEXT)

        assert verdict == Misfit("", "must be string, not null", None)


class TestUndecided:
    @pytest.mark.parametrize(
        "pattern", [r"(a)\1", r"(?<=a)b", r"\bword\b", r"\p{L}"], ids=["back", "behind", "b", "p"]
    )
    def test_a_pattern_beyond_regular_languages_is_not_guessed(self, pattern: str) -> None:
        """Guessing would be right often, and wrong without a trace."""
        verdict = compare(_text(pattern=pattern), _text(pattern="^a"))

        assert isinstance(verdict, Undecided)
        assert verdict.keyword == "pattern"

    @pytest.mark.parametrize("pattern", [r"(a)\1", r"^(?<=a)b"])
    def test_a_pattern_that_nobody_reads_still_equals_itself(self, pattern: str) -> None:
        """Two agents that share a type fit, however odd its pattern is."""
        producer = _object(code=_text(pattern=pattern, maxLength=3))
        consumer = _object(code=_text(pattern=pattern))

        assert isinstance(compare(producer, consumer), Fits)

    def test_an_unknown_format_is_known_by_its_name_only(self) -> None:
        """A format of one team's own means something, but not to us."""
        own = _text(format="acme-part-number")

        assert isinstance(compare(own, {**own, "title": "Part"}), Fits)
        assert isinstance(compare(TEXT, own), Undecided)

    @pytest.mark.parametrize("escape", [r"\d", r"\w"])
    def test_engines_that_disagree_leave_it_open(self, escape: str) -> None:
        """Python's digits are more than ten; ECMA's are not."""
        ascii_only = {r"\d": "^[0-9]$", r"\w": "^[A-Za-z0-9_]$"}[escape]

        verdict = compare(_text(pattern=f"^{escape}$"), _text(pattern=ascii_only))

        assert isinstance(verdict, Undecided)

    def test_the_bound_on_steps_is_kept(self) -> None:
        """A catalog compares thousands of pairs; one must not hold up the others."""
        verdict = compare(
            _pets("cat", "dog", weight=INTEGER), _pets("dog", weight=NUMBER), max_steps=5
        )

        assert verdict == Undecided("steps", "", "not decided within 5 steps")

    @pytest.mark.fault("F22")
    def test_asking_again_what_is_known_is_paid_for_as_well(self) -> None:
        """Two counts over eleven unlike items once ran for minutes on remembered answers."""
        ranges: list[JsonValue] = [
            {"type": "integer", "minimum": 10 * place, "maximum": 10 * place + 9}
            for place in range(11)
        ]
        producer: JsonObject = {
            "type": "array",
            "prefixItems": ranges,
            "minItems": 11,
            "maxItems": 11,
            "contains": {"multipleOf": 2},
            "maxContains": 11,
            "allOf": [{"contains": {"multipleOf": 3}, "maxContains": 11}],
        }

        assert not isinstance(compare(producer, {"uniqueItems": True}), Misfit)

    @pytest.mark.fault("F22")
    @pytest.mark.parametrize("keyword", ["allOf", "anyOf"])
    def test_a_doubling_document_ends_the_search(self, keyword: Literal["allOf", "anyOf"]) -> None:
        """Two kilobytes that unfold to a million schemas must not hang the host."""
        shelf: JsonObject = {"a25": INTEGER}
        for level in range(25):
            twice: list[JsonValue] = [{"$ref": f"#/$defs/a{level + 1}"}] * 2
            shelf[f"a{level}"] = {keyword: twice}
        doubling: JsonObject = {"$defs": shelf, "$ref": "#/$defs/a0"}

        assert not isinstance(compare(TEXT, doubling), Fits)

    @pytest.mark.fault("F19")
    def test_a_document_deeper_than_the_stack_is_left_open(self) -> None:
        """Even without the check at the door, no RecursionError comes out."""
        deep: JsonObject = NUMBER
        for _ in range(400):
            deep = _object(a=deep)

        verdict = compare(deep, _object(a=_object(b=TEXT)) | {"title": "other"})

        assert not isinstance(verdict, Fits)

    @pytest.mark.fault("F23")
    def test_a_pattern_made_to_stall_others_is_answered(self) -> None:
        """A backtracking engine would not come back from this one."""
        verdict = compare(_text(pattern="^(a+)+$"), _text(pattern="^(a|a)+$"))

        assert isinstance(verdict, Fits)


class TestClosed:
    def test_a_closed_producer_gives_what_it_declares(self) -> None:
        """A class has its fields and no others, though its schema does not say so."""
        producer = _object(a=INTEGER, closed=False)
        consumer: JsonObject = {"properties": {"a": INTEGER, "note": TEXT}}

        assert isinstance(compare(producer, consumer), Misfit)
        assert isinstance(compare(producer, consumer, closed=True), Fits)

    def test_parts_of_one_object_are_not_closed_each_on_its_own(self) -> None:
        """Closing both halves of an inherited class would leave no value at all."""
        halves: list[JsonValue] = [_object(a=INTEGER, closed=False), _object(b=TEXT, closed=False)]

        verdict = compare({"allOf": halves}, _object(a=TEXT, closed=False), closed=True)

        assert isinstance(verdict, Misfit)

    def test_a_map_stays_open(self) -> None:
        """A dictionary's keys are undeclared by nature."""
        verdict = compare({"type": "object"}, {"additionalProperties": False}, closed=True)

        assert isinstance(verdict, Misfit)
