"""What a caller gives is matched with what a pipeline takes, before anything runs."""

from __future__ import annotations

import pytest

from registry_core.errors import PipelineError
from registry_core.pipeline.calling import by_input, sources_for
from registry_core.pipeline.pipeline import FromInput, Pipeline, PipelineInput
from tests.catalog.worlds import SCHEMAS, entry

PIPELINE = Pipeline("p", inputs=(PipelineInput("page"), PipelineInput("title")))


class TestByInput:
    def test_values_come_in_order_or_by_name(self) -> None:
        """As in any call of Python."""
        assert by_input(PIPELINE, ["a"], {"title": "b"}) == {"page": "a", "title": "b"}

    def test_everything_that_is_wrong_is_said(self) -> None:
        """Too many, too few, twice and unknown."""
        with pytest.raises(PipelineError) as too_many:
            by_input(PIPELINE, [1, 2, 3], {"page": 1, "zzz": 1})
        with pytest.raises(PipelineError) as too_few:
            by_input(PIPELINE, [], {})

        assert [fault.path for fault in too_many.value.faults] == ["values", "page", "zzz"]
        assert [fault.path for fault in too_few.value.faults] == ["page", "title"]


class TestSources:
    def test_an_optional_input_is_the_callers_when_it_is_given(self) -> None:
        """One agent is called like the function it is."""
        page = SCHEMAS[0]
        definition = entry("write", takes=(page,), optional=(page, page), gives=page).definition

        assert sources_for(definition, 1, ["y"]) == {"a": FromInput("a"), "y": FromInput("y")}
        assert sources_for(definition, 2, []) == {"a": FromInput("a"), "x": FromInput("x")}
