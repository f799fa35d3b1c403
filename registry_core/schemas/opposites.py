"""How each thing a schema says can fail.

The opposite of an atom is a choice of *moves*, each a set of steps that together break it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.schemas.atoms import (
    Absent,
    AtLeast,
    AtMost,
    Claim,
    Contains,
    Dependent,
    Distinct,
    Element,
    HasFormat,
    Items,
    Later,
    Matches,
    MaxSize,
    Member,
    Members,
    MinSize,
    MultipleOf,
    Names,
    Opaque,
    Present,
    Repeats,
    SomeMember,
    SomeName,
)

if TYPE_CHECKING:
    from registry_core.schemas.atoms import Atom, Move

__all__ = ["opposites"]


def opposites(atom: Atom) -> list[Move]:  # noqa: C901, PLR0911, PLR0912 -- one row per atom
    """Return the moves that break *atom*; none when nothing can."""
    match atom:
        case AtLeast(bound, beyond):
            return [(AtMost(bound, not beyond),)]
        case AtMost(bound, beyond):
            return [(AtLeast(bound, not beyond),)]
        case MultipleOf(step, holds):
            return [(MultipleOf(step, not holds),)]
        case Matches(pattern, holds):
            return [(Matches(pattern, not holds),)]
        case HasFormat(name, holds):
            return [(HasFormat(name, not holds),)]
        case Opaque(keyword, body, holds):
            return [(Opaque(keyword, body, not holds),)]
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
