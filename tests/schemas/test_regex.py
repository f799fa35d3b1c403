"""Patterns as languages: what they hold, and which word of them is shortest."""

from __future__ import annotations

import itertools
import re

import pytest

from registry_core.schemas.formats import FORMATS, has_format, implies
from registry_core.schemas.regex_syntax import PatternError, pattern_fault, read_pattern
from registry_core.schemas.regex_terms import Language, Terms

PATTERNS = [
    "a",
    "^a",
    "a$",
    "^a$",
    "^$",
    "^(a|b)*$",
    "a{2,3}b",
    "^a{2}$",
    "^[^a]+$",
    "^a?b?c?$",
    "^(a?){3}$",
    "(?:ab){2}",
    "(a|b)c|$",
    "a|^b",
    "[a-c]-",
    "[a\\]]",
    "(?=.*a)b",
    "^(?!a)",
    "^(?=ab)a.$",
    "^(?!^[-.]*$)[-]?1*\\.?1*$",
    "a.b",
    "a*?b",
    "a{b",
    "(?P<name>a)b",
]


def _language(pattern: str) -> Language:
    terms = Terms()
    return Language(terms, read_pattern(terms, pattern), lambda _: None)


class TestReadPattern:
    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_a_pattern_matches_what_python_matches(self, pattern: str) -> None:
        """Two engines that agree on every short text were not wrong in the same way."""
        language = _language(pattern)
        words = ["".join(w) for size in range(5) for w in itertools.product("abc1.-", repeat=size)]

        found = {word for word in words if language.holds(word)}

        assert found == {word for word in words if re.search(pattern, word)}

    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_the_shortest_word_is_one_and_none_is_shorter(self, pattern: str) -> None:
        """A short counterexample is one that is read."""
        word = _language(pattern).shortest(0, None)

        assert word is not None
        assert re.search(pattern, word)
        assert all(_language(pattern).shortest(0, size) is None for size in range(len(word)))

    @pytest.mark.parametrize("pattern", ["(", "a)", "[a", "*a", "a**", "[b-a]", "a{2,1}", "\\"])
    def test_a_broken_pattern_is_refused(self, pattern: str) -> None:
        """The author should hear of it before a value does."""
        with pytest.raises(PatternError):
            _language(pattern)

        assert pattern_fault(pattern)

    def test_what_engines_read_differently_is_not_read_at_all(self) -> None:
        """Python repeats here, ECMA looks for a brace; either guess could be wrong."""
        with pytest.raises(PatternError):
            _language("x{,2}")

        assert not pattern_fault("x{,2}")

    def test_control_letters_are_read(self) -> None:
        """ECMA has them, Python does not."""
        assert _language(r"^\cC$").holds("\x03")

    @pytest.mark.fault("F23")
    def test_a_long_text_costs_no_more_than_its_length(self) -> None:
        """A backtracking engine needs 2^3000 steps here."""
        steps = 0

        def count(paid: int) -> None:
            nonlocal steps
            steps += paid

        terms = Terms()
        language = Language(terms, read_pattern(terms, "^(a+)+$"), count)

        assert not language.holds("a" * 3_000 + "!")
        assert steps <= 3_001

    @pytest.mark.parametrize("pattern", ["(" * 100 + ")" * 100, "a?" * 900, "a" * 5_000])
    def test_a_monstrous_pattern_is_refused_and_not_recursed_into(self, pattern: str) -> None:
        """Patterns come from strangers."""
        with pytest.raises(PatternError):
            _language(pattern)


class TestFormats:
    @pytest.mark.parametrize("name", FORMATS)
    def test_the_sample_is_of_its_format(self, name: str) -> None:
        """Samples become counterexamples, which must be beyond doubt."""
        known = FORMATS[name]

        assert has_format(known.sample, name) is True
        assert re.search(known.envelope, known.sample)

    @pytest.mark.parametrize("name", FORMATS)
    def test_what_is_certain_is_also_possible(self, name: str) -> None:
        """Proofs use the outer pattern, counterexamples the inner one."""
        terms = Terms()
        core = read_pattern(terms, FORMATS[name].core)
        envelope = read_pattern(terms, FORMATS[name].envelope)
        outside = terms.both((core, terms.outside(envelope)))

        assert Language(terms, outside, lambda _: None).shortest(0, 30) is None

    @pytest.mark.parametrize(
        ("one", "other"),
        [(one, other) for one in FORMATS for other in FORMATS if implies(one, other)],
    )
    def test_a_format_within_another_is_nowhere_outside(self, one: str, other: str) -> None:
        """What is certainly of the narrower must possibly be of the wider."""
        terms = Terms()
        core = read_pattern(terms, FORMATS[one].core)
        envelope = read_pattern(terms, FORMATS[other].envelope)
        outside = terms.both((core, terms.outside(envelope)))

        assert Language(terms, outside, lambda _: None).shortest(0, 30) is None

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("2024-13-01", "date"),
            ("x", "uuid"),
            ("1.2.3", "ipv4"),
            ("a b", "uri"),
            ("12:00", "time"),
            ("a", "json-pointer"),
        ],
    )
    def test_what_is_not_of_a_format_never_counts_as_it(self, text: str, name: str) -> None:
        """'Perhaps' is allowed here, 'yes' is not."""
        assert has_format(text, name) is not True
