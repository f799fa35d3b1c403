"""What a run must tell whoever keeps it, so that another process can go on with it.

The engine waits for each of the three calls: a stage begins only when it is kept that it will,
and what follows a stage begins only when it is kept what came out. Values are JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from registry_core.results.outcomes import ErrorRecord, StageRecord
from registry_core.results.run import RunStatus

__all__ = ["EarlierRun", "RunEnd", "RunHead", "RunKeeper", "StageDone"]


@dataclass(frozen=True, slots=True)
class RunHead:
    """What is known before anything runs.

    Attributes:
        run_id: Unique and sortable by time.
        pipeline: Name of the pipeline.
        document: The bound pipeline as JSON text, as its file holds it.
        digest: Of the document and of everything it was decided on; a run goes on only
            under the same one.
        inputs: The caller's values as JSON, by name.
        started_at: UTC in ISO 8601.
        metadata: The caller's facts, such as a tenant.
    """

    run_id: str
    pipeline: str
    document: str
    digest: str
    inputs: Mapping[str, bytes]
    started_at: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class StageDone:
    """A stage that is over, and its output as JSON; None where it left no value."""

    record: StageRecord
    output: bytes | None


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How the run ended."""

    status: RunStatus
    seconds: float
    error: ErrorRecord | None = None


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """What an interrupted run left.

    Attributes:
        head: What it began with.
        done: The stages whose end was kept, by id; they are not run again.
        in_doubt: Ids of the stages that began and of whose end nothing is known.
    """

    head: RunHead
    done: Mapping[str, StageDone]
    in_doubt: tuple[str, ...]


class RunKeeper(Protocol):
    """Keeps one run; each call returns when what it says would survive a loss of power.

    A call that raises ends the run: nothing runs that is not kept.
    """

    async def begin(self, starting: Sequence[str]) -> None:
        """Keep that the run begins, and the stages *starting* with it."""
        ...

    async def advance(self, done: StageDone, starting: Sequence[str]) -> None:
        """Keep what became of a stage and which stages begin now, in one step."""
        ...

    async def finish(self, done: StageDone | None, end: RunEnd) -> None:
        """Keep how the run ended, with its last stage, in one step."""
        ...
