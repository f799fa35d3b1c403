"""What a run tells while it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from registry_core.names import AgentId

__all__ = ["Event", "EventKind", "Observer"]

EventKind: TypeAlias = Literal[
    "run_started",
    "stage_started",
    "attempt_started",
    "attempt_finished",
    "stage_finished",
    "run_finished",
]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: What happened.
        run_id: The run.
        at: When, UTC in ISO 8601.
        stage_id: The stage, or empty for the run itself.
        agent: The agent, or None for the run itself.
        attempt: Number of the attempt, or 0.
        status: How it ended, for ``…_finished``.
        seconds: How long it took, for ``…_finished``.
        detail: The error's text, or what answered instead of the agent.
    """

    kind: EventKind
    run_id: str
    at: str
    stage_id: str = ""
    agent: AgentId | None = None
    attempt: int = 0
    status: str = ""
    seconds: float = 0.0
    detail: str = ""


Observer: TypeAlias = Callable[[Event], None]
