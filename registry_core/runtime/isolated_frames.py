"""What a host and a worker say to each other, and how it crosses the socket between them.

A frame is four bytes of length, the highest first, and JSON in UTF-8. A worker says
:class:`Hello`; then each :class:`Call` is answered by one :class:`Gave`, :class:`Misfit`,
:class:`NotLoaded` or :class:`Failed` with its number. Whatever else comes breaks the protocol:
nothing that a worker sends is more than data.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from typing import Annotated, Literal, TypeAlias, cast

from pydantic import Field, JsonValue

from registry_core.definitions.agent import InputDefinition
from registry_core.definitions.place import CodePlace
from registry_core.errors import DefinitionError
from registry_core.names import AgentId, SchemaId
from registry_core.runtime.failures import Told
from registry_core.schemas.codec import Codec, codec_of

__all__ = [
    "MAX_FRAME_BYTES",
    "PROTOCOL",
    "BrokenFrameError",
    "Call",
    "Channel",
    "Failed",
    "Gave",
    "Hello",
    "Misfit",
    "NotLoaded",
    "Reply",
    "call_in",
    "framed",
    "gave",
    "hello_in",
    "host_version",
    "reply_in",
]

PROTOCOL = 1
MAX_FRAME_BYTES = 64 << 20
_LENGTH_BYTES = 4
_PIECE_BYTES = 1 << 18


class BrokenFrameError(Exception):
    """What came, or is to go, is no frame of the protocol; its text says why."""


@dataclass(frozen=True, slots=True)
class Hello:
    """A worker is there.

    Attributes:
        protocol: Version of the protocol that it speaks.
        host: Version of this package in it.
        python: Version of its interpreter.
    """

    protocol: int
    host: str
    python: str


@dataclass(frozen=True, slots=True)
class Call:
    """An agent is to be called once.

    Attributes:
        number: Of the call.
        agent: Whom to call.
        place: Where its code lies.
        takes: What it takes, as its manifest says.
        gives: What it gives, likewise.
        config: What it is to be made with.
        inputs: Its inputs, by name.
        attempt: Number of the attempt, or 0 for an agent that wants to know nothing of it; so
            for what follows, which is as in ``RunContext``.
    """

    number: int
    agent: AgentId
    place: CodePlace
    takes: tuple[InputDefinition, ...]
    gives: SchemaId
    config: dict[str, JsonValue]
    inputs: dict[str, JsonValue]
    attempt: int = 0
    run_id: str = ""
    stage_id: str = ""
    deadline_seconds: float = 0.0
    metadata: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Gave:
    """The agent gave a value."""

    number: int
    value: JsonValue
    kind: Literal["gave"] = "gave"


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value is not what the agent takes, or not what it says it gives; no fault repeats it."""

    number: int
    side: Literal["input", "output"]
    subject: str
    faults: tuple[tuple[str, str], ...]
    kind: Literal["misfit"] = "misfit"


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """The agent's code could not be brought in; *cause* is what it raised, if it did."""

    number: int
    step: str
    reason: str
    hint: str
    cause: Told | None = None
    kind: Literal["not_loaded"] = "not_loaded"


@dataclass(frozen=True, slots=True)
class Failed:
    """The agent raised an exception."""

    number: int
    told: Told
    kind: Literal["failed"] = "failed"


Reply: TypeAlias = Gave | Misfit | NotLoaded | Failed
Message: TypeAlias = Hello | Call | Misfit | NotLoaded | Failed


@cache
def host_version() -> str:
    """Return the version of this package."""
    return metadata.version("registry-core")


def framed(message: Message) -> bytes:
    """Return *message* as a frame.

    Raises:
        DefinitionError: If it holds something that is not JSON.
        BrokenFrameError: If it is too long.
    """
    return _frame(codec_of(type(message)).dump(message))


def gave(number: int, value: bytes) -> bytes:
    """Return the frame of a :class:`Gave` whose *value* is JSON already.

    Raises:
        BrokenFrameError: If it is too long.
    """
    return _frame(b'{"number":%d,"kind":"gave","value":%b}' % (number, value))


def hello_in(data: bytes) -> Hello:
    """Return the greeting that *data* is; raises :class:`BrokenFrameError` if it is none."""
    return cast("Hello", _loaded(codec_of(Hello), data))


