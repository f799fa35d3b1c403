"""Agents for the six base capabilities, and what they take and give.

Each capability has an agent with an input of its own, and a follow-up that takes the
:class:`Outcome` of any other.
"""

from __future__ import annotations

from base_agents.models import (
    AnalysisInput,
    AnalysisOutput,
    Delivery,
    Destination,
    FileDestination,
    Message,
    Mood,
    RecordFault,
    RecordRules,
    ReportInput,
    ReportOutput,
    ReportSection,
    Row,
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
from base_agents.outcome import Outcome

__all__ = [
    "AnalysisInput",
    "AnalysisOutput",
    "Delivery",
    "Destination",
    "FileDestination",
    "Message",
    "Mood",
    "Outcome",
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
