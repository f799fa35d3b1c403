"""A pipeline is built by hand, never changes, and travels as text."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from registry_core.authoring.agent import agent
from registry_core.errors import PipelineError
from registry_core.pipeline.pipeline import FromInput, FromStage, Pipeline, Source
from registry_core.pipeline.policy import Policy


@agent
def count_words(text: str) -> int:
    """Return how many words there are."""
    return len(text.split())


class TestBuilding:
    def test_a_stage_is_called_like_its_agent_with_its_place_when_that_is_taken(self) -> None:
        """Records and sources need names, and nobody wants to invent them."""
        pipeline = Pipeline("p").stage("kit/read@1.0").stage("read").stage(count_words, id="words")

        assert [stage.id for stage in pipeline.stages] == ["read", "read_2", "words"]
        assert [stage.agent for stage in pipeline.stages] == ["kit/read@1.0", "read", "count_words"]

    @pytest.mark.requirement("R24", "R25", "R108")
    def test_adding_a_stage_leaves_the_pipeline_as_it_was(self) -> None:
        """A run works on what it was given, whatever is built from it meanwhile."""
        one = Pipeline("p").stage("read")
        two = one.stage("count")

        assert (len(one.stages), len(two.stages)) == (1, 2)
        assert isinstance(one.stages, tuple)
        with pytest.raises(FrozenInstanceError):
            one.stages[0].agent = "other"  # type: ignore[misc]

    @pytest.mark.requirement("R108")
    def test_what_a_caller_passes_in_is_copied(self) -> None:
        """Two pipelines built from one dict must not share it."""
        config = {"length": 1}
        pipeline = Pipeline("p").stage("read", config={**config})
        config["length"] = 2

        assert pipeline.stages[0].config == {"length": 1}

    def test_sources_are_stages_by_id_or_values_of_the_caller(self) -> None:
        """A DAG is written where it is read."""
        sources: dict[str, str | Source] = {"text": "read", "title": FromInput("title")}
        stage = Pipeline("p").stage("read").stage("join", sources=sources).stages[1]

        assert [binding.source for binding in stage.bindings] == [
            FromStage("read"),
            FromInput("title"),
        ]

    @pytest.mark.requirement("R12")
    @pytest.mark.parametrize("name", ["", " ", "a b", "ä", "1st", "x" * 101])
    def test_bad_names_are_refused_at_once(self, name: str) -> None:
        """They end up in file names, metrics and URLs."""
        with pytest.raises(PipelineError):
            Pipeline(name)
        if name:
            with pytest.raises(PipelineError):
                Pipeline("p").stage("read", id=name)

    @pytest.mark.requirement("R12")
    def test_a_taken_id_is_refused_at_once(self) -> None:
        """The line that is wrong is the line that raises."""
        with pytest.raises(PipelineError, match="taken"):
            Pipeline("p").stage("read").stage("count", id="read")


class TestDocuments:
    def test_callables_stay_behind(self) -> None:
        """Code is not an artefact; its id is."""
        text = Pipeline("p").stage(count_words).to_json()

        assert "local" not in text
        assert Pipeline.from_json(text).stages[0].agent == "count_words"

    @pytest.mark.requirement("R12")
    def test_every_fault_of_a_document_comes_at_once_with_its_path(self) -> None:
        """Somebody edits it by hand, and is told everything in one go."""
        text = """{"name": "p", "stages": [
            {"id": "a", "agent": "read", "polcy": {"max_attempts": 1}},
            {"id": 1, "agent": "read", "policy": {"max_attempts": 0, "on_error": "skip"}},
            {"id": "c", "agent": "read", "bindings": [{"input": "x", "source": {"from": "a"}}]}
        ]}"""

        with pytest.raises(PipelineError) as caught:
            Pipeline.from_json(text)

        paths = {fault.path for fault in caught.value.faults}
        assert paths >= {
            "stages[0].polcy",
            "stages[1].id",
            "stages[1].policy.max_attempts",
            "stages[1].policy.substitute",
        }
        assert any(path.startswith("stages[2].bindings[0].source") for path in paths)

    def test_a_policy_is_read_with_everything_it_says(self) -> None:
        """A retry that was written must not become a default."""
        policy = Policy(on_error="fallback", fallback="other", timeout_seconds=2.5)
        pipeline = Pipeline("p").stage("read", policy=policy)

        assert Pipeline.from_json(pipeline.to_json()).stages[0].policy == policy
