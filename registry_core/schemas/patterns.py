"""Patterns and formats of one comparison: each is read once, and answers are paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.schemas.formats import FORMATS
from registry_core.schemas.regex_syntax import PatternError, Reading, read_pattern
from registry_core.schemas.regex_terms import Language, Term, Terms

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["READINGS", "Patterns"]

READINGS: tuple[Reading, ...] = ("ecma", "unicode")


class Patterns:
    """Reads patterns into terms and keeps them."""

    __slots__ = ("_charge", "_read", "_terms")

    def __init__(self, charge: Callable[[int], None]) -> None:
        """Pay for each step with *charge*."""
        self._charge = charge
        self._terms: Terms | None = None
        self._read: dict[tuple[str, Reading], Term | None] = {}

    @property
    def terms(self) -> Terms:
        """What builds terms, made when the first pattern is met."""
        if self._terms is None:
            self._terms = Terms(self._charge)
        return self._terms

    def term(self, pattern: str, reading: Reading) -> Term | None:
        """Return the language of *pattern*, or None if it is beyond us."""
        key = (pattern, reading)
        if key not in self._read:
            self._charge(1 + len(pattern) // 8)
            try:
                self._read[key] = read_pattern(self.terms, pattern, reading)
            except PatternError:
                self._read[key] = None
        return self._read[key]

    def core(self, name: str) -> Term:
        """Return texts that are certainly of the format *name*."""
        return self.term(FORMATS[name].core, "ecma") or self.terms.none

    def envelope(self, name: str) -> Term:
        """Return all texts that may be of the format *name*."""
        return self.term(FORMATS[name].envelope, "ecma") or self.terms.all

    def language(self, term: Term) -> Language:
        """Return the words of *term*."""
        return Language(self.terms, term, self._charge)

    def matches(self, pattern: str, text: str) -> bool | None:
        """Return whether *pattern* matches in *text*; None where engines differ or it is unread."""
        answers: set[bool] = set()
        for reading in READINGS:
            term = self.term(pattern, reading)
            if term is None:
                return None
            answers.add(self.language(term).holds(text))
        return answers.pop() if len(answers) == 1 else None
