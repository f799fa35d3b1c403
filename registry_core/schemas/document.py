"""A JSON Schema document, read part by part as it is needed.

All drafts from 4 to 2020-12 come out as the same atoms, so nobody further on knows a keyword.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING

from registry_core.schemas.atoms import (
    AtLeast,
    AtMost,
    Contains,
    Dependent,
    Distinct,
    HasFormat,
    Items,
    Matches,
    MaxSize,
    Members,
    MinSize,
    MultipleOf,
    Names,
    Node,
    Opaque,
    Present,
)
from registry_core.schemas.formats import ANNOTATING, FORMATS
from registry_core.schemas.numeric import exact
from registry_core.schemas.pointers import follow
from registry_core.schemas.values import (
    ALL_TYPES,
    ARRAY,
    NUMBER,
    OBJECT,
    STRING,
    TYPE_BITS,
    Frozen,
    frozen,
    same,
    type_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeGuard

    from registry_core.definitions.schema import JsonObject, JsonValue
    from registry_core.schemas.atoms import Atom, Body

__all__ = ["Document"]

_MAX_PARTS = 30
_OLD_DRAFTS = ("draft-03", "draft-04", "draft-05", "draft-06", "draft-07")
_NUMBERS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_TEXTS = frozenset({"minLength", "maxLength", "pattern", "format"})
_ARRAYS = frozenset(
    {
        *("prefixItems", "items", "minItems", "maxItems", "uniqueItems", "contains"),
        "unevaluatedItems",
    }
)
_OBJECTS = frozenset(
    {
        *("properties", "required", "patternProperties", "additionalProperties", "propertyNames"),
        *(
            "minProperties",
            "maxProperties",
            "dependentRequired",
            "dependentSchemas",
            "dependencies",
        ),
        "unevaluatedProperties",
    }
)
_IN_PLACE = frozenset({"$ref", "allOf", "anyOf", "oneOf", "not", "if", "$dynamicRef", "$id"})
_DYNAMIC = frozenset({"anyOf", "oneOf", "not", "if", "dependentSchemas", "$dynamicRef"})


class Document:
    """A document and the nodes read from it so far."""

    __slots__ = ("_first", "_kept", "_nodes", "_old", "closed", "root", "root_raw")

    def __init__(
        self, root: JsonValue, *, first: int = 0, closed: frozenset[int] = frozenset()
    ) -> None:
        """Start at *root*.

        Args:
            root: The whole document.
            first: Number of the first node, to tell the nodes of several documents apart.
            closed: Schemas, by identity, that allow no undeclared members.
        """
        self._first = first
        self.root_raw = root
        self.closed = closed
        self._nodes: dict[int, Node] = {}
        self._kept: list[JsonValue] = []
        dialect = root.get("$schema") if isinstance(root, dict) else None
        self._old = isinstance(dialect, str) and any(draft in dialect for draft in _OLD_DRAFTS)
        self.root = self.node(root)

    @property
    def refs_stand_alone(self) -> bool:
        """Whether keywords beside a ``$ref`` do not count, as up to draft 7."""
        return self._old

    def node(self, raw: JsonValue) -> Node:
        """Return the node of a schema that stands in this document."""
        node = self._nodes.get(id(raw))
        if node is None:
            node = self._nodes[id(raw)] = Node(raw, self._read, self._first + len(self._nodes))
        return node

    def _read(self, raw: JsonValue) -> Body:
        return _ReadBody(raw, self)

    def made_up(self, raw: JsonObject) -> Node:
        """Return a node for a schema that is not in the document, kept as long as it is."""
        self._kept.append(raw)
        return self.node(raw)

    def nodes(self, raw: JsonValue) -> list[Node]:
        """Return the nodes of a list of schemas."""
        return [self.node(item) for item in raw] if isinstance(raw, list) else []

    def by_name(self, raw: JsonValue) -> dict[str, Node]:
        """Return the nodes of schemas under names."""
        if not isinstance(raw, dict):
            return {}
        return {name: self.node(item) for name, item in raw.items()}

    def target(self, reference: JsonValue) -> Node | None:
        """Return where *reference* leads, or None if not to a schema in this document."""
        if not isinstance(reference, str):
            return None
        try:
            found = follow(self.root_raw, reference)
        except (LookupError, ValueError):
            return None
        return self.node(found) if isinstance(found, dict | bool) else None


class _ReadBody:
    """A body, read from the keywords of all drafts."""

    __slots__ = (
        *("_atoms", "_frozen", "any_of", "condition", "every", "integral", "none_of", "one_of"),
        *("document", "raw", "types", "unknown", "values"),
    )

    def __init__(self, raw: JsonValue, document: Document) -> None:
        """Read all of *raw* except what is said about single types."""
        self.raw: JsonObject = raw if isinstance(raw, dict) else {}
        self.document = document
        self.types = 0 if raw is False else ALL_TYPES
        self.integral = False
        self.values: list[JsonValue] | None = None
        self.every: list[Node] = []
        self.any_of: list[list[Node]] = []
        self.one_of: list[list[Node]] = []
        self.none_of: list[Node] = []
        self.condition: tuple[Node, Node | None, Node | None] | None = None
        self.unknown: list[Opaque] = []
        self._frozen: frozenset[Frozen] | None = None
        self._atoms: dict[int, list[Atom]] = {}
        if document.refs_stand_alone and "$ref" in self.raw:
            self.raw = {"$ref": self.raw["$ref"]}
        if "type" in self.raw:
            self._read_type(self.raw["type"])
        if "const" in self.raw or "enum" in self.raw:
            self._read_values()
        if not _IN_PLACE.isdisjoint(self.raw):
            self._read_in_place()

    def atoms(self, kind: int) -> list[Atom]:
        """Return what is said about values of one type, none of it twice."""
        found = self._atoms.get(kind)
        if found is None:
            found = self._atoms[kind] = self._read_atoms(kind)
        return found

    def lists(self, value: JsonValue) -> bool:
        """Return whether *value* is among the only values there are."""
        if self._frozen is None:
            self._frozen = frozenset(map(frozen, self.values or ()))
        return frozen(value) in self._frozen

    def _read_type(self, value: JsonValue) -> None:
        names = value if isinstance(value, list) else [value]
        self.types = 0
        for name in names:
            self.types |= TYPE_BITS.get(name, 0) if isinstance(name, str) else 0
        self.integral = "integer" in names and "number" not in names

    def _read_values(self) -> None:
        listed = self.raw.get("enum")
        if not isinstance(listed, list) and "const" not in self.raw:
            self.unknown.append(Opaque("enum", json.dumps(listed)))
            return
        values = listed if isinstance(listed, list) else [self.raw["const"]]
        if isinstance(listed, list) and "const" in self.raw:
            values = [value for value in values if same(value, self.raw["const"])]
        self.values = values
        kinds = 0
        for value in values:
            kinds |= type_of(value)
        self.types &= kinds

    def _read_in_place(self) -> None:
        raw, document = self.raw, self.document
        for keyword in ("$ref", "$dynamicRef"):
            if keyword in raw:
                target = document.target(raw[keyword]) if keyword == "$ref" else None
                if target is None:
                    self.unknown.append(Opaque(keyword, json.dumps(raw[keyword])))
                else:
                    self.every.append(target)
        if "$id" in raw and raw is not document.root_raw:
            self.unknown.append(Opaque("$id", json.dumps(raw["$id"])))
        self.every.extend(document.nodes(raw.get("allOf")))
        if "anyOf" in raw:
            self.any_of.append(document.nodes(raw["anyOf"]))
        if "oneOf" in raw:
            self.one_of.append(document.nodes(raw["oneOf"]))
        if "not" in raw:
            self.none_of.append(document.node(raw["not"]))
        if "if" in raw:
            then, otherwise = (
                document.node(raw[branch]) if branch in raw else None for branch in ("then", "else")
            )
            self.condition = (document.node(raw["if"]), then, otherwise)

    def _read_atoms(self, kind: int) -> list[Atom]:
        atoms: list[Atom] = list(self.unknown)
        keywords = self.raw.keys()
        if kind == NUMBER:
            if self.integral:
                atoms.append(MultipleOf(1))
            if not _NUMBERS.isdisjoint(keywords):
                atoms.extend(self._number_atoms())
            atoms.extend(self._format_atoms(known=False))
        elif kind == STRING and not _TEXTS.isdisjoint(keywords):
            atoms.extend(self._size_atoms("minLength", "maxLength"))
            pattern = self.raw.get("pattern")
            if isinstance(pattern, str):
                atoms.append(Matches(pattern))
            atoms.extend(self._format_atoms(known=True))
        elif kind == ARRAY and not _ARRAYS.isdisjoint(keywords):
            atoms.extend(self._array_atoms())
        elif kind == OBJECT and not _OBJECTS.isdisjoint(keywords):
            atoms.extend(self._object_atoms())
        return atoms

    def _number_atoms(self) -> Iterable[Atom]:
        raw = self.raw
        for plain, exclusive, atom in (
            ("minimum", "exclusiveMinimum", AtLeast),
            ("maximum", "exclusiveMaximum", AtMost),
        ):
            bound, strict = raw.get(plain), raw.get(exclusive)
            if _is_number(bound):
                yield atom(exact(bound), beyond=strict is True)
            if _is_number(strict):
                yield atom(exact(strict), beyond=True)
        step = raw.get("multipleOf")
        if _is_number(step) and step > 0:
            yield MultipleOf(exact(step))

    def _format_atoms(self, *, known: bool) -> Iterable[Atom]:
        name = self.raw.get("format")
        if not isinstance(name, str) or name in ANNOTATING:
            return
        if name not in FORMATS:
            yield Opaque("format", name)
        elif known:
            yield HasFormat(name)

    def _size_atoms(self, least: str, most: str) -> Iterable[Atom]:
        low, high = self.raw.get(least), self.raw.get(most)
        if _is_number(low) and low > 0:
            yield MinSize(int(low))
        if _is_number(high):
            yield MaxSize(int(high))

    def _array_atoms(self) -> Iterable[Atom]:
        raw, document = self.raw, self.document
        prefix, rest = raw.get("prefixItems"), raw.get("items")
        if isinstance(rest, list):
            prefix, rest = rest, raw.get("additionalItems")
        yield from self._size_atoms("minItems", "maxItems")
        if prefix or rest is not None:
            tail = None if rest is None else document.node(rest)
            yield Items(tuple(document.nodes(prefix)), tail)
        if "contains" in raw:
            low, high = raw.get("minContains", 1), raw.get("maxContains")
            yield Contains(
                document.node(raw["contains"]),
                int(low) if _is_number(low) else 1,
                int(high) if _is_number(high) else None,
            )
        if raw.get("uniqueItems") is True:
            yield Distinct()
        if "unevaluatedItems" in raw:
            yield from self._unevaluated_items()

    def _object_atoms(self) -> Iterable[Atom]:
        raw, document = self.raw, self.document
        required = raw.get("required")
        if isinstance(required, list):
            yield from [Present(name) for name in required if isinstance(name, str)]
        named, patterned = raw.get("properties"), raw.get("patternProperties")
        rest = raw.get("additionalProperties")
        if rest is None and id(raw) in document.closed:
            rest = False
        if named or patterned or rest is not None:
            others = None if rest is None else document.node(rest)
            yield Members(document.by_name(named), document.by_name(patterned), others)
        yield from self._size_atoms("minProperties", "maxProperties")
        if "propertyNames" in raw:
            yield Names(document.node(raw["propertyNames"]))
        for keyword in ("dependentRequired", "dependentSchemas", "dependencies"):
            if keyword in raw:
                yield from self._dependent_atoms(raw[keyword])
        if "unevaluatedProperties" in raw:
            yield from self._unevaluated_properties()

    def _dependent_atoms(self, value: JsonValue) -> Iterable[Atom]:
        for name, needed in value.items() if isinstance(value, dict) else ():
            if isinstance(needed, list):
                others = tuple([other for other in needed if isinstance(other, str)])
                yield Dependent(name, others, None)
            else:
                yield Dependent(name, (), self.document.node(needed))

    def _unevaluated_properties(self) -> Iterable[Atom]:
        parts = self._always_beside()
        raw = self.raw["unevaluatedProperties"]
        if raw is True or (
            parts is not None and any("additionalProperties" in part for part in parts)
        ):
            return
        if parts is None or any("unevaluatedProperties" in part for part in parts[1:]):
            yield Opaque("unevaluatedProperties", self._recognisable())
            return
        anything = self.document.node(True)  # noqa: FBT003 -- the schema `true`
        names: dict[str, Node] = {}
        patterns: dict[str, Node] = {}
        for part in parts:
            names.update(dict.fromkeys(self.document.by_name(part.get("properties")), anything))
            patterned = self.document.by_name(part.get("patternProperties"))
            patterns.update(dict.fromkeys(patterned, anything))
        yield Members(names, patterns, self.document.node(raw))

    def _unevaluated_items(self) -> Iterable[Atom]:
        parts = self._always_beside()
        raw = self.raw["unevaluatedItems"]
        if raw is True or (parts is not None and any("items" in part for part in parts)):
            return
        if (
            parts is None
            or any("contains" in part or "unevaluatedItems" in part for part in parts[1:])
            or "contains" in self.raw
        ):
            yield Opaque("unevaluatedItems", self._recognisable())
            return
        longest = max(len(self.document.nodes(part.get("prefixItems"))) for part in parts)
        anything = self.document.node(True)  # noqa: FBT003 -- the schema `true`
        yield Items((anything,) * longest, self.document.node(raw))

    def _always_beside(self) -> list[JsonObject] | None:
        """Return all schemas that judge the value whatever it is, or None if that depends on it."""
        parts: list[JsonObject] = []
        waiting = [self.document.node(self.raw)]
        while waiting:
            raw = waiting[-1].raw
            body = waiting.pop().body
            if not isinstance(raw, dict):
                continue
            if not _DYNAMIC.isdisjoint(raw) or len(parts) > _MAX_PARTS:
                return None
            if "$ref" in raw and len(body.every) == len(self.document.nodes(raw.get("allOf"))):
                return None
            parts.append(raw)
            waiting.extend(body.every)
        return parts

    def _recognisable(self) -> str:
        text = json.dumps(self.raw, sort_keys=True)
        return f"{text} {id(self)}" if "$ref" in text or "$dynamicRef" in text else text


def _is_number(value: JsonValue) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
