r"""Patterns as JSON Schema writes them (ECMA-262), read into terms.

A pattern may match anywhere in the text. What a regular language cannot say (back-references) and
what is not worth it (look-behind, word boundaries, Unicode properties) is refused, never guessed.
Engines disagree about ``\d``, ``\w``, ``\s`` and ``.`` beyond ASCII, so a pattern can be read in
two ways, and the caller asks both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias, assert_never

from registry_core.schemas.regex_classes import Reading, escaped_class, inverted, union
from registry_core.schemas.regex_terms import ANY_CHAR, CharSet, TermTooDeepError

if TYPE_CHECKING:
    from typing import Literal

    from registry_core.schemas.regex_terms import Term, Terms

__all__ = ["PatternError", "Reading", "pattern_fault", "read_pattern"]

_MAX_GROUPS = 40
_MAX_LENGTH = 2_000
_QUANTIFIERS = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}


class PatternError(Exception):
    """A pattern that cannot be read.

    Attributes:
        reason: What is in the way.
        usable: Whether an engine that never backtracks may read it all the same.
    """

    def __init__(self, reason: str, *, usable: bool = False) -> None:
        """Keep both facts."""
        super().__init__(reason)
        self.reason = reason
        self.usable = usable


def read_pattern(terms: Terms, pattern: str, reading: Reading = "ecma") -> Term:
    r"""Return the language of all texts in which *pattern* matches somewhere.

    Raises:
        PatternError: If *pattern* is malformed or goes beyond regular languages.

    >>> from registry_core.schemas.regex_terms import Language, Terms
    >>> terms = Terms()
    >>> Language(terms, read_pattern(terms, r"^a\d{3}$"), lambda _: None).shortest(0, None)
    'a111'
    """
    if len(pattern) > _MAX_LENGTH:
        raise PatternError(f"is longer than {_MAX_LENGTH} characters", usable=True)
    tree = _Parser(pattern, reading).parse()
    meaning = _Meaning(terms)
    try:
        at_start = meaning.of(tree, terms.all, "start")
        later = meaning.of(tree, terms.all, "later")
        shifted = terms.then(terms.chars(ANY_CHAR), terms.then(terms.all, later))
        return terms.either((at_start, shifted))
    except TermTooDeepError:
        raise PatternError("nests too deeply", usable=True) from None


def pattern_fault(pattern: str) -> str:
    r"""Return why *pattern* must not be used, or nothing.

    >>> pattern_fault("^(a+)+$"), pattern_fault(r"(a)\1")
    ('', 'refers back to a group')
    """
    try:
        _Parser(pattern, "ecma").parse()
    except PatternError as error:
        return "" if error.usable else error.reason
    return ""


class _Chars(NamedTuple):
    chars: CharSet


class _Sequence(NamedTuple):
    parts: tuple[_Tree, ...]


class _Choice(NamedTuple):
    parts: tuple[_Tree, ...]


class _Repeat(NamedTuple):
    part: _Tree
    low: int
    high: int | None


class _Edge(NamedTuple):
    at_start: bool


class _Ahead(NamedTuple):
    part: _Tree
    wanted: bool


_Tree: TypeAlias = _Chars | _Sequence | _Choice | _Repeat | _Edge | _Ahead


def _width(tree: _Tree) -> tuple[bool, bool]:
    """Return whether *tree* may match nothing, and whether it may match something."""
    match tree:
        case _Chars(chars):
            return False, bool(chars)
        case _Sequence(parts):
            widths = [_width(part) for part in parts]
            return all(empty for empty, _ in widths), any(some for _, some in widths)
        case _Choice(parts):
            widths = [_width(part) for part in parts]
            return any(empty for empty, _ in widths), any(some for _, some in widths)
        case _Repeat(part, low, high):
            empty, some = _width(part)
            return low == 0 or empty, some and high != 0
        case _Edge() | _Ahead():
            return True, False
        case _:
            assert_never(tree)


def _has_assertion(tree: _Tree) -> bool:
    match tree:
        case _Edge() | _Ahead():
            return True
        case _Sequence(parts) | _Choice(parts):
            return any(map(_has_assertion, parts))
        case _Repeat(part):
            return _has_assertion(part)
        case _Chars():
            return False
        case _:
            assert_never(tree)


class _Meaning:
    """Turns a pattern and the language of what follows it into one language.

    Carrying what follows makes assertions easy: ``$`` leaves only the empty word of it, a
    look-ahead intersects with it.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    def of(  # noqa: C901, PLR0911, PLR0912 -- one row per kind of tree
        self, tree: _Tree, rest: Term, place: Literal["start", "later", "unsure"]
    ) -> Term:
        terms = self._terms
        match tree:
            case _Chars(chars):
                return terms.then(terms.chars(chars), rest)
            case _Sequence(parts):
                places: list[Literal["start", "later", "unsure"]] = []
                for part in parts:
                    places.append(place)
                    empty, some = _width(part)
                    if place != "later" and some:
                        place = "unsure" if empty else "later"
                for part, part_place in zip(reversed(parts), reversed(places), strict=True):
                    rest = self.of(part, rest, part_place)
                return rest
            case _Choice(parts):
                return terms.either([self.of(part, rest, place) for part in parts])
            case _Repeat(part, low, high):
                if not _has_assertion(part):
                    return terms.then(
                        terms.repeat(self.of(part, terms.empty, "later"), low, high), rest
                    )
                if (low, high) == (0, 1):
                    return terms.either((rest, self.of(part, rest, place)))
                raise PatternError("repeats an assertion", usable=True)
            case _Edge(at_start):
                if not at_start:
                    return terms.both((rest, terms.empty))
                if place == "unsure":
                    raise PatternError("has '^' where the text may have begun", usable=True)
                return rest if place == "start" else terms.none
            case _Ahead(part, wanted):
                ahead = self.of(part, terms.all, place)
                return terms.both((rest, ahead if wanted else terms.outside(ahead)))
            case _:
                assert_never(tree)


