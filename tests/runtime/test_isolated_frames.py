"""Tests of what crosses the socket between a host and a worker."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_core.definitions.agent import InputDefinition
from registry_core.definitions.place import CodePlace
from registry_core.errors import DefinitionError
from registry_core.names import AgentId, SchemaId
from registry_core.runtime.isolated_frames import (
    MAX_FRAME_BYTES,
    BrokenFrameError,
    Call,
    Channel,
    Gave,
    call_in,
    framed,
    gave,
    reply_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.definitions.schema import JsonValue

JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=8,
)
SCHEMA = SchemaId("str#0123456789ab")


def call(value: JsonValue) -> Call:
    """Return a call with one input."""
    return Call(
        number=7,
        agent=AgentId("pdf-agents/read@1.0"),
        place=CodePlace("pdf-agents:pdf", "1.0", "/site/pdf.dist-info", "pdf:read", "lock"),
        takes=(InputDefinition("text", SCHEMA, required=False),),
        gives=SCHEMA,
        config={"depth": 2},
        inputs={"text": value},
        attempt=2,
        metadata={"tenant": "a"},
    )


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    """Return a channel and the bare socket at its other end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours), theirs


class TestMessages:
    @given(JSON)
    def test_a_call_arrives_as_it_was(self, value: JsonValue) -> None:
        """An agent must not see the boundary in its values."""
        asked = call(value)

        assert call_in(framed(asked)[4:]) == asked

    def test_a_number_that_json_does_not_have_is_not_sent(self) -> None:
        """The other side would refuse it, and could not say whose it is."""
        with pytest.raises(DefinitionError):
            framed(call(float("inf")))

    def test_a_reply_to_the_call_is_taken_and_any_other_is_not(self) -> None:
        """A reply that comes late would be another call's value."""
        frame = gave(3, b'["a"]')

        assert reply_in(frame[4:], 3) == Gave(3, ["a"])
        with pytest.raises(BrokenFrameError, match="answered call 3, not 4"):
            reply_in(frame[4:], 4)

    @given(st.binary())
    def test_whatever_comes_is_a_reply_or_refused(self, data: bytes) -> None:
        """Nothing that a worker says may be an error of ours."""
        with pytest.raises(BrokenFrameError):
            reply_in(data, 1)

    def test_a_frame_that_is_too_long_is_not_made(self) -> None:
        """Better said by who made it than by who cannot take it."""
        with pytest.raises(BrokenFrameError, match="64 MiB in one frame"):
            gave(1, b'"' + b"a" * MAX_FRAME_BYTES + b'"')


class TestChannel:
    def test_frames_of_any_size_cross(self) -> None:
        """A page of text and a megabyte of it go the same way."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            near, far = Channel(ours), Channel(theirs)
            frames = [gave(1, b'"%s"' % (b"a" * size)) for size in (0, 10, 3_000_000, 1)]

            async def cross() -> list[bytes | None]:
                sending = asyncio.ensure_future(send_all())
                came = [await far.receive() for _ in frames]
                await sending
                return came

            async def send_all() -> None:
                for frame in frames:
                    await near.send(frame)

            assert asyncio.run(cross()) == [frame[4:] for frame in frames]

    def test_a_length_that_no_frame_has_is_refused_at_once(
        self, ends: tuple[Channel, socket.socket]
    ) -> None:
        """Four bytes must not make a host take four gigabytes."""
        channel, other = ends
        other.sendall(b"\xff\xff\xff\xff")

        with pytest.raises(BrokenFrameError):
            asyncio.run(channel.receive())

    def test_the_end_is_told_from_a_frame(self, ends: tuple[Channel, socket.socket]) -> None:
        """Half a frame of a worker that died is nothing."""
        channel, other = ends
        other.sendall(gave(1, b"1")[:-3])
        other.close()

        assert asyncio.run(channel.receive()) is None

    def test_nobody_at_the_other_end_takes_a_frame(
        self, ends: tuple[Channel, socket.socket]
    ) -> None:
        """Sending must not look as if it had worked."""
        channel, other = ends
        other.close()

        with pytest.raises(ConnectionError):
            asyncio.run(channel.send(b"x"))

    def test_silence_is_told_from_speech_and_from_the_end(
        self, ends: tuple[Channel, socket.socket]
    ) -> None:
        """Only a silent worker may have another call."""
        channel, other = ends

        silent = channel.is_silent()
        other.sendall(b"x")
        speaking = channel.is_silent()

        assert (silent, speaking) == (True, False)

    @pytest.mark.parametrize("how", ["cancel", "close"])
    def test_a_socket_that_nobody_waits_at_any_more_is_forgotten_by_the_loop(
        self, how: str
    ) -> None:
        """Its number is soon another socket's, at which somebody else waits."""
        ours, other = socket.socketpair()
        channel = Channel(ours)

        async def is_forgotten() -> bool:
            loop = asyncio.get_running_loop()
            if how == "cancel":
                task = asyncio.ensure_future(channel.receive())
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait({task})
            else:
                waiting = channel.receive()
                waiting.send(None)
                waiting.close()
            return not loop.remove_reader(ours.fileno())

        with ours, other:
            assert asyncio.run(is_forgotten())
