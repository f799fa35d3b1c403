"""Schemas taken apart: nodes, their bodies, and the smallest things said of one type of value.

A document is read into these once; the judge checks them, the search collects them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.definitions.schema import JsonValue
    from registry_core.schemas.numeric import Exact

__all__ = [
    "Absent",
    "AtLeast",
    "AtMost",
    "Atom",
    "Body",
    "Claim",
    "Contains",
    "Dependent",
    "Differs",
    "Distinct",
    "Element",
    "HasFormat",
    "Items",
    "Later",
    "Matches",
    "MaxSize",
    "Member",
    "Members",
    "MinSize",
    "Move",
    "MultipleOf",
    "Names",
    "Node",
    "Opaque",
    "Present",
    "Repeats",
    "SomeMember",
    "SomeName",
    "Step",
]


class Node:
    """One schema in one document; read when first asked."""

    __slots__ = ("_body", "_read", "number", "raw")

    def __init__(self, raw: JsonValue, read: Callable[[JsonValue], Body], number: int) -> None:
        """Keep the schema as it was written, who can read it, and its place in an order."""
        self.raw = raw
        self.number = number
        self._read = read
        self._body: Body | None = None

    @property
    def body(self) -> Body:
        """What the schema says."""
        if self._body is None:
            self._body = self._read(self.raw)
        return self._body

    @property
    def accepts_all(self) -> bool:
        """Whether it is plain from the look of it that no value is refused."""
        return self.raw is True or self.raw == {}


class Body(Protocol):
    """What one schema says.

    Attributes:
        types: Bits of the types a value may have.
        integral: Whether numbers must be integers.
        values: The only values there are, or None.
        every: Schemas that hold as well (``$ref`` and ``allOf``).
        any_of: Lists of schemas of which one must hold each time.
        one_of: Lists of schemas of which exactly one must hold.
        none_of: Schemas that must not hold.
        condition: ``if``, ``then`` and ``else``.
    """

    types: int
    integral: bool
    values: list[JsonValue] | None
    every: list[Node]
    any_of: list[list[Node]]
    one_of: list[list[Node]]
    none_of: list[Node]
    condition: tuple[Node, Node | None, Node | None] | None

    def lists(self, value: JsonValue) -> bool:
        """Return whether *value* is among the only values there are."""
        ...

    def atoms(self, kind: int) -> list[Atom]:
        """Return what is said about values of the type whose bit is *kind*."""
        ...


class Claim(NamedTuple):
    """That a value satisfies a schema, or that it does not."""

    node: Node
    holds: bool


class AtLeast(NamedTuple):
    """A number not below *bound*, nor equal to it if *beyond*."""

    bound: Exact
    beyond: bool


class AtMost(NamedTuple):
    """A number not above *bound*, nor equal to it if *beyond*."""

    bound: Exact
    beyond: bool


class MultipleOf(NamedTuple):
    """A whole number of *step*, or not."""

    step: Exact
    holds: bool = True


class Differs(NamedTuple):
    """A number or a text other than *value*."""

    value: JsonValue


class MinSize(NamedTuple):
    """At least so many characters, items or members."""

    least: int


class MaxSize(NamedTuple):
    """At most so many characters, items or members."""

    most: int


class Matches(NamedTuple):
    """A text in which *pattern* matches somewhere, or nowhere."""

    pattern: str
    holds: bool = True


class HasFormat(NamedTuple):
    """A text of a format that we know, or not of it."""

    name: str
    holds: bool = True


class Opaque(NamedTuple):
    """Something that cannot be judged here, only recognised when it is said twice."""

    keyword: str
    body: str
    holds: bool = True


class Items(NamedTuple):
    """The first items satisfy *prefix* one by one, all others *rest*."""

    prefix: tuple[Node, ...]
    rest: Node | None


class Element(NamedTuple):
    """There is an item at that *place*, and the claim is true of it."""

    place: int
    claim: Claim


class Later(NamedTuple):
    """There is an item at *start* or after it of which the claim is true."""

    start: int
    claim: Claim


class Distinct(NamedTuple):
    """No two items are equal."""


class Repeats(NamedTuple):
    """Some two items are equal."""


class Contains(NamedTuple):
    """Between *low* and *high* items satisfy *node*."""

    node: Node
    low: int
    high: int | None


class Members(NamedTuple):
    """Each member satisfies all schemas for its name, or *rest* when there is none."""

    named: dict[str, Node]
    patterned: dict[str, Node]
    rest: Node | None


class Member(NamedTuple):
    """There is a member of that *name*, and the claim is true of it."""

    name: str
    claim: Claim


class Present(NamedTuple):
    """There is a member of that *name*."""

    name: str


class Absent(NamedTuple):
    """There is no member of that *name*."""

    name: str


class SomeMember(NamedTuple):
    """Of some member whose name matches *pattern*, or is foreign to *beyond*, the claim is true."""

    pattern: str | None
    beyond: Members | None
    claim: Claim


class Names(NamedTuple):
    """Every member's name satisfies *node*."""

    node: Node


class SomeName(NamedTuple):
    """Of some member's name the claim is true."""

    claim: Claim


class Dependent(NamedTuple):
    """If there is a member of that *name*, so are the *others*, and the object satisfies *node*."""

    name: str
    others: tuple[str, ...]
    node: Node | None


Atom: TypeAlias = (
    AtLeast
    | AtMost
    | MultipleOf
    | Differs
    | MinSize
    | MaxSize
    | Matches
    | HasFormat
    | Opaque
    | Items
    | Element
    | Later
    | Distinct
    | Repeats
    | Contains
    | Members
    | Member
    | Present
    | Absent
    | SomeMember
    | Names
    | SomeName
    | Dependent
)
Step: TypeAlias = Atom | Claim
Move: TypeAlias = tuple[Step, ...]
