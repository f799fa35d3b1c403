"""Which schemas fit which, decided once for each pair, and seldom by comparing them.

A producer that can give an object without the key ``url`` fits no consumer that requires
``url``. So one sample value of each producer rules out most consumers by the type and the
keys that they ask for; only what is left is compared. A sample is a proof: no pair that
fits is ever ruled out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from registry_core.definitions.schema import JsonValue, SchemaDefinition
from registry_core.schemas.closing import closable
from registry_core.schemas.pointers import follow
from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits, Misfit, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.definitions.schema import JsonObject
    from registry_core.names import SchemaId

__all__ = ["Pair", "Takers", "Verdicts", "judge"]

# Enough for any ordinary class; where it is not, every consumer is compared.
_SAMPLE_STEPS = 2_000
_NOTHING: JsonObject = {"not": {}}
_SAME = Fits("same schema")
_OBJECT, _ANY = "object", ""
_ANY_KIND = (_ANY,)
_CONDITIONS = frozenset({"not", "if", "const", "enum", "default", "examples"})

Pair: TypeAlias = tuple[str, str]
"""Fingerprints of what is given and what is taken."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """A value that a producer gives."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class _Taker:
    """A schema with the types that it takes, empty for any, and what it asks of an object.

    Attributes:
        schema: The schema.
        kinds: Types that it takes; empty for any.
        keys: Keys that an object must have.
        parts: Types that it takes under a key, where it takes not all of them.
    """

    schema: SchemaDefinition
    kinds: frozenset[str]
    keys: frozenset[str]
    parts: Mapping[str, frozenset[str]]

    def may_take(self, sample: Mapping[str, JsonValue]) -> bool:
        """Return whether the types and the keys of *sample* are none that it refuses."""
        return self.keys <= sample.keys() and all(
            key not in sample or _kind(sample[key]) in kinds for key, kinds in self.parts.items()
        )


class Verdicts:
    """What was decided so far, by fingerprints: it depends on structures alone.

    So all snapshots share one, and the next process may have it too.

    Attributes:
        known: Every verdict by the fingerprints of what is given and what is taken; it grows.
    """

    __slots__ = ("__weakref__", "_samples", "known")

    def __init__(self, known: dict[Pair, Verdict] | None = None) -> None:
        """Start with what is *known*, which is not copied."""
        self.known: dict[Pair, Verdict] = {} if known is None else known
        self._samples: dict[str, _Sample | None] = {}

    def __len__(self) -> int:
        """How many pairs were decided."""
        return len(self.known)

    def of(self, producer: SchemaDefinition, consumer: SchemaDefinition) -> Verdict:
        """Return whether everything given as *producer* can be taken as *consumer*."""
        pair = producer.fingerprint, consumer.fingerprint
        if pair[0] == pair[1] and producer.name == consumer.name:
            return _SAME
        verdict = self.known.get(pair)
        if verdict is None:
            verdict = self.known[pair] = compare(producer.emits, consumer.accepts)
        return verdict

    def sample(self, producer: SchemaDefinition) -> _Sample | None:
        """Return a value of *producer*, or None where none was found."""
        structure = producer.fingerprint
        if structure not in self._samples:
            verdict = compare(producer.emits, _NOTHING, max_steps=_SAMPLE_STEPS)
            sample = _Sample(verdict.witness) if isinstance(verdict, Misfit) else None
            self._samples[structure] = sample
        return self._samples[structure]


