"""Tests of the description of a capability."""

from __future__ import annotations

import pytest

from registry_core import capability
from registry_core.errors import InvalidNameError


class TestCapability:
    @pytest.mark.requirement("R64")
    def test_a_name_space_of_its_own_says_what_it_is_narrower_than(self) -> None:
        """A team's own words must be found under the words that all know."""
        described = capability("acme:ocr", "Read scans.", broader="data_transformation")

        assert described.broader_term == "data_transformation"

    def test_a_name_outside_the_grammar_is_refused_where_it_is_written(self) -> None:
        """The author learns of it at once, and not the users."""
        with pytest.raises(InvalidNameError) as refused:
            capability("Content Analysis", "No.")

        assert refused.value.given == "Content Analysis"
