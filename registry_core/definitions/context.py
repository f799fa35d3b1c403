"""What an agent may know of the run it takes part in, if it asks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_core.names import AgentId

__all__ = ["RunContext"]


@dataclass(frozen=True, slots=True)
class RunContext:
    """Facts of the current attempt, given to an agent that has a ``context`` parameter.

    Attributes:
        run_id: The run.
        stage_id: The stage.
        agent: The agent's own id.
        attempt: Number of the attempt, from 1.
        deadline_seconds: Seconds until the attempt is cut, or None.
        metadata: What the caller attached to the run.
        logger: A logger named after the agent.
    """

    run_id: str
    stage_id: str
    agent: AgentId
    attempt: int
    deadline_seconds: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("registry_core"))
