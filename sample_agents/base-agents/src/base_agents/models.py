"""What the agents take and give: one pair of models for each base capability.

All of them are closed, so a field that is misspelt is refused with its path, and none
passes for another. What is given is an :class:`~base_agents.outcome.Outcome` as well.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field, JsonValue

from base_agents.outcome import Outcome

__all__ = [
    "AnalysisInput",
    "AnalysisOutput",
    "Delivery",
    "Destination",
    "FileDestination",
    "Message",
    "Mood",
    "RecordFault",
    "RecordRules",
    "ReportInput",
    "ReportOutput",
    "ReportSection",
    "Row",
    "TaskInput",
    "TaskInstruction",
    "TaskOutput",
    "TermCount",
    "TransformInput",
    "TransformOutput",
    "ValidationInput",
    "ValidationOutput",
    "WebhookDestination",
]

Count: TypeAlias = Annotated[int, Field(ge=0)]
Row: TypeAlias = dict[str, JsonValue]
Instruction: TypeAlias = Annotated[str, Field(min_length=1, max_length=2000)]
Expression: TypeAlias = Annotated[str, Field(min_length=1, max_length=1000)]
Mood: TypeAlias = Literal["positive", "neutral", "negative"]


class TaskInstruction(BaseModel, frozen=True, extra="forbid"):
    """A task, without what it is to be done to.

    Attributes:
        instruction: The steps in words, a semicolon or "then" between two.
    """

    instruction: Instruction


class TaskInput(BaseModel, frozen=True, extra="forbid"):
    """A task.

    Attributes:
        instruction: The steps in words, a semicolon or "then" between two.
        payload: What they are done to: a text, a list, any JSON.
    """

    instruction: Instruction
    payload: JsonValue


class TaskOutput(Outcome, frozen=True, extra="forbid"):
    """What a task led to.

    Attributes:
        result: What the last step gave.
        steps_done: What was done, step by step, as it was understood.
        interpreter: Who read the instruction; ``rules`` needs no model and no network.
    """

    outcome_of: Literal["task_processing"] = "task_processing"
    result: JsonValue
    steps_done: tuple[str, ...]
    interpreter: str


class AnalysisInput(BaseModel, frozen=True, extra="forbid"):
    """A text to be analysed.

    Attributes:
        passage: The text, without markup.
        most_terms: How many terms to report at most.
    """

    passage: str
    most_terms: Annotated[int, Field(ge=0, le=100)] = 10


class TermCount(BaseModel, frozen=True, extra="forbid"):
    """A word and how often it stands in a text.

    Attributes:
        term: In lower case.
        occurrences: How often.
    """

    term: str
    occurrences: Count


class AnalysisOutput(Outcome, frozen=True, extra="forbid"):
    """What a text is like.

    Attributes:
        word_count: Number of words.
        sentence_count: Number of sentences.
        top_terms: The commonest words that mean something, and their counts.
        reading_ease: Flesch's measure for English, 100 very easy and 0 very hard; None when
            there are no words.
        mood: The verdict on *mood_score*.
        mood_score: From -1, all feeling words are negative, to 1, all are positive.
        analyst: Who analysed it; ``rules`` needs no model and no network.
    """

    outcome_of: Literal["content_analysis"] = "content_analysis"
    word_count: Count
    sentence_count: Count
    top_terms: tuple[TermCount, ...]
    reading_ease: float | None
    mood: Mood
    mood_score: Annotated[float, Field(ge=-1, le=1)]
    analyst: str


class TransformInput(BaseModel, frozen=True, extra="forbid"):
    """A table to be turned into another.

    Attributes:
        table: CSV with a line of column names, or a JSON document.
        table_format: Which of the two.
        delimiter: What stands between two cells of CSV, read and written.
        rows_at: JMESPath to the list of objects in a JSON document.
        mapping: JMESPath by column, evaluated on each row; the rows as they are when empty.
        with_csv: Whether to write the new table as CSV too.
    """

    table: str
    table_format: Literal["csv", "json"]
    delimiter: Literal[",", ";", "\t", "|"] = ","
    rows_at: Expression = "@"
    mapping: dict[str, Expression] = {}
    with_csv: bool = False


class TransformOutput(Outcome, frozen=True, extra="forbid"):
    """A table.

    Attributes:
        columns: Names of the columns, in order.
        rows: The rows, in order, each with its cells by column.
        csv: The table as CSV, where that was asked for.
    """

    outcome_of: Literal["data_transformation"] = "data_transformation"
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    csv: str | None


class FileDestination(BaseModel, frozen=True, extra="forbid"):
    """A file to deliver to.

    Attributes:
        path: Where it is, as seen from the working directory; folders are made.
        existing: What to do when it is there.
    """

    path: Annotated[str, Field(min_length=1)]
    existing: Literal["refuse", "append", "replace"] = "refuse"


class WebhookDestination(BaseModel, frozen=True, extra="forbid"):
    """An address that takes JSON by POST.

    Attributes:
        url: The address; redirects are not followed.
        timeout_seconds: Longest time from the first byte out to the answer's status.
    """

    url: Annotated[str, Field(pattern=r"^https?://[!-~]+$", max_length=2000)]
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0


Destination: TypeAlias = FileDestination | WebhookDestination


class Message(BaseModel, frozen=True, extra="forbid"):
    """Something to be delivered.

    Attributes:
        subject: What it is about, in a line.
        body: A text, or any JSON.
        destination: Where it goes.
    """

    subject: str
    body: JsonValue
    destination: Destination


class Delivery(Outcome, frozen=True, extra="forbid"):
    """What became of a message.

    Attributes:
        delivered_to: The file, or the address without what may be secret in it.
        byte_count: How much was delivered.
        status_code: What the other side answered; None when there was nobody to ask.
    """

    outcome_of: Literal["communication"] = "communication"
    delivered_to: str
    byte_count: Count
    status_code: int | None


class RecordRules(BaseModel, frozen=True, extra="forbid"):
    """What a record must be like.

    Attributes:
        rules: A JSON Schema (2020-12) that refers to nothing outside of it.
    """

    rules: dict[str, JsonValue]


class ValidationInput(BaseModel, frozen=True, extra="forbid"):
    """A record and what it must be like.

    Attributes:
        record: Any JSON.
        rules: A JSON Schema (2020-12) that refers to nothing outside of it.
    """

    record: JsonValue
    rules: dict[str, JsonValue]


class RecordFault(BaseModel, frozen=True, extra="forbid"):
    """Something about a record that is not as it must be; the record's value is not told.

    Attributes:
        place: JSON pointer into the record.
        keyword: The keyword of the rules that is not met.
        expected: What it asks for.
    """

    place: str
    keyword: str
    expected: str


class ValidationOutput(Outcome, frozen=True, extra="forbid"):
    """The verdict on a record.

    Attributes:
        accepted: Whether there is no fault.
        faults: All of them, by place.
    """

    outcome_of: Literal["validation"] = "validation"
    accepted: bool
    faults: tuple[RecordFault, ...]


class ReportSection(BaseModel, frozen=True, extra="forbid"):
    """A part of a report.

    Attributes:
        heading: What it is about.
        paragraphs: Plain texts, none of which is read as markup.
        rows: A table; its columns are the keys in the order of their first appearance.
    """

    heading: str
    paragraphs: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


class ReportInput(BaseModel, frozen=True, extra="forbid"):
    """What a report says.

    Attributes:
        report_title: Its title.
        sections: Its parts, in order.
    """

    report_title: str
    sections: tuple[ReportSection, ...]


class ReportOutput(Outcome, frozen=True, extra="forbid"):
    """A report.

    Attributes:
        markdown: Its text, in CommonMark with tables.
        section_count: Number of its parts.
    """

    outcome_of: Literal["reporting"] = "reporting"
    markdown: str
    section_count: Count
