"""Laws of the containment answer, with an independent validator as the judge."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol, cast

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from registry_core.schemas.fingerprint import fingerprint
from registry_core.schemas.limits import check_document
from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits, Misfit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from registry_core.definitions.schema import JsonObject, JsonValue

NAMES: tuple[str, ...] = ("a", "b", "ab", "x")
PATTERNS: tuple[str, ...] = ("^a", "b$", "^[ab]+$", "^.$", "[^a]", "^(?!a)", "^a{2,3}$")
EXAMPLES = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

scalars = st.sampled_from(
    [None, True, False, 0, 1, 2, 3, -1, 0.5, 1.5, 1.0, "", "a", "b", "ab", "aa"]
)
values: st.SearchStrategy[JsonValue] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*NAMES, "z"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def _some(**keywords: st.SearchStrategy[object]) -> st.SearchStrategy[JsonObject]:
    """Return objects that have any of *keywords*, which all hold JSON."""
    optional = cast("dict[str, st.SearchStrategy[JsonValue]]", keywords)
    return st.fixed_dictionaries({}, optional=optional)


def _typed(name: str, **keywords: st.SearchStrategy[object]) -> st.SearchStrategy[JsonObject]:
    """Return schemas with *keywords* that say which type they are for, or leave it open."""
    named: st.SearchStrategy[JsonObject] = st.sampled_from([{"type": name}, {}])
    return st.builds(_joined, named, _some(**keywords))


def _joined(one: JsonObject, other: JsonObject) -> JsonObject:
    return {**one, **other}


def _enum(listed: Sequence[JsonValue]) -> JsonObject:
    return {"enum": [*listed]}


small = st.integers(0, 3)
_plain: st.SearchStrategy[JsonObject] = st.sampled_from(
    [
        {},
        {"type": "null"},
        {"type": "boolean"},
        {"not": {}},
    ]
)
leaves: st.SearchStrategy[JsonObject] = st.one_of(
    _plain,
    st.builds(_enum, st.lists(scalars, min_size=1, max_size=3)),
    _typed(
        "number",
        minimum=st.sampled_from([0, 0.5, 1]),
        exclusiveMaximum=st.sampled_from([1, 1.5, 3]),
        multipleOf=st.sampled_from([0.5, 1, 2, 3]),
    ),
    _typed("integer", minimum=small, maximum=small),
    _typed("string", minLength=small, maxLength=small, pattern=st.sampled_from(PATTERNS)),
)


def _as_list(schemas: list[JsonObject]) -> list[JsonValue]:
    return [*schemas]


def _composed(inner: st.SearchStrategy[JsonObject]) -> st.SearchStrategy[JsonObject]:
    several: st.SearchStrategy[JsonValue] = st.lists(inner, min_size=1, max_size=3).map(_as_list)
    by_name = st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=2)
    return st.one_of(
        st.fixed_dictionaries({"anyOf": several}),
        st.fixed_dictionaries({"oneOf": several}),
        st.fixed_dictionaries({"allOf": several}),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"if": inner, "then": inner}, optional={"else": inner}),
        _typed(
            "array",
            items=inner,
            prefixItems=several,
            minItems=small,
            maxItems=small,
            uniqueItems=st.just(True),  # noqa: FBT003 -- the setting `true`
            contains=inner,
            maxContains=small,
        ),
        _typed(
            "object",
            properties=by_name,
            required=st.lists(st.sampled_from(NAMES), unique=True, max_size=2),
            additionalProperties=st.one_of(st.just(False), inner),  # noqa: FBT003
            patternProperties=st.dictionaries(st.sampled_from(PATTERNS), inner, max_size=2),
            propertyNames=st.sampled_from([{"maxLength": 1}, {"pattern": "^a"}, {"enum": ["a"]}]),
            minProperties=small,
            maxProperties=small,
            dependentRequired=st.just({"a": ["b"]}),
            dependentSchemas=by_name,
        ),
    )


schemas = st.recursive(leaves, _composed, max_leaves=6)

_self: JsonObject = {"$ref": "#/$defs/Node"}
_links: st.SearchStrategy[JsonObject] = st.sampled_from(
    [
        _self,
        {"anyOf": [_self, {"type": "null"}]},
        {"type": "array", "items": _self},
        {"type": "array", "items": _self, "minItems": 1, "uniqueItems": True},
        {"not": _self},
    ]
)


def _recursive(
    value: JsonObject,
    link: JsonObject,
    required: list[JsonValue],
    closed: bool,  # noqa: FBT001
) -> JsonObject:
    node: JsonObject = {
        "type": "object",
        "properties": {"a": value, "b": link},
        "required": required,
    }
    if closed:
        node["additionalProperties"] = False
    return {"$defs": {"Node": node}, "$ref": "#/$defs/Node"}


_required: st.SearchStrategy[list[JsonValue]] = st.sampled_from([[], ["a"], ["a", "b"]])
recursive = st.builds(_recursive, leaves, _links, _required, st.booleans())
documents = schemas | recursive


class _Validator(Protocol):
    """What is used of a validator, whose own types lean on a package that is not installed."""

    def is_valid(self, instance: object) -> bool:
        """Return whether *instance* satisfies the schema."""
        ...


def accepts(schema: JsonObject, value: JsonValue) -> bool:
    """Return whether an independent validator takes *value* as *schema*."""
    judge = cast("_Validator", Draft202012Validator(schema))
    return judge.is_valid(value)


def _narrowed(schema: JsonObject, by: JsonObject) -> JsonObject:
    return {"allOf": [schema, by]}


class TestContainment:
    @EXAMPLES
    @given(producer=documents, consumer=documents, samples=st.lists(values, min_size=8, max_size=8))
    def test_what_fits_is_never_refused(
        self, producer: JsonObject, consumer: JsonObject, samples: list[JsonValue]
    ) -> None:
        """The one unforgivable mistake is a link that breaks while a pipeline runs."""
        assume(isinstance(compare(producer, consumer), Fits))

        refused = [v for v in samples if accepts(producer, v) and not accepts(consumer, v)]

        assert refused == []

    @EXAMPLES
    @given(producer=schemas, narrower=schemas, samples=st.lists(values, min_size=4, max_size=4))
    def test_what_fits_takes_the_values_of_every_part(
        self, producer: JsonObject, narrower: JsonObject, samples: list[JsonValue]
    ) -> None:
        """Values found inside a part of the producer are the ones that sampling misses."""
        consumer: JsonObject = {"anyOf": [producer, narrower]}
        part = compare(_narrowed(producer, narrower), {"not": {}})
        if isinstance(part, Misfit):
            samples = [*samples, part.witness]

        verdict = compare(producer, consumer)

        assert not isinstance(verdict, Misfit)
        assert all(accepts(consumer, v) for v in samples if accepts(producer, v))

    @EXAMPLES
    @given(producer=documents, consumer=documents)
    def test_a_witness_is_given_by_the_one_and_refused_by_the_other(
        self, producer: JsonObject, consumer: JsonObject
    ) -> None:
        """A counterexample that is none would send an author after a ghost."""
        verdict = compare(producer, consumer)
        assume(isinstance(verdict, Misfit))
        assert isinstance(verdict, Misfit)
        # Python's `$` also matches before a last line break; the standard's does not.
        assume("\\n" not in json.dumps(verdict.witness))

        assert accepts(producer, verdict.witness)
        assert not accepts(consumer, verdict.witness)

    @EXAMPLES
    @given(schema=schemas)
    def test_a_schema_never_misfits_itself(self, schema: JsonObject) -> None:
        """Wrapped, so that the answer is found by reasoning and not by looking alike."""
        assert not isinstance(compare({"allOf": [schema]}, {"anyOf": [schema]}), Misfit)
        assert isinstance(compare(schema, schema), Fits)

    @EXAMPLES
    @given(one=schemas, other=schemas)
    def test_a_part_fits_the_whole(self, one: JsonObject, other: JsonObject) -> None:
        """Narrowing a producer or widening a consumer never breaks a link."""
        assert not isinstance(compare(_narrowed(one, other), one), Misfit)
        assert not isinstance(compare(one, {"anyOf": [other, one]}), Misfit)

    @EXAMPLES
    @given(first=schemas, second=schemas, third=schemas)
    def test_fitting_is_transitive(
        self, first: JsonObject, second: JsonObject, third: JsonObject
    ) -> None:
        """A converter between two fitting agents must not be what breaks them."""
        wider: JsonObject = {"anyOf": [second, first]}
        widest: JsonObject = {"anyOf": [third, wider]}
        assume(isinstance(compare(first, wider), Fits))
        assume(isinstance(compare(wider, widest), Fits))

        assert not isinstance(compare(first, widest), Misfit)

    @EXAMPLES
    @given(producer=documents, consumer=documents)
    def test_the_answer_is_always_the_same(
        self, producer: JsonObject, consumer: JsonObject
    ) -> None:
        """A lock that is checked tomorrow must see what the planner saw today."""
        assert compare(producer, consumer) == compare(producer, consumer)


class TestWelcome:
    @EXAMPLES
    @given(document=documents)
    def test_every_sound_document_is_let_in(self, document: JsonObject) -> None:
        """The door must not turn away what authors write."""
        assert check_document(document) == ()


class TestFingerprint:
    @EXAMPLES
    @given(one=schemas, other=schemas)
    def test_equal_fingerprints_never_tell_schemas_apart(
        self, one: JsonObject, other: JsonObject
    ) -> None:
        """Two agents with one schema id must be able to talk."""
        assume(fingerprint(one, one) == fingerprint(other, other))

        assert not isinstance(compare(one, other), Misfit)

    @EXAMPLES
    @given(schema=schemas, title=st.text(max_size=5))
    def test_a_title_never_shows(self, schema: JsonObject, title: str) -> None:
        """Words are for people."""
        named = {**schema, "title": title}

        assert fingerprint(schema, named) == fingerprint(named, schema)
