"""The smallest things a schema says about a value of one type, and how each of them fails.

A document is read into these once; the evaluator checks them, the search collects them. The
opposite of an atom is a choice of *moves*, each a set of steps that break it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue
    from registry_core.schemas.document import Node
    from registry_core.schemas.numeric import Exact

__all__ = [
    "Absent",
    "AtLeast",
    "AtMost",
    "Atom",
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
    "Opaque",
    "Present",
    "Repeats",
    "SomeMember",
    "SomeName",
    "Step",
    "opposites",
]


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

    count: int


class MaxSize(NamedTuple):
    """At most so many characters, items or members."""

    count: int


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
    """There is an item at *index*, and the claim is true of it."""

    index: int
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


def opposites(atom: Atom) -> list[Move]:  # noqa: C901, PLR0911, PLR0912 -- one row per atom
    """Return the moves that break *atom*; none when nothing can."""
    match atom:
        case AtLeast(bound, beyond):
            return [(AtMost(bound, not beyond),)]
        case AtMost(bound, beyond):
            return [(AtLeast(bound, not beyond),)]
        case MultipleOf() | Matches() | HasFormat() | Opaque():
            return [(atom._replace(holds=not atom.holds),)]
        case MinSize(count):
            return [(MaxSize(count - 1),)] if count else []
        case MaxSize(count):
            return [(MinSize(count + 1),)]
        case Items(prefix, rest):
            moves: list[Move] = [
                (Element(index, Claim(node, holds=False)),)
                for index, node in enumerate(prefix)
                if not node.accepts_all
            ]
            if rest is not None and not rest.accepts_all:
                moves.append((Later(len(prefix), Claim(rest, holds=False)),))
            return moves
        case Distinct():
            return [(Repeats(),)]
        case Contains(node, low, high):
            few: list[Move] = [(Contains(node, 0, low - 1),)] if low else []
            return few if high is None else [*few, (Contains(node, high + 1, None),)]
        case Members():
            return _unfit_members(atom)
        case Present(name):
            return [(Absent(name),)]
        case Names(node):
            return [(SomeName(Claim(node, holds=False)),)]
        case Dependent(name, others, node):
            moves = [(Present(name), Absent(other)) for other in others]
            return [*moves, (Present(name), Claim(node, holds=False))] if node else moves
        case _:
            msg = f"{type(atom).__name__} is a step of the search, not a keyword"
            raise TypeError(msg)


def _unfit_members(members: Members) -> list[Move]:
    moves: list[Move] = [
        (Member(name, Claim(node, holds=False)),)
        for name, node in members.named.items()
        if not node.accepts_all
    ]
    moves.extend(
        (SomeMember(pattern, None, Claim(node, holds=False)),)
        for pattern, node in members.patterned.items()
        if not node.accepts_all
    )
    if members.rest is not None and not members.rest.accepts_all:
        moves.append((SomeMember(None, members, Claim(members.rest, holds=False)),))
    return moves