def call_in(data: bytes) -> Call:
    """Return the call that *data* is; raises :class:`BrokenFrameError` if it is none."""
    return cast("Call", _loaded(codec_of(Call), data))


def reply_in(data: bytes, number: int) -> Reply:
    """Return the reply to call *number* that *data* is.

    Raises:
        BrokenFrameError: If it is none, or one to another call.
    """
    reply = cast("Reply", _loaded(codec_of(_AnyReply), data))
    if reply.number != number:
        message = f"it answered call {reply.number}, not {number}"
        raise BrokenFrameError(message)
    return reply


class Channel:
    """One end of the socket, for whole frames.

    Belongs to no event loop: whichever is running waits for the socket while it has to.
    """

    def __init__(self, end: socket.socket) -> None:
        """Take over *end*, connected."""
        end.settimeout(0)
        self._end = end
        self._came = bytearray()

    async def send(self, frame: bytes) -> None:
        """Send a whole *frame*.

        Raises:
            ConnectionError: If nobody is at the other end any more.
        """
        rest = memoryview(frame)
        loop = asyncio.get_running_loop()
        while rest:
            try:
                rest = rest[self._end.send(rest) :]
            except BlockingIOError:
                await _until(self._end.fileno(), loop.add_writer, loop.remove_writer)

    async def receive(self) -> bytes | None:
        """Return what is in the next frame, or None if nobody is at the other end any more.

        Raises:
            BrokenFrameError: If the frame would be too long.
        """
        loop = asyncio.get_running_loop()
        while (frame := self._whole()) is None:
            # Asked at once, it would have nothing: the other end has only just been asked itself.
            await _until(self._end.fileno(), loop.add_reader, loop.remove_reader)
            try:
                piece = self._end.recv(_PIECE_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                return None
            if not piece:
                return None
            self._came += piece
        return frame

    def on_sound(self, heard: Callable[[], object]) -> None:
        """Call *heard* whenever something is to be received, until :meth:`on_no_sound`."""
        asyncio.get_running_loop().add_reader(self._end.fileno(), heard)

    def on_no_sound(self) -> None:
        """Undo :meth:`on_sound`."""
        asyncio.get_running_loop().remove_reader(self._end.fileno())

    def is_silent(self) -> bool:
        """Return whether somebody is at the other end who has said nothing unasked."""
        if self._came:
            return False
        try:
            self._end.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def hang_up(self) -> None:
        """Let both ends find out that nothing more will come; may be called in any thread."""
        with suppress(OSError):  # nobody is at the other end, or this one is closed
            self._end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close this end, which nobody waits at."""
        self._end.close()

    def _whole(self) -> bytes | None:
        if len(self._came) < _LENGTH_BYTES:
            return None
        end = _LENGTH_BYTES + int.from_bytes(self._came[:_LENGTH_BYTES], "big")
        if end > _LENGTH_BYTES + MAX_FRAME_BYTES:
            raise BrokenFrameError(_too_long(end))
        if len(self._came) < end:
            return None
        frame = bytes(self._came[_LENGTH_BYTES:end])
        del self._came[:end]
        return frame


_AnyReply: TypeAlias = Annotated[Reply, Field(discriminator="kind")]


def _loaded(codec: Codec, data: bytes) -> object:
    try:
        return codec.load(data)
    except DefinitionError as error:
        raise BrokenFrameError("; ".join(map(str, error.faults))) from None
    except RecursionError:
        message = "it nests too deeply"
        raise BrokenFrameError(message) from None


def _frame(data: bytes) -> bytes:
    if len(data) > MAX_FRAME_BYTES:
        raise BrokenFrameError(_too_long(len(data)))
    return len(data).to_bytes(_LENGTH_BYTES, "big") + data


def _too_long(count: int) -> str:
    return f"{count >> 20} MiB in one frame, of which {MAX_FRAME_BYTES >> 20} may be"


_Watch: TypeAlias = Callable[..., object]


async def _until(end: int, watch: _Watch, forget: _Watch) -> None:
    """Come back when the socket of number *end* is ready; then it is forgotten.

    So it is if this coroutine is closed, which ``loop.sock_recv`` does not do: its number soon
    means another socket. By number, because a loop shows the socket in errors that it throws away.
    """
    ready = asyncio.get_running_loop().create_future()
    watch(end, _wake, ready)
    try:
        await ready
    finally:
        forget(end)


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
