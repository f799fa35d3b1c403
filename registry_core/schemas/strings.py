"""Is there a text of this length that these patterns match and those do not?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.schemas.atoms import Differs, HasFormat, Matches, MaxSize, MinSize, Opaque
from registry_core.schemas.formats import FORMATS, has_format, implies
from registry_core.schemas.opacity import Opacity
from registry_core.schemas.patterns import READINGS
from registry_core.schemas.problem import Found, Nothing, Outcome, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.schemas.atoms import Step
    from registry_core.schemas.patterns import Patterns
    from registry_core.schemas.regex_syntax import Reading
    from registry_core.schemas.regex_terms import Term

__all__ = ["StringFacts"]

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LONGEST = 100_000


class StringFacts:
    """Bounds of length, patterns and formats, and texts that are taken."""

    __slots__ = ("_formats", "_high", "_low", "_matches", "_opacity", "_patterns", "_taken")

    def __init__(self, patterns: Patterns) -> None:
        """Allow every text."""
        self._patterns = patterns
        self._low = 0
        self._high: int | None = None
        self._matches: dict[str, bool] = {}
        self._formats: tuple[HasFormat, ...] = ()
        self._taken: frozenset[str] = frozenset()
        self._opacity = Opacity()

    def copy(self) -> StringFacts:
        """Return facts that can grow apart from these."""
        twin = StringFacts(self._patterns)
        twin._low, twin._high = self._low, self._high
        twin._matches, twin._formats = dict(self._matches), self._formats
        twin._taken, twin._opacity = self._taken, self._opacity.copy()
        return twin

    def add(self, step: Step) -> bool:
        """Collect one step; False when it contradicts what is known."""
        match step:
            case MinSize(count):
                self._low = max(self._low, count)
            case MaxSize(count):
                self._high = count if self._high is None else min(self._high, count)
            case Matches(pattern, holds):
                return self._matches.setdefault(pattern, holds) is holds
            case HasFormat():
                return self._add_format(step)
            case Differs(value):
                if isinstance(value, str):
                    self._taken |= {value}
            case Opaque():
                return self._opacity.add(step)
            case _:
                return True
        return self._high is None or self._low <= self._high

    def _add_format(self, step: HasFormat) -> bool:
        self._formats += (step,)
        wanted = [name for name, holds in self._formats if holds]
        unwanted = [name for name, holds in self._formats if not holds]
        return not any(implies(one, other) for one in wanted for other in unwanted)

    def refutes(self, step: Step) -> bool:
        """Return whether *step* plainly contradicts what is known."""
        return not self.copy().add(step) if isinstance(step, MinSize | MaxSize) else False

    def entails(self, step: Step) -> bool:
        """Return whether *step* is certainly true already."""
        match step:
            case MinSize(count):
                return self._low >= count
            case MaxSize(count):
                return self._high is not None and self._high <= count
            case Matches(pattern, holds):
                return self._matches.get(pattern) is holds
            case _:
                return False

    def solve(self) -> Outcome:
        """Return a text that all facts are true of."""
        if not self._matches and not self._formats:
            return self._solve_length()
        sample = self._sample()
        if sample is not None:
            return self._opacity.doubt or Found(sample)
        return self._solve_patterns()

    def _sample(self) -> str | None:
        """Return the known text of a wanted format, if it will do; building one costs far more."""
        if self._matches:
            return None
        for name, wanted in self._formats:
            text = FORMATS[name].sample
            if wanted and text not in self._taken and self._low <= len(text):
                short = self._high is None or len(text) <= self._high
                if short and all(has_format(text, of) is holds for of, holds in self._formats):
                    return text
        return None

    def _solve_length(self) -> Outcome:
        if self._low > _LONGEST:
            return Unknown("minLength", f"texts of {self._low} characters are not tried")
        for text in self._plain_texts():
            if text not in self._taken:
                return self._opacity.doubt or Found(text)
        if self._high == 0:
            return Nothing()
        return Unknown("enum", "no text was found that is not listed")

    def _plain_texts(self) -> Iterator[str]:
        if self._low == 0:
            yield ""
        if self._high != 0:
            size = max(self._low, 1)
            for letter in _LETTERS:
                yield letter * size
            for code in range(0xA1, 0xA1 + len(self._taken)):
                yield chr(code) * size

    def _solve_patterns(self) -> Outcome:
        """Look inside the certain, then prove that even the possible is empty."""
        doubt = self._opacity.doubt
        empty = True
        for reading in READINGS:
            certain, possible, unread = self._terms(reading)
            word = self._word(certain)
            if word is not None:
                return doubt or (unread or Found(word))
            if possible is not certain and self._word(possible) is not None:
                doubt = doubt or Unknown("format", "validators disagree about the texts left")
                empty = False
            if certain is possible and self._same_in_all_readings():
                break
        return Nothing() if empty else doubt or Unknown("pattern", "no text was found")

    def _not_taken(self, shared: Term) -> Term:
        """Return all texts but the taken ones; those that *shared* lacks need no mention."""
        terms, language = self._patterns.terms, self._patterns.language(shared)
        words = [terms.word(text) for text in sorted(self._taken) if language.holds(text)]
        return terms.outside(terms.either(words))

    def _same_in_all_readings(self) -> bool:
        return all(
            self._patterns.term(pattern, READINGS[0]) is self._patterns.term(pattern, READINGS[1])
            for pattern in self._matches
        )

    def _word(self, term: Term) -> str | None:
        return self._patterns.language(term).shortest(self._low, self._high)

    def _terms(self, reading: Reading) -> tuple[Term, Term, Unknown | None]:
        """Return the texts that certainly fit, those that possibly do, and what was unreadable."""
        patterns, terms = self._patterns, self._patterns.terms
        shared: list[Term] = []
        unread: Unknown | None = None
        for pattern, holds in self._matches.items():
            term = patterns.term(pattern, reading)
            if term is None:
                unread = Unknown("pattern", f"{pattern[:60]} is beyond regular languages")
                continue
            shared.append(term if holds else terms.outside(term))
        if self._taken:
            shared.append(self._not_taken(terms.both(shared)))
        if not self._formats:
            both = terms.both(shared)
            return both, both, unread
        certain = [
            patterns.core(name) if holds else terms.outside(patterns.envelope(name))
            for name, holds in self._formats
        ]
        possible = [
            patterns.envelope(name) if holds else terms.outside(patterns.core(name))
            for name, holds in self._formats
        ]
        return terms.both([*shared, *certain]), terms.both([*shared, *possible]), unread
