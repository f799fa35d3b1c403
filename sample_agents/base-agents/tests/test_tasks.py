"""Tasks in words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from base_agents import Outcome, TaskInput, TaskInstruction, TaskOutput
from base_agents.providers import ProviderError
from base_agents.tasks import (
    INTERPRETERS,
    TaskSettings,
    outcome_to_task,
    process_outcome,
    task_processor,
)

from registry_core import Pipeline, Registry

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an interpreter that another distribution brings."""
    info = tmp_path / "brings_one-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brings-one\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{INTERPRETERS}]\nodd = brings_one:backwards\n")
    (tmp_path / "brings_one.py").write_text(
        "from base_agents.steps import Reverse\ndef backwards(words): return (Reverse(),)\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return "odd"


class TestTaskProcessor:
    @pytest.mark.requirement("R85")
    def test_each_step_works_on_what_the_one_before_gave(self) -> None:
        """That is what "then" means."""
        task = TaskInput(
            instruction="extract words; lower case; count each; keep first 2; pick value",
            payload="The cat. The dog. The cat's tail and a dog!",
        )

        done = task_processor(task)

        assert done.result == ["the", "dog"]
        assert done.headline == "5 steps done: 2 items"
        assert done.steps_done[-1] == "pick value"
        assert done.interpreter == "rules"

    @pytest.mark.requirement("R85")
    def test_another_interpreter_is_taken_by_its_name(self, offered: str) -> None:
        """Teams that have a model want more words than rules know, and the same steps."""
        task = TaskInput(instruction="stand on your head", payload=[1, 2])

        done = task_processor(task, TaskSettings(interpreter=offered))

        assert (done.result, done.interpreter) == ([2, 1], "odd")

    def test_an_interpreter_that_is_not_there_is_refused_with_those_that_are(
        self, offered: str
    ) -> None:
        """Falling back to rules would do something else than was asked."""
        task = TaskInput(instruction="count", payload=[])

        with pytest.raises(ProviderError) as refused:
            task_processor(task, TaskSettings(interpreter="even"))

        assert refused.value.known == (offered,)
        assert str(refused.value).endswith("lacks 'even'; there is odd, rules")

    @pytest.mark.requirement("R85")
    def test_a_stage_can_say_who_interprets(self, offered: str) -> None:
        """Configuration belongs to the pipeline, not to the machine."""
        pipeline = Pipeline("odd").stage(
            "base-agents/task_processor", config={"interpreter": offered}
        )

        result = Registry.discover().run_sync(
            pipeline, TaskInput(instruction="anything", payload=[1, 2])
        )

        result.raise_for_status()
        assert isinstance(result.output, TaskOutput)
        assert result.output.result == [2, 1]


class TestOutcomes:
    def test_a_follow_up_is_the_converter_and_the_agent_in_one(self, outcome: Outcome) -> None:
        """Whether a plan has one stage or two must not change what comes out."""
        assert process_outcome(outcome) == task_processor(outcome_to_task(outcome))

    def test_its_instruction_can_be_another(self, outcome: Outcome) -> None:
        """The lines of an outcome are of use to more than one task."""
        first = TaskInstruction(instruction="keep first 1")

        done = process_outcome(outcome, first)

        assert done.result == [f"/headline: {outcome.headline}"]