class _Parser:
    """Recursive descent over one pattern."""

    def __init__(self, pattern: str, reading: Reading) -> None:
        self._text = pattern
        self._at = 0
        self._reading: Reading = reading
        self._open = 0

    def parse(self) -> _Tree:
        tree = self._choice()
        if self._at < len(self._text):
            raise PatternError("closes a group that was not opened")
        return tree

    def _peek(self, count: int = 1) -> str:
        return self._text[self._at : self._at + count]

    def _take(self, expected: str) -> bool:
        if self._text.startswith(expected, self._at):
            self._at += len(expected)
            return True
        return False

    def _next(self, inside: str) -> str:
        if self._at >= len(self._text):
            raise PatternError(f"ends inside {inside}")
        self._at += 1
        return self._text[self._at - 1]

    def _choice(self) -> _Tree:
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else _Choice(tuple(options))

    def _sequence(self) -> _Tree:
        parts: list[_Tree] = []
        while self._at < len(self._text) and self._peek() not in "|)":
            parts.append(self._quantified())
        return parts[0] if len(parts) == 1 else _Sequence(tuple(parts))

    def _quantified(self) -> _Tree:
        tree = self._atom()
        bounds = self._quantifier()
        if bounds is None:
            return tree
        if isinstance(tree, _Edge):
            raise PatternError("repeats an anchor")
        low, high = bounds
        self._take("?")
        if self._peek() in {"*", "+"} or self._quantifier() is not None:
            raise PatternError("repeats a repetition")
        return _Repeat(tree, low, high)

    def _quantifier(self) -> tuple[int, int | None] | None:
        sign = self._peek()
        if sign in _QUANTIFIERS:
            self._at += 1
            return _QUANTIFIERS[sign]
        if sign != "{":
            return None
        end = self._text.find("}", self._at)
        low, comma, high = self._text[self._at + 1 : end].partition(",")
        if not low and comma and high.isdecimal():
            raise PatternError("has a repetition that engines read differently", usable=True)
        if end < 0 or not (low.isascii() and low.isdecimal()):
            return None
        if high and not (high.isascii() and high.isdecimal()):
            return None
        self._at = end + 1
        first, last = int(low), (int(high) if high else None if comma else int(low))
        if last is not None and last < first:
            raise PatternError("has a repetition whose bounds are out of order")
        return first, last

    def _atom(self) -> _Tree:
        char = self._next("the pattern")
        match char:
            case "(":
                return self._group()
            case "[":
                return _Chars(self._class())
            case "^" | "$":
                return _Edge(char == "^")
            case ".":
                return _Chars(escaped_class(".", self._reading))
            case "\\":
                return self._escape_atom()
            case "*" | "+" | "?":
                raise PatternError("repeats nothing")
            case _:
                return _Chars(((ord(char), ord(char)),))

    def _group(self) -> _Tree:
        self._open += 1
        if self._open > _MAX_GROUPS:
            raise PatternError("nests too many groups", usable=True)
        if self._take("?="):
            tree: _Tree = _Ahead(self._choice(), wanted=True)
        elif self._take("?!"):
            tree = _Ahead(self._choice(), wanted=False)
        else:
            self._group_head()
            tree = self._choice()
        if not self._take(")"):
            raise PatternError("leaves a group open")
        self._open -= 1
        return tree

    def _group_head(self) -> None:
        if not self._take("?") or self._take(":"):
            return
        if self._peek(2) in {"<=", "<!"}:
            raise PatternError("looks behind")
        if self._take("<") or self._take("P<"):
            end = self._text.find(">", self._at)
            if end > self._at and self._text[self._at : end].isidentifier():
                self._at = end + 1
                return
        raise PatternError("has a group of an unknown kind", usable=True)

    def _escape_atom(self) -> _Tree:
        char = self._next("an escape")
        if char in "bB":
            raise PatternError("asks for a word boundary", usable=True)
        if char in "123456789k":
            raise PatternError("refers back to a group")
        return _Chars(self._escape(char))

    def _escape(self, char: str) -> CharSet:
        """Return the characters that a backslash and *char* stand for."""
        if char in "dDwWsS":
            return escaped_class(char, self._reading)
        code = self._code_point(char)
        return ((code, code),)

    def _code_point(self, char: str) -> int:
        if char in _CONTROLS:
            return ord(_CONTROLS[char])
        if char == "c" and self._peek().isascii() and self._peek().isalpha():
            return ord(self._next("an escape")) % 32
        if char == "x":
            return self._hexadecimal(2)
        if char == "u":
            if not self._take("{"):
                return self._hexadecimal(4)
            end = self._text.find("}", self._at)
            return self._hexadecimal(max(end - self._at, 1), closing=1)
        if char.isalnum():
            raise PatternError(f"has the unknown escape \\{char}", usable=True)
        return ord(char)

    def _hexadecimal(self, digits: int, closing: int = 0) -> int:
        text = self._peek(digits)
        try:
            code = int(text, 16)
            chr(code)
        except (ValueError, OverflowError):
            raise PatternError("has an escape without its hexadecimal digits") from None
        if len(text) < digits or not text.isalnum():
            raise PatternError("has an escape without its hexadecimal digits")
        self._at += digits + closing
        return code

    def _class(self) -> CharSet:
        negated = self._take("^")
        found: list[CharSet] = []
        while not self._take("]"):
            low = self._class_atom()
            if self._peek() == "-" and self._peek(2) not in {"-]", "-"}:
                self._at += 1
                high = self._class_atom()
                found.append(self._range(low, high))
            else:
                found.append(low)
        chars = union(found)
        return inverted(chars) if negated else chars

    def _class_atom(self) -> CharSet:
        char = self._next("a character class")
        if char == "\\":
            char = self._next("an escape")
            if char == "b":
                return ((8, 8),)
            return self._escape(char)
        if char == "[" and self._peek() in {":", ".", "="}:
            raise PatternError("has a POSIX class", usable=True)
        return ((ord(char), ord(char)),)

    @staticmethod
    def _range(low: CharSet, high: CharSet) -> CharSet:
        single = len(low) == len(high) == 1 and low[0][0] == low[0][1] and high[0][0] == high[0][1]
        if not single:
            raise PatternError("has a range between character classes", usable=True)
        if high[0][0] < low[0][0]:
            raise PatternError("has a character range that is out of order")
        return ((low[0][0], high[0][0]),)
