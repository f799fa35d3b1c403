r"""Sets of characters: the classes that patterns abbreviate, joined and inverted.

ECMA-262 says what ``\d``, ``\w``, ``\s`` and ``.`` mean; Python's and Rust's engines mean more by
them. The wider reading is sampled with a few blocks of digits and letters, enough to notice that
an answer hangs on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from registry_core.schemas.regex_terms import LAST_CHAR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.schemas.regex_terms import CharSet

__all__ = ["Reading", "escaped_class", "inverted", "union"]

Reading: TypeAlias = Literal["ecma", "unicode"]
"""Whether a digit is one of ten, as in ECMA-262, or any script's, as in Python and Rust."""

_DIGITS: CharSet = ((0x30, 0x39),)
_MORE_DIGITS: CharSet = ((0x660, 0x669), (0x966, 0x96F), (0xFF10, 0xFF19))
_WORD: CharSet = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_MORE_WORD: CharSet = ((0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2AF), (0x4E00, 0x9FFF))
_SPACE: CharSet = (
    *((0x9, 0xD), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A)),
    *((0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)),
)
_LINE_ENDS: CharSet = ((0xA, 0xA), (0xD, 0xD), (0x2028, 0x2029))


def union(sets: Iterable[CharSet]) -> CharSet:
    """Return the characters of any of *sets*.

    >>> union([((97, 99),), ((98, 101),), ((48, 48),)])
    ((48, 48), (97, 101))
    """
    merged: list[tuple[int, int]] = []
    for low, high in sorted(piece for chars in sets for piece in chars):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def inverted(chars: CharSet) -> CharSet:
    """Return every character that is not in *chars*."""
    gaps: list[tuple[int, int]] = []
    start = 0
    for low, high in chars:
        if low > start:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= LAST_CHAR:
        gaps.append((start, LAST_CHAR))
    return tuple(gaps)


def escaped_class(letter: str, reading: Reading) -> CharSet:
    r"""Return the characters that ``\d`` and its like, or ``.``, stand for.

    >>> escaped_class("d", "ecma")
    ((48, 57),)
    """
    wide = reading == "unicode"
    match letter.lower():
        case "d":
            chars = union((_DIGITS, _MORE_DIGITS)) if wide else _DIGITS
        case "w":
            chars = union((_WORD, _MORE_DIGITS, _MORE_WORD)) if wide else _WORD
        case "s":
            chars = union((_SPACE, ((0x85, 0x85),) if wide else ((0xFEFF, 0xFEFF),)))
        case _:
            return inverted(((0xA, 0xA),) if wide else _LINE_ENDS)
    return inverted(chars) if letter.isupper() else chars