class Takers:
    """Schemas of inputs, filed under the rarest key that each requires; more can be filed.

    >>> from registry_core.schemas.from_model import schema_of
    >>> text, number = schema_of(str), schema_of(float)
    >>> [schema.name for schema in Takers([text, number]).taking(schema_of(int), Verdicts())]
    ['float']
    """

    __slots__ = ("_all", "_answers", "_by_key", "_by_kind", "_uses")

    def __init__(self, schemas: Iterable[SchemaDefinition] = ()) -> None:
        """File *schemas*."""
        self._all: dict[SchemaId, _Taker] = {}
        self._by_key: dict[str, list[_Taker]] = {}
        self._by_kind: dict[str, list[_Taker]] = {}
        self._uses: Counter[str] = Counter()
        # What takes a schema, and how many there were to choose from when that was asked.
        self._answers: dict[SchemaId, tuple[int, tuple[SchemaId, ...]]] = {}
        self.file(schemas)

    def file(self, schemas: Iterable[SchemaDefinition]) -> None:
        """File those of *schemas* that are not filed yet, each in time that depends on itself."""
        new = {schema.id: schema for schema in schemas}
        takers = [_Taker(s, *_demands(s.accepts)) for i, s in new.items() if i not in self._all]
        for taker in takers:
            self._uses.update(taker.keys)
        for taker in takers:
            self._all[taker.schema.id] = taker
            for kind in taker.kinds or _ANY_KIND:
                if kind != _OBJECT:
                    self._by_kind.setdefault(kind, []).append(taker)
            if not taker.kinds or _OBJECT in taker.kinds:
                rarest = min(taker.keys, key=lambda key: (self._uses[key], key), default="")
                self._by_key.setdefault(rarest, []).append(taker)

    def taking(self, producer: SchemaDefinition, verdicts: Verdicts) -> tuple[SchemaId, ...]:
        """Return the schemas that take everything given as *producer*, sorted by id."""
        schema, count = producer.id, len(self._all)
        known = self._answers.get(schema)
        if known is None or known[0] != count:
            known = self._answers[schema] = count, self._compared(producer, verdicts)
        return known[1]

    def _compared(self, producer: SchemaDefinition, verdicts: Verdicts) -> tuple[SchemaId, ...]:
        sample = verdicts.sample(producer)
        candidates = self._all.values() if sample is None else self._candidates(sample.value)
        fitting = (
            taker.schema.id
            for taker in candidates
            if isinstance(verdicts.of(producer, taker.schema), Fits)
        )
        return tuple(sorted(fitting))

    def _candidates(self, sample: JsonValue) -> Iterable[_Taker]:
        """Return the takers that do not refuse *sample* by its type or its keys."""
        if not isinstance(sample, dict):
            # A taker that requires keys may still take what is no object.
            return (*self._by_kind.get(_kind(sample), ()), *self._by_kind.get(_ANY, ()))
        return [
            taker
            for key in {"", *sample}
            for taker in self._by_key.get(key, ())
            if taker.may_take(sample)
        ]


def judge(value: JsonValue, document: JsonObject, *, as_layer: bool) -> Verdict:
    """Return whether *value* satisfies *document*.

    Args:
        value: The only value that is given.
        document: JSON Schema of what is taken.
        as_layer: Whether *value* goes over others: its objects may lack what *document* asks
            for, but hold no more members than are declared, unless *document* says otherwise.

    >>> document = {"properties": {"length": {"type": "integer"}}, "required": ["length"]}
    >>> judge({"lenght": 3}, document, as_layer=True).pointer
    '/lenght'
    """
    return compare({"const": value}, _layer_of(document) if as_layer else document)


def _layer_of(document: JsonObject) -> JsonObject:
    alone = closable(document)

    def copied(part: JsonValue) -> JsonValue:
        if isinstance(part, list):
            return [copied(item) for item in part]
        if not isinstance(part, dict):
            return part
        copy = {
            key: value if key in _CONDITIONS else copied(value)
            for key, value in part.items()
            if not (key == "required" and isinstance(value, list))
        }
        return {**copy, "additionalProperties": False} if id(part) in alone else copy

    return cast("JsonObject", copied(document))


def _demands(
    document: JsonObject,
) -> tuple[frozenset[str], frozenset[str], Mapping[str, frozenset[str]]]:
    """Return the types, the keys and the types under keys that *document* asks for at its top."""
    top = _followed(document, document)
    properties = top.get("properties")
    if not isinstance(properties, dict):
        properties = {}
    below = {key: _kinds(_followed(document, part).get("type")) for key, part in properties.items()}
    parts = {key: kinds for key, kinds in below.items() if kinds}
    return _kinds(top.get("type")), _texts(top.get("required")), parts


def _followed(document: JsonObject, schema: JsonValue) -> JsonObject:
    """Return *schema* without references before it; empty where it says nothing that is sure."""
    for _ in range(len(document) + 8):
        if not isinstance(schema, dict):
            break
        if "$ref" not in schema:
            return schema
        # Whether keywords beside a reference count depends on the dialect; leave them out.
        try:
            schema = follow(document, str(schema["$ref"]))
        except LookupError:
            break
    return {}


def _texts(value: JsonValue) -> frozenset[str]:
    items = value if isinstance(value, list) else [value]
    return frozenset(item for item in items if isinstance(item, str))


def _kinds(value: JsonValue) -> frozenset[str]:
    return frozenset("number" if kind == "integer" else kind for kind in _texts(value))


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
