"""Laws of pipelines as values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.errors import PipelineError
from registry_core.pipeline.pipeline import (
    Binding,
    FromInput,
    FromStage,
    Pipeline,
    PipelineInput,
    Stage,
)
from registry_core.pipeline.policy import Backoff, Policy, Substitute

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
SECONDS = st.floats(min_value=0.01, max_value=1e6)
POLICIES = st.builds(
    Policy,
    on_error=st.sampled_from(["stop", "skip", "retry", "fallback"]),
    then=st.sampled_from(["stop", "skip", "fallback"]),
    max_attempts=st.integers(min_value=1, max_value=9),
    timeout_seconds=st.none() | SECONDS,
    backoff=st.builds(Backoff, first_seconds=SECONDS, factor=st.floats(1, 9)),
    retry_on=st.lists(st.text(), max_size=2).map(tuple),
    substitute=st.builds(Substitute, JSON),
    fallback=NAMES,
)
SOURCES = st.builds(FromInput, NAMES) | st.builds(FromStage, NAMES)
STAGES = st.builds(
    Stage,
    id=NAMES,
    agent=NAMES,
    bindings=st.lists(st.builds(Binding, NAMES, SOURCES), max_size=2).map(tuple),
    policy=st.none() | POLICIES,
    config=st.dictionaries(st.text(), JSON, max_size=2),
)
PIPELINES = st.builds(
    Pipeline,
    name=NAMES,
    stages=st.lists(STAGES, max_size=3).map(tuple),
    inputs=st.lists(st.builds(PipelineInput, NAMES, NAMES), max_size=2).map(tuple),
    outputs=st.lists(NAMES, max_size=2).map(tuple),
)


class TestDocuments:
    @pytest.mark.requirement("R104")
    @settings(max_examples=150, deadline=None)
    @given(pipeline=PIPELINES)
    def test_a_pipeline_reads_back_equal(self, pipeline: Pipeline) -> None:
        """It is kept in version control and sent to other machines."""
        assert Pipeline.from_json(pipeline.to_json()) == pipeline

    @settings(max_examples=150, deadline=None)
    @given(text=st.text() | JSON.map(repr))
    def test_anything_else_is_one_kind_of_error(self, text: str) -> None:
        """A torn file ends in a message, never in a traceback of somebody's parser."""
        with pytest.raises(PipelineError):
            Pipeline.from_json(text)
