"""What happened to one attempt and to one stage: one record type for every outcome.

Records are plain values: times are aware UTC in ISO 8601, durations are seconds on a
monotonic clock, errors are text. So they go to JSON and come back equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from registry_core.names import AgentId

__all__ = [
    "AttemptRecord",
    "AttemptStatus",
    "ErrorCode",
    "ErrorRecord",
    "Phases",
    "StageRecord",
    "StageStatus",
]

ErrorCode: TypeAlias = Literal[
    "agent_error",  # the agent raised
    "attempt_timeout",  # the attempt's time was up
    "run_timeout",  # the run's time was up
    "cancelled",  # the caller cancelled
    "invalid_input",  # the value does not fit what the agent takes
    "invalid_output",  # the value does not fit what the agent says it gives
    "circuit_open",  # the agent has failed too often of late, and was not called
    "over_capacity",  # there was no room, nor any in the queue
    "queue_timeout",  # there was no room in time
    "load_error",  # the agent's code could not be brought in
    "middleware_error",  # a middleware raised, or broke the protocol
    "storage_failed",  # what was to be kept could not be
    "host_error",  # a fault of this package
]
AttemptStatus: TypeAlias = Literal["succeeded", "failed", "timed_out", "cancelled", "rejected"]
StageStatus: TypeAlias = Literal["succeeded", "failed", "skipped", "cancelled", "not_run"]


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """One failure as text.

    Attributes:
        code: Which kind of failure, for programs.
        type: Qualified class name of the exception, or empty.
        message: Its text, the class name where it has none; at most 2 000 characters.
        stage_id: The stage.
        attempt: The attempt, or 0 outside of one.
        at: When, UTC in ISO 8601.
        phase: ``agent``, or ``middleware NAME``.
        traceback: The innermost frames, at most 8 000 characters; empty when there are none.
        cause: ``type: message`` of each cause, outermost first.
    """

    code: ErrorCode
    type: str
    message: str
    stage_id: str = ""
    attempt: int = 0
    at: str = ""
    phase: str = "agent"
    traceback: str = ""
    cause: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One try of one stage.

    Attributes:
        number: From 1.
        status: How it ended.
        started_at: UTC in ISO 8601.
        seconds: How long it took.
        wait_seconds: The pause before it.
        queue_seconds: How long it then waited for room.
        agent: Who was tried; differs from the stage's agent after a fallback.
        error: What went wrong, unless it succeeded.
    """

    number: int
    status: AttemptStatus
    started_at: str
    seconds: float
    wait_seconds: float = 0.0
    agent: AgentId | None = None
    error: ErrorRecord | None = None
    queue_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Phases:
    """Where the time of one stage went; the four together are its duration.

    Attributes:
        middleware_seconds: In the middleware around the stage, and in the host: what the others
            leave. So is a pause or a queue that was cut, since no attempt came of it.
        queue_seconds: Waiting for room.
        run_seconds: In attempts, with the middleware around each.
        backoff_seconds: Pausing between attempts.
    """

    middleware_seconds: float = 0.0
    queue_seconds: float = 0.0
    run_seconds: float = 0.0
    backoff_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage of one run, whatever became of it.

    Attributes:
        index: Position in the pipeline, from 0.
        stage_id: Unique in the pipeline.
        agent: The agent that was decided on.
        status: How it ended.
        started_at: UTC in ISO 8601; empty when it did not run.
        seconds: From start to end, waits and middleware included.
        attempts: Every try, in order.
        error: The failure that decided it, or None.
        answered_by: The middleware that answered instead of the agent, or empty.
        input_bytes: How large its inputs are, as they came; None where that is not known.
        output_bytes: How large its output is, likewise.
    """

    index: int
    stage_id: str
    agent: AgentId
    status: StageStatus
    started_at: str = ""
    seconds: float = 0.0
    attempts: tuple[AttemptRecord, ...] = ()
    error: ErrorRecord | None = None
    answered_by: str = ""
    input_bytes: int | None = None
    output_bytes: int | None = None

    @property
    def phases(self) -> Phases:
        """Where its time went.

        >>> attempts = (
        ...     AttemptRecord(1, "failed", "", 0.25),
        ...     AttemptRecord(2, "succeeded", "", 0.5, wait_seconds=1.0, queue_seconds=2.0),
        ... )
        >>> StageRecord(0, "s", AgentId("a/b@1"), "succeeded", "", 4.0, attempts).phases
        Phases(middleware_seconds=0.25, queue_seconds=2.0, run_seconds=0.75, backoff_seconds=1.0)
        """
        queue = math.fsum(attempt.queue_seconds for attempt in self.attempts)
        run = math.fsum(attempt.seconds for attempt in self.attempts)
        backoff = math.fsum(attempt.wait_seconds for attempt in self.attempts)
        return Phases(max(self.seconds - queue - run - backoff, 0.0), queue, run, backoff)
