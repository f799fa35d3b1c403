"""Values of every model, with nearly every field set to something that is not its default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from base_agents import (
    AnalysisInput,
    AnalysisOutput,
    Delivery,
    FileDestination,
    Message,
    RecordFault,
    RecordRules,
    ReportInput,
    ReportOutput,
    ReportSection,
    TaskInput,
    TaskInstruction,
    TaskOutput,
    TermCount,
    TransformInput,
    TransformOutput,
    ValidationInput,
    ValidationOutput,
    WebhookDestination,
)

if TYPE_CHECKING:
    from base_agents import Outcome
    from pydantic import BaseModel

OPTIONS: tuple[BaseModel, ...] = (
    TaskInstruction(instruction="count"),
    RecordRules(rules={"type": "object"}),
    FileDestination(path="box/letter.txt", existing="append"),
    WebhookDestination(url="https://example.org/hook", timeout_seconds=2.5),
)

INPUTS: dict[str, BaseModel] = {
    "task_processing": TaskInput(
        instruction='split by ";"; drop duplicates; sort', payload="pear; apple; pear; naïve"
    ),
    "content_analysis": AnalysisInput(
        passage="Good tea. It is never late!\n\nThe cups are fine.", most_terms=3
    ),
    "data_transformation": TransformInput(
        table="name;price\nfig;1.50\npear;2\n",
        table_format="csv",
        delimiter=";",
        rows_at="rows",
        mapping={"fruit": "name", "price": "to_number(price)"},
        with_csv=True,
    ),
    "communication": Message(
        subject="Fruit",
        body={"fig": [1, None, True]},
        destination=FileDestination(path="letters/fruit.json", existing="replace"),
    ),
    "validation": ValidationInput(
        record={"age": -1, "tags": ["a", "a"]},
        rules={
            "required": ["name"],
            "properties": {"age": {"minimum": 0}, "tags": {"uniqueItems": True}},
        },
    ),
    "reporting": ReportInput(
        report_title="Stock",
        sections=(
            ReportSection(heading="Fruit", paragraphs=("All of it.",), rows=({"fig": 2},)),
            ReportSection(heading="Nuts"),
        ),
    ),
}

OUTPUTS: dict[str, Outcome] = {
    "task_processing": TaskOutput(
        headline="1 step done: 2",
        result={"items": [1, "two", None]},
        steps_done=("count",),
        interpreter="rules",
    ),
    "content_analysis": AnalysisOutput(
        headline="2 words in 1 sentence, neutral",
        word_count=2,
        sentence_count=1,
        top_terms=(TermCount(term="tea", occurrences=1),),
        reading_ease=None,
        mood="neutral",
        mood_score=0,
        analyst="rules",
    ),
    "data_transformation": TransformOutput(
        headline="1 row of 1 column", columns=("a",), rows=({"a": [1, {"b": 2}]},), csv=None
    ),
    "communication": Delivery(
        headline="delivered", delivered_to="box", byte_count=3, status_code=202
    ),
    "validation": ValidationOutput(
        headline="1 fault",
        accepted=False,
        faults=(RecordFault(place="/a", keyword="type", expected='"string"'),),
    ),
    "reporting": ReportOutput(headline="Stock", markdown="# Stock\n", section_count=1),
}

VALUES = (*INPUTS.values(), *OUTPUTS.values(), *OPTIONS)


@pytest.fixture
def inputs() -> dict[str, BaseModel]:
    """An input for the first agent of each base capability."""
    return INPUTS


@pytest.fixture(params=sorted(OUTPUTS))
def outcome(request: pytest.FixtureRequest) -> Outcome:
    """Something that an agent of some base capability could give."""
    return OUTPUTS[str(request.param)]


@pytest.fixture(params=VALUES, ids=lambda value: type(value).__name__)
def value(request: pytest.FixtureRequest) -> BaseModel:
    """A value of some model."""
    model: BaseModel = request.param
    return model


@pytest.fixture
def values() -> tuple[BaseModel, ...]:
    """A value of each model."""
    return VALUES
