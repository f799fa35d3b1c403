"""Names with versions behind them."""

from __future__ import annotations

import pytest

from registry_core.composer.goal import CapabilityTerm
from registry_core.composer.versions import admits, split
from registry_core.errors import InvalidNameError


class TestSplit:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("summarise", ("summarise", "")),
            ("text-agents/summarise>=1.2,<2", ("text-agents/summarise", "<2,>=1.2")),
            (" text-agents/summarise ~= 1.4 ", ("text-agents/summarise", "~=1.4")),
            ("acme:ocr!=1.0", ("acme:ocr", "!=1.0")),
            ("two words", ("two words", "")),
        ],
    )
    def test_a_name_ends_where_its_versions_begin(
        self, text: str, expected: tuple[str, str]
    ) -> None:
        """As in a list of requirements."""
        assert split(text) == expected

    @pytest.mark.parametrize("text", ["summarise>=", "summarise>=a.b", "summarise=1"])
    def test_what_is_no_specifier_is_refused(self, text: str) -> None:
        """Half a bound bounds nothing."""
        with pytest.raises(InvalidNameError) as caught:
            split(text)

        assert "versions" in str(caught.value)


class TestAdmits:
    @pytest.mark.parametrize(
        ("specifier", "version", "admitted"),
        [
            ("", "of today", True),
            (">=1.2,<2", "1.10", True),
            (">=1.2,<2", "2.0", False),
            (">=1.2", "1.3.dev1", True),
            ("==1.*", "1.9", True),
            (">=0", "of today", False),
        ],
    )
    def test_versions_are_compared_as_versions(
        self, specifier: str, version: str, *, admitted: bool
    ) -> None:
        """1.10 comes after 1.2, and a word is no version."""
        assert admits(specifier, version) is admitted


class TestTerms:
    def test_a_term_reads_back_as_it_is_typed(self) -> None:
        """The lock keeps it as text."""
        term = CapabilityTerm.parse("reporting <2, >=1")

        assert CapabilityTerm.parse(str(term)) == term

    def test_a_capability_that_could_be_none_is_refused(self) -> None:
        """A slip in a name is told before anything is searched for."""
        with pytest.raises(InvalidNameError):
            CapabilityTerm.parse("Not A Capability")
