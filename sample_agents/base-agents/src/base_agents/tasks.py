"""Tasks: an instruction in words, carried out step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeAlias, cast

from pydantic import BaseModel, Field

from base_agents.instructions import read_instruction
from base_agents.models import TaskInput, TaskInstruction, TaskOutput
from base_agents.outcome import Outcome, leaves, text_of
from base_agents.providers import RULES, provider
from base_agents.steps import Step, carry_out
from registry_core import Example, Resources, agent

if TYPE_CHECKING:
    from pydantic import JsonValue

__all__ = [
    "INTERPRETERS",
    "Interpreter",
    "TaskSettings",
    "outcome_to_task",
    "process_outcome",
    "task_processor",
]

INTERPRETERS = "base_agents.interpreters"
"""The group of entry points that other interpreters are offered in."""

Interpreter: TypeAlias = Callable[[str], tuple[Step, ...]]
"""Reads an instruction; sees no payload, so no step can differ by who read it."""


class TaskSettings(BaseModel, frozen=True, extra="forbid"):
    """How tasks are understood.

    Attributes:
        interpreter: Who reads the instruction: ``rules``, or the name of an entry point.
    """

    interpreter: Annotated[str, Field(min_length=1)] = RULES


_BY_RULES = TaskSettings()
_IN_ORDER = TaskInstruction(instruction="drop duplicates; sort")


@agent(
    capabilities="task_processing",
    tags=["offline", "rules"],
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={
                "task": {
                    "instruction": "split by commas; drop duplicates; sort",
                    "payload": "pear, apple, pear",
                }
            },
            output={
                "outcome_of": "task_processing",
                "headline": "3 steps done: 2 items",
                "result": ["apple", "pear"],
                "steps_done": ['split by ","', "drop duplicates", "sort"],
                "interpreter": "rules",
            },
        )
    ],
)
def task_processor(task: TaskInput, config: TaskSettings = _BY_RULES) -> TaskOutput:
    """Carry out a task in words: split, extract, pick, sort, count, dedupe, keep, join.

    Who reads the words can be exchanged; the steps themselves are always the same code.

    Raises:
        InstructionError: If it has phrases that the rules do not know.
        StepError: If a step cannot be taken on what the one before gave.
        ProviderError: If the interpreter that is configured is not there.
    """
    steps = _interpreter(config.interpreter)(task.instruction)
    result = task.payload
    for step in steps:
        result = carry_out(step, result)
    done = f"{len(steps)} step{'s' * (len(steps) != 1)} done"
    return TaskOutput(
        headline=f"{done}: {_size(result)}",
        result=result,
        steps_done=tuple(map(str, steps)),
        interpreter=config.interpreter,
    )


@agent(
    tags=["converter"],
    cost=0.1,
    resources=Resources(memory_mib=32, cpu_cores=1),
    idempotent=True,
    mutates=False,
)
def outcome_to_task(outcome: Outcome, instruction: TaskInstruction = _IN_ORDER) -> TaskInput:
    """Make a task on the lines of an outcome; unless told, to list each once, in order."""
    lines: list[JsonValue] = [f"{leaf.place}: {text_of(leaf.value)}" for leaf in leaves(outcome)]
    return TaskInput(
        instruction=instruction.instruction,
        payload=[f"/headline: {outcome.headline}", *lines],
    )


@agent(
    capabilities={"task_processing": 0.5},
    tags=["follow-up", "offline", "rules"],
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
)
def process_outcome(
    outcome: Outcome, instruction: TaskInstruction = _IN_ORDER, config: TaskSettings = _BY_RULES
) -> TaskOutput:
    """Carry out a task on the lines of any agent's outcome.

    Raises:
        InstructionError: If it has phrases that the rules do not know.
        StepError: If a step cannot be taken on what the one before gave.
        ProviderError: If the interpreter that is configured is not there.
    """
    return task_processor(outcome_to_task(outcome, instruction), config)


def _interpreter(name: str) -> Interpreter:
    return read_instruction if name == RULES else cast("Interpreter", provider(INTERPRETERS, name))


def _size(result: JsonValue) -> str:
    if isinstance(result, list):
        return f"{len(result)} item{'s' * (len(result) != 1)}"
    return "one text" if isinstance(result, str) else text_of(result)[:80]
