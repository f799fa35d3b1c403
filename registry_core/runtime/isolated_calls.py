"""An isolated agent, as the function that a stage calls."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from registry_core.definitions.context import RunContext
from registry_core.errors import (
    AgentLoadError,
    DefinitionError,
    Fault,
    InvalidInputError,
    InvalidOutputError,
)
from registry_core.runtime.failures import carried
from registry_core.runtime.isolated_errors import raised_there
from registry_core.runtime.isolated_frames import (
    BrokenFrameError,
    Call,
    Failed,
    Gave,
    Misfit,
    NotLoaded,
    framed,
)
from registry_core.runtime.isolated_process import IS_POSSIBLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from registry_core.definitions.agent import AgentDefinition
    from registry_core.definitions.place import CodePlace
    from registry_core.definitions.schema import JsonObject
    from registry_core.names import AgentId
    from registry_core.runtime.isolated_frames import Reply
    from registry_core.runtime.isolated_pool import WorkerPool

__all__ = ["calling"]


def calling(
    agent: AgentId, definition: AgentDefinition, place: CodePlace, pool: WorkerPool
) -> Callable[..., Awaitable[object]]:
    """Return what calls *agent* in a worker of *pool*: takes JSON by name, and gives JSON.

    Args:
        agent: The agent.
        definition: What it takes and gives.
        place: Where its code lies.
        pool: The workers of its plugin.

    Raises:
        AgentLoadError: If this system has no workers.
    """
    if not IS_POSSIBLE:
        reason = "workers need a POSIX system"
        hint = f"take {place.distribution} out of [isolation], or run it elsewhere"
        raise AgentLoadError(agent, "isolation", reason, hint)

    async def call(**arguments: object) -> object:
        context = arguments.pop("context", None)
        config = arguments.pop("config", {})
        asked = Call(
            number=next(pool.numbers),
            agent=agent,
            place=place,
            takes=definition.inputs,
            gives=definition.output,
            config=cast("JsonObject", config),
            inputs=cast("JsonObject", arguments),
        )
        if isinstance(context, RunContext):
            asked = _knowing(asked, context)
        return _value(agent, await pool.ask(agent, asked.number, _framed(asked)))

    return call


def _knowing(call: Call, context: RunContext) -> Call:
    """Return *call* with the facts of the attempt."""
    return replace(
        call,
        attempt=context.attempt,
        run_id=context.run_id,
        stage_id=context.stage_id,
        deadline_seconds=context.deadline_seconds or 0.0,
        metadata=dict(context.metadata),
    )


def _framed(call: Call) -> bytes:
    """Return *call* as a frame.

    Raises:
        InvalidInputError: If its values cannot cross.
    """
    try:
        return framed(call)
    except DefinitionError as error:
        raise InvalidInputError("what goes to a worker", error.faults) from None
    except BrokenFrameError as error:
        raise InvalidInputError("what goes to a worker", [Fault("", str(error))]) from None


def _value(agent: AgentId, reply: Reply) -> object:
    """Return the value that the agent gave, or raise what it raised."""
    match reply:
        case Gave():
            return reply.value
        case Misfit():
            faults = [Fault(*fault) for fault in reply.faults]
            kind = InvalidInputError if reply.side == "input" else InvalidOutputError
            raise kind(reply.subject, faults)
        case NotLoaded():
            cause = raised_there(reply.cause) if reply.cause else None
            raise AgentLoadError(agent, reply.step, reply.reason, reply.hint) from cause
        case Failed():
            raise carried(raised_there(reply.told))
