"""A long-lived host: what its runs meet changes what it plans next."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from registry_core import Registry, RunResult, agent


class Question(BaseModel):
    """What is asked."""

    text: str


class Reply(BaseModel):
    """What comes back."""

    answer: str


@agent(capabilities={"reporting": 1.0})
def answer_at_once(question: Question) -> Reply:
    """Answer, from a service that is down."""
    raise ConnectionError(question.text)


@agent(capabilities={"reporting": 0.6})
def answer_slowly(question: Question) -> Reply:
    """Answer, from a service that is up."""
    return Reply(answer=question.text)


@pytest.mark.requirement("R2")
def test_once_the_breaker_of_the_chosen_agent_is_open_the_next_plan_uses_another() -> None:
    """Nobody edits a configuration at three in the morning."""
    registry = Registry().with_agents(answer_at_once, answer_slowly)
    question = Question(text="are you there?")
    chosen: list[str] = []
    results: list[RunResult] = []

    while len(results) < 200 and not any(result.ok for result in results):
        plan = registry.plan(have=[Question], want=[Reply])
        chosen.append(plan.pipeline.stages[0].agent)
        results.append(registry.run_sync(plan, question))

    assert chosen[0] == "local/answer_at_once@0"
    assert chosen[-1] == "local/answer_slowly@0"
    assert set(chosen[:-1]) == {chosen[0]}
    assert results[-1].output == Reply(answer="are you there?")
