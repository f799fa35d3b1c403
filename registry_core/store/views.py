"""What is shown of kept runs: plain values, whoever made the run and whatever became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from registry_core.names import AgentId
from registry_core.pipeline.pipeline import Pipeline
from registry_core.results.outcomes import ErrorRecord, StageRecord, StageStatus
from registry_core.results.run import RunStatus

if TYPE_CHECKING:
    from registry_core.store.history import History

__all__ = ["Damage", "KeptStatus", "RunLine", "RunReport", "StageLine", "StageState", "stage_lines"]

KeptStatus: TypeAlias = RunStatus | Literal["interrupted"]
StageState: TypeAlias = StageStatus | Literal["running", "in_doubt", "pending"]


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run of a list.

    Attributes:
        run_id: The run.
        pipeline: Name of the pipeline.
        status: ``interrupted`` when it neither ended nor is worked on by anybody.
        started_at: UTC in ISO 8601.
        seconds: How long it took; None until it has ended.
    """

    run_id: str
    pipeline: str
    status: KeptStatus
    started_at: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of a run.

    Attributes:
        stage_id: The stage.
        agent: The agent that was decided on.
        state: ``pending`` before it begins; ``in_doubt`` when it began and was cut, so that
            nobody knows whether it had its effect.
        record: What became of it, once it is over.
    """

    stage_id: str
    agent: AgentId
    state: StageState
    record: StageRecord | None


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything that is known of one run; its stages in the order of the pipeline."""

    line: RunLine
    stages: tuple[StageLine, ...]
    metadata: Mapping[str, str]
    error: ErrorRecord | None


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is not what was written: *run_id* is empty where it is no run's alone."""

    run_id: str
    reason: str


def stage_lines(document: str, history: History, *, alive: bool) -> tuple[StageLine, ...]:
    """Return every stage of the pipeline in *document*, and how far it got.

    Args:
        document: The bound pipeline as JSON.
        history: The run so far.
        alive: Whether anybody works on it.
    """
    records = history.records
    begun: StageState = "running" if alive else "in_doubt"
    lines: list[StageLine] = []
    for stage in Pipeline.from_json(document).stages:
        record = records.get(stage.id)
        state: StageState = "pending"
        if record is not None:
            state = record.status
        elif stage.id in history.begun:
            state = begun
        lines.append(StageLine(stage.id, AgentId(stage.agent), state, record))
    return tuple(lines)
