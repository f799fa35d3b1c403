"""Regular languages as terms that are read one character at a time.

Intersection and complement are terms like any other, so "matches this pattern, not that one, and
has at most nine characters" is one term, and containment is the question whether it is empty.
Reading never backtracks: a pattern cannot stall the process.

Source:
    S. Owens, J. Reppy, A. Turon, "Regular-expression derivatives re-examined", JFP 19(2), 2009.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["ANY_CHAR", "LAST_CHAR", "CharSet", "Language", "Term", "TermTooDeepError", "Terms"]

LAST_CHAR = 0x10FFFF
_MAX_NESTING = 120
_SURROGATES = (0xD800, 0xDFFF)

CharSet: TypeAlias = tuple[tuple[int, int], ...]
"""Sorted, disjoint ranges of code points, both ends included."""

ANY_CHAR: CharSet = ((0, LAST_CHAR),)

_Kind: TypeAlias = Literal["chars", "cat", "or", "and", "not", "repeat"]


class TermTooDeepError(Exception):
    """A pattern nests further than reading it may recurse."""


class Term:
    """One regular language; equal terms of one `Terms` are the same object."""

    __slots__ = ("chars", "high", "kind", "low", "nesting", "nullable", "number", "parts")

    def __init__(
        self,
        number: int,
        kind: _Kind,
        *,
        parts: tuple[Term, ...] = (),
        chars: CharSet = (),
        low: int = 0,
        high: int | None = None,
    ) -> None:
        """Keep the parts; the empty ``chars`` is the language without words."""
        self.number = number
        self.kind: _Kind = kind
        self.parts = parts
        self.chars = chars
        self.low = low
        self.high = high
        self.nullable = _is_nullable(kind, parts, low)
        self.nesting = _nesting(kind, parts)
        if self.nesting > _MAX_NESTING:
            raise TermTooDeepError


def _is_nullable(kind: _Kind, parts: tuple[Term, ...], low: int) -> bool:
    match kind:
        case "chars":
            return False
        case "cat" | "and":
            return all(part.nullable for part in parts)
        case "or":
            return any(part.nullable for part in parts)
        case "not":
            return not parts[0].nullable
        case "repeat":
            return low == 0 or parts[0].nullable


def _nesting(kind: _Kind, parts: tuple[Term, ...]) -> int:
    """Return how deep reading one character recurses; a tail is entered past an empty head only."""
    if kind == "cat" and not parts[0].nullable:
        return parts[0].nesting + 1
    return max((part.nesting for part in parts), default=0) + 1


_Key: TypeAlias = tuple[_Kind, tuple[int, ...], CharSet, int, int | None]


class Terms:
    """Builds terms, simplified and without duplicates, and reads them."""

    __slots__ = ("_after", "_charge", "_known", "all", "empty", "none")

    def __init__(self, charge: Callable[[int], None] | None = None) -> None:
        """Start with the three terms that simplifying needs; *charge* is paid for each reading."""
        self._charge = charge
        self._known: dict[_Key, Term] = {}
        self._after: dict[tuple[int, int], Term] = {}
        self.none = self._make("chars")
        """No word at all."""
        self.empty = self._make("repeat", parts=(self.none,), high=0)
        """Only the empty word."""
        self.all = self._make("repeat", parts=(self._make("chars", chars=ANY_CHAR),))
        """Every word."""

    def chars(self, chars: CharSet) -> Term:
        """Return the words of one character out of *chars*."""
        return self._make("chars", chars=chars)

    def word(self, text: str) -> Term:
        """Return the language of the one word *text*."""
        term = self.empty
        for char in reversed(text):
            term = self.then(self.chars(((ord(char), ord(char)),)), term)
        return term

    def then(self, head: Term, tail: Term) -> Term:
        """Return a word of *head* followed by a word of *tail*."""
        if head is self.none or tail is self.none:
            return self.none
        if head is self.empty:
            return tail
        if tail is self.empty:
            return head
        if head is self.all and tail is self.all:
            return head
        heads: list[Term] = []
        while head.kind == "cat":
            heads.append(head.parts[0])
            head = head.parts[1]
        heads.append(head)
        for part in reversed(heads):
            tail = self._make("cat", parts=(part, tail))
        return tail

    def either(self, terms: Iterable[Term]) -> Term:
        """Return the words of any of *terms*."""
        flat = self._flatten("or", terms)
        flat.discard(self.none)
        if self.all in flat:
            return self.all
        if not flat:
            return self.none
        if len(flat) == 1:
            return flat.pop()
        return self._make("or", parts=tuple(sorted(flat, key=_number)))

    def both(self, terms: Iterable[Term]) -> Term:
        """Return the words that all of *terms* share."""
        flat = self._flatten("and", terms)
        flat.discard(self.all)
        if self.none in flat:
            return self.none
        if self.empty in flat:
            return self.empty if all(term.nullable for term in flat) else self.none
        if not flat:
            return self.all
        if len(flat) == 1:
            return flat.pop()
        if any(term.kind == "not" and term.parts[0] in flat for term in flat):
            return self.none
        return self._make("and", parts=tuple(sorted(flat, key=_number)))

    def outside(self, term: Term) -> Term:
        """Return every word that is not in *term*."""
        if term.kind == "not":
            return term.parts[0]
        if term is self.none:
            return self.all
        return self.none if term is self.all else self._make("not", parts=(term,))

    def repeat(self, term: Term, low: int, high: int | None) -> Term:
        """Return *low* to *high* words of *term* in a row; None is without end."""
        if high == 0 or term is self.empty:
            return self.empty
        if term is self.none:
            return self.empty if low == 0 else self.none
        if (low, high) == (1, 1) or (term is self.all):
            return term
        return self._make("repeat", parts=(term,), low=0 if term.nullable else low, high=high)

    def after(self, term: Term, char: int) -> Term:
        """Return what may follow *char* in the words of *term*."""
        key = (term.number, char)
        known = self._after.get(key)
        if known is None:
            if self._charge is not None:
                self._charge(1 + len(term.parts))
            known = self._after[key] = self._read(term, char)
        return known

    def _read(self, term: Term, char: int) -> Term:
        match term.kind:
            case "chars":
                held = any(low <= char <= high for low, high in term.chars)
                return self.empty if held else self.none
            case "cat":
                head, tail = term.parts
                first = self.then(self.after(head, char), tail)
                return self.either((first, self.after(tail, char))) if head.nullable else first
            case "or":
                return self.either([self.after(part, char) for part in term.parts])
            case "and":
                return self.both([self.after(part, char) for part in term.parts])
            case "not":
                return self.outside(self.after(term.parts[0], char))
            case "repeat":
                high = None if term.high is None else term.high - 1
                rest = self.repeat(term.parts[0], max(term.low - 1, 0), high)
                return self.then(self.after(term.parts[0], char), rest)

    def _flatten(self, kind: _Kind, terms: Iterable[Term]) -> set[Term]:
        flat: set[Term] = set()
        for term in terms:
            flat.update(term.parts if term.kind == kind else (term,))
        return flat

    def _make(
        self,
        kind: _Kind,
        *,
        parts: tuple[Term, ...] = (),
        chars: CharSet = (),
        low: int = 0,
        high: int | None = None,
    ) -> Term:
        key = (kind, tuple([part.number for part in parts]), chars, low, high)
        term = self._known.get(key)
        if term is None:
            number = len(self._known)
            term = Term(number, kind, parts=parts, chars=chars, low=low, high=high)
            self._known[key] = term
        return term


def _number(term: Term) -> int:
    return term.number


class Language:
    """The words of one term: whether a text is among them, and a shortest one."""

    __slots__ = ("_charge", "_letters", "_term", "_terms")

    def __init__(self, terms: Terms, term: Term, charge: Callable[[int], None]) -> None:
        """Read *term* with *terms*; each step is paid for with *charge*, which may raise."""
        self._terms = terms
        self._term = term
        self._charge = charge
        self._letters: tuple[int, ...] | None = None

    def holds(self, text: str) -> bool:
        """Return whether *text* is a word of the language."""
        term = self._term
        for char in text:
            if term is self._terms.none or term is self._terms.all:
                break
            self._charge(1)
            term = self._terms.after(term, ord(char))
        return term.nullable

    def shortest(self, low: int, high: int | None) -> str | None:
        """Return a shortest word of *low* to *high* characters, or None if there is none."""
        if self._letters is None:
            self._letters = _letters(self._term)
        level: dict[Term, _Path | None] = {self._term: None}
        seen: set[frozenset[Term]] = set()
        length = 0
        while level:
            if length >= low:
                accepting = next((term for term in level if term.nullable), None)
                if accepting is not None:
                    return _spell(level[accepting])
                states = frozenset(level)
                if states in seen:
                    return None
                seen.add(states)
            if length == high:
                return None
            level = self._next_level(level)
            length += 1
        return None

    def _next_level(self, level: dict[Term, _Path | None]) -> dict[Term, _Path | None]:
        following: dict[Term, _Path | None] = {}
        for term, path in level.items():
            for letter in self._letters or ():
                self._charge(1)
                found = self._terms.after(term, letter)
                if found is not self._terms.none and found not in following:
                    following[found] = (letter, path)
        return following


_Path: TypeAlias = "tuple[int, _Path | None]"


def _spell(path: _Path | None) -> str:
    chars: list[str] = []
    while path is not None:
        letter, path = path
        chars.append(chr(letter))
    return "".join(reversed(chars))


def _letters(term: Term) -> tuple[int, ...]:
    """Return one character for each kind that *term* tells apart, the most readable of its kind."""
    sets = _char_sets(term)
    edges = sorted(
        {0, *(edge for chars in sets for low, high in chars for edge in (low, high + 1))}
    )
    chosen: dict[tuple[bool, ...], int] = {}
    for index, low in enumerate(edges):
        high = edges[index + 1] - 1 if index + 1 < len(edges) else LAST_CHAR
        if low > LAST_CHAR:
            break
        signature = tuple([any(a <= low <= b for a, b in chars) for chars in sets])
        letter = min(_candidates(low, high), key=_readability)
        if signature not in chosen or _readability(letter) < _readability(chosen[signature]):
            chosen[signature] = letter
    return tuple(sorted(chosen.values(), key=_readability))


def _char_sets(term: Term) -> list[CharSet]:
    found: dict[CharSet, None] = {}
    seen = {term}
    waiting = [term]
    while waiting:
        node = waiting.pop()
        if node.kind == "chars":
            found[node.chars] = None
        fresh = [part for part in node.parts if part not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    return list(found)


def _candidates(low: int, high: int) -> list[int]:
    """Return characters of the range worth showing: its ends and the first letter of each case."""
    favoured = (ord("a"), ord("1"), ord("A"), ord(" "), 0xE000)
    return [low, high, *(char for char in favoured if low < char < high)]


def _readability(char: int) -> int:
    text = chr(char)
    if text.isascii() and text.isprintable():
        return char - 1_000 if text.isalnum() and text != "0" else char - 500
    return char + LAST_CHAR if _SURROGATES[0] <= char <= _SURROGATES[1] else char
