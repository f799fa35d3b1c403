"""What a worker does: calls agents, one call at a time, until its host hangs up.

The code that finds an agent is handed in, because this room knows no plugins. A call that its
host no longer waits for is cancelled; whatever does not end then is ended by the host, by force.
"""

from __future__ import annotations

import asyncio
import json
import logging
import platform
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from registry_core.definitions.agent import AgentDefinition
from registry_core.definitions.context import RunContext
from registry_core.definitions.place import CodePlace
from registry_core.errors import (
    AgentLoadError,
    DefinitionError,
    Fault,
    InvalidInputError,
    InvalidOutputError,
)
from registry_core.names import AgentId
from registry_core.runtime.agents import Blueprints, bring_in
from registry_core.runtime.failures import tell, uncovered
from registry_core.runtime.isolated_frames import (
    PROTOCOL,
    BrokenFrameError,
    Call,
    Channel,
    Failed,
    Hello,
    Misfit,
    NotLoaded,
    call_in,
    framed,
    gave,
    host_version,
)
from registry_core.runtime.threads import AgentThreads
from registry_core.runtime.values import check_output

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Mapping

    from registry_core.definitions.schema import JsonValue
    from registry_core.runtime.agents import Blueprint, LoadedAgent
    from registry_core.schemas.codec import Codec

__all__ = ["Load", "serve"]

Load: TypeAlias = Callable[[AgentId, CodePlace], Callable[..., object]]

_IDLE_SECONDS = 60.0
_CLOSING_SECONDS = 0.5  # half of what the host waits
_MOST_OPEN = 64


async def serve(end: socket.socket, load: Load) -> None:
    """Answer the calls that come over *end* until nobody is at the other one.

    Args:
        end: Connected to the host.
        load: Brings in the code of an agent, given its place.

    Raises:
        BrokenFrameError: If the host says what it should not.
    """
    channel = Channel(end)
    desk = _Desk(load)
    hello = Hello(PROTOCOL, host_version(), platform.python_version())
    with suppress(ConnectionError):
        await channel.send(framed(hello))
        await _answer_all(channel, desk)
    await desk.close()


async def _answer_all(channel: Channel, desk: _Desk) -> None:
    while (data := await _next_of(channel)) is not None:
        # In a task of its own, whose context variables go with it.
        answering = asyncio.ensure_future(desk.answer(call_in(data)))
        is_taken_back = False

        def take_back(answering: asyncio.Task[bytes] = answering) -> None:
            nonlocal is_taken_back
            is_taken_back = True
            channel.on_no_sound()
            answering.cancel()

        channel.on_sound(take_back)
        frame = await answering
        channel.on_no_sound()
        if is_taken_back:
            return
        await channel.send(frame)


async def _next_of(channel: Channel) -> bytes | None:
    """Return what comes next, or None if nobody has anything to say for a long time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_IDLE_SECONDS):
            return await channel.receive()
    return None


class _Desk:
    """The agents that were asked for so far; those that are classes have one instance each."""

    def __init__(self, load: Load) -> None:
        self._places = _Places(load)
        self._blueprints = Blueprints(self._places)
        self._threads = AgentThreads()
        self._open: dict[tuple[str, str], LoadedAgent] = {}

    async def answer(self, call: Call) -> bytes:
        """Return the frame that answers *call*; never raises."""
        try:
            agent = await self._agent(call)
            codecs = agent.blueprint.inputs
            values = {name: _taken(name, value, codecs) for name, value in call.inputs.items()}
            value = await agent.call(values, _context(call))
            return gave(call.number, _dumped(value, agent.blueprint.output))
        except BaseException as error:  # noqa: BLE001 -- what a stranger raises is a value here
            return framed(_failure(call.number, uncovered(error)))

    async def close(self) -> None:
        """Close the instances, the latest first, in a limited time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                while self._open:
                    _, agent = self._open.popitem()
                    with suppress(Exception):
                        await agent.aclose()

    async def _agent(self, call: Call) -> LoadedAgent:
        key = (call.agent, json.dumps(call.config, sort_keys=True))
        kept = self._open.get(key)
        if kept is not None:
            return kept
        blueprint = await self._blueprint(call)
        agent = await bring_in(blueprint, call.config, threads=self._threads)
        if isinstance(blueprint.target, type):
            if len(self._open) >= _MOST_OPEN:
                with suppress(Exception):
                    await self._open.pop(next(iter(self._open))).aclose()
            self._open[key] = agent
        return agent

    async def _blueprint(self, call: Call) -> Blueprint:
        known = self._blueprints.known(call.agent)
        if known is not None:
            return known
        self._places.learn(call)
        return await self._blueprints.read_in(self._threads, call.agent)


class _Places:
    """A source of agents whose places were told; see ``AgentSource``."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._calls: dict[AgentId, Call] = {}

    def learn(self, call: Call) -> None:
        """Take note of what *call* says of its agent."""
        self._calls[call.agent] = call

    def definition(self, agent: AgentId) -> AgentDefinition:
        """Return what the host knows that the code has to agree with."""
        call = self._calls[agent]
        return AgentDefinition(agent.agent, call.place.target, call.gives, call.takes)

    def load(self, agent: AgentId) -> Callable[..., object]:
        """Return the code of *agent*."""
        return self._load(agent, self._calls[agent].place)


def _taken(name: str, value: JsonValue, codecs: Mapping[str, Codec]) -> object:
    """Return the input as the agent takes it.

    Raises:
        InvalidInputError: If it does not fit.
    """
    try:
        return codecs[name].take(value)
    except KeyError:
        raise InvalidInputError(f"input {name!r}", [Fault("", "the agent has none")]) from None
    except DefinitionError as error:
        raise InvalidInputError(f"input {name!r}", error.faults) from None


def _dumped(value: object, codec: Codec) -> bytes:
    """Return *value* as the JSON that the agent said it gives.

    Raises:
        InvalidOutputError: If it is nothing of the kind.
    """
    check_output(value, codec)
    try:
        return codec.dump(value)
    except DefinitionError as error:
        raise InvalidOutputError(f"it gave {type(value).__qualname__}", error.faults) from None


def _context(call: Call) -> RunContext | None:
    if not call.attempt:
        return None
    return RunContext(
        run_id=call.run_id,
        stage_id=call.stage_id,
        agent=call.agent,
        attempt=call.attempt,
        deadline_seconds=call.deadline_seconds or None,
        metadata=call.metadata,
        logger=logging.getLogger(f"registry_core.agents.{call.agent.agent}"),
    )


def _failure(number: int, error: BaseException) -> Failed | Misfit | NotLoaded:
    """Return *error* as a reply."""
    match error:
        case InvalidInputError():
            return Misfit(number, "input", error.subject, _pairs(error.faults))
        case InvalidOutputError():
            return Misfit(number, "output", error.subject, _pairs(error.faults))
        case BrokenFrameError():
            return Misfit(number, "output", "what it gave", (("", str(error)),))
        case AgentLoadError():
            cause = None if error.__cause__ is None else tell(error.__cause__)
            return NotLoaded(number, error.step, error.reason, error.hint, cause)
        case _:
            return Failed(number, tell(error))


def _pairs(faults: Iterable[Fault]) -> tuple[tuple[str, str], ...]:
    return tuple((fault.path, fault.message) for fault in faults)
