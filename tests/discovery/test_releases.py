"""What is judged without packaging is judged as packaging judges it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from registry_core.discovery.releases import fits, is_release, normal_name, plain_requirement

_numbers = st.sampled_from(["0", "1", "2", "10", "01", "", "00", "2026", "9" * 12])
_suffix = st.sampled_from([""] * 8 + ["rc1", ".post1", ".dev0", "+local", ".*", " ", "\n", "a"])
_dotted = st.lists(_numbers, min_size=1, max_size=4).map(".".join)
versions = st.builds("{}{}".format, _dotted, _suffix)
_signs = st.sampled_from([">=", "<=", "==", "!=", ">", "<", "~=", "===", "=", ""])
_gaps = st.sampled_from(["", "", " ", "\t"])
clauses = st.builds("{}{}{}{}{}".format, _gaps, _signs, _gaps, versions, _gaps)
specifiers = st.lists(clauses, max_size=3).map(",".join) | st.sampled_from([",", ">=1,", ">=1,,<2"])
_names = st.sampled_from(
    ["words", "Web_Agents", "a.b-c", "x", "a-", "-a", "é", "a--b", "words[web]"]
)
_markers = st.sampled_from(
    [
        *("", "", "; extra == 'web'", ';extra=="w.e_b"', "; extra == ''", "; extra != 'web'"),
        *("; python_version < '3'", ";", "; extra == 'a' or extra == ''", "; extra == 'a\""),
    ]
)
requirements = st.builds("{}{}{}{}{}".format, _gaps, _names, _gaps, specifiers, _markers)


class TestFits:
    @given(specifier=specifiers, version=versions)
    @settings(max_examples=500)
    @example(specifier="==1", version="1.0.0")
    @example(specifier=">1", version="1.0")
    def test_its_answer_is_that_of_packaging(self, specifier: str, version: str) -> None:
        """Whether a plugin is let in must not depend on which of two judges was asked."""
        found = fits(specifier, version)

        if found is not None:
            assert SpecifierSet(specifier).contains(version, prereleases=True) is found
            assert SpecifierSet(specifier).contains(version) is found


class TestReleases:
    @given(versions)
    def test_a_release_is_a_version_in_normal_form(self, version: str) -> None:
        """It is compared with the name of a folder as text."""
        if is_release(version):
            assert str(Version(version)) == version

    def test_most_versions_are_plain(self) -> None:
        """Else packaging would be imported after all."""
        assert all(map(is_release, ["1.0", "2.14.1", "0", "2026.1", "1.0.0.1"]))
        with pytest.raises(InvalidVersion):
            Version("1..0")


class TestRequirements:
    @given(requirements)
    @settings(max_examples=500)
    def test_what_is_asked_for_is_what_packaging_reads(self, text: str) -> None:
        """One written by a stranger is read by one grammar."""
        plain = plain_requirement(text)

        if plain is not None:
            read = Requirement(text)
            assert plain.name == canonicalize_name(read.name)
            assert SpecifierSet(plain.specifier) == read.specifier
            assert plain.is_extra is (read.marker is not None)
            assert read.marker is None or not read.marker.evaluate({"extra": ""})
            assert not read.extras
            assert not read.url

    def test_most_requirements_are_plain(self) -> None:
        """Else packaging would be imported after all."""
        texts = ["pydantic>=2", "registry-core>=0.1,<2", "pytest; extra == 'dev'", "a.b >= 1.0"]

        assert all(map(plain_requirement, texts))

    @given(st.text(max_size=20))
    def test_names_are_made_normal_as_by_packaging(self, name: str) -> None:
        """Two spellings of a name are one distribution."""
        assert normal_name(name) == canonicalize_name(name)
