"""One worker, as its host sees it: a process, a socket to it, and how it ends.

The worker leads a group of its own, and a pipe to it is never written to: when the host ends,
in whatever way, the kernel closes it and kills that group. When the worker ends, a thread that
waits for nothing else kills what is left of the group and hangs up, so that a call in flight
hears of it even while a grandchild holds the other end of the socket.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING

from registry_core.errors import WorkerError
from registry_core.runtime.isolated_frames import (
    PROTOCOL,
    BrokenFrameError,
    Channel,
    hello_in,
    host_version,
    reply_in,
)
from registry_core.settings.sources import environment
from registry_core.text.exits import exit_name

if TYPE_CHECKING:
    from registry_core.runtime.isolated_frames import Hello, Reply
    from registry_core.settings.limits import IsolationPolicy

__all__ = ["GRACE_SECONDS", "IS_POSSIBLE", "NotStartedError", "Worker", "start"]

IS_POSSIBLE = os.name == "posix"
"""Whether this system has the sockets, groups and limits that a worker needs."""

GRACE_SECONDS = 1.0
"""How long a worker that is told to end may take."""

_BOOT = """\
import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
from registry_core.worker import main
main()
"""
_SEEN = frozenset(
    {
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",  # without it, some interpreters do not even start
        "LOGNAME",
        "PATH",
        "TEMP",
        "TMP",
        "TMPDIR",
        "TZ",
        "USER",
    }
)
_STDERR = 2


class NotStartedError(Exception):
    """No worker came of it; its text says why."""


def start(policy: IsolationPolicy) -> Worker:
    """Return a worker that is starting; takes a few milliseconds.

    Args:
        policy: What it may take.

    Raises:
        NotStartedError: If the system has no process to give.
    """
    ours, theirs = socket.socketpair()
    lifeline, hold = os.pipe()
    folders = json.dumps([*filter(None, sys.path)])
    shown = _STDERR if _is_open(_STDERR) else subprocess.DEVNULL
    try:
        # Not in a thread: until the child is replaced, the interpreter stands still anyway.
        process = subprocess.Popen(  # noqa: S603 -- our own interpreter and our own code
            [
                *(sys.executable, "-P", "-c", _BOOT, folders),
                *map(str, (theirs.fileno(), lifeline, policy.memory_mib)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=shown,
            stderr=shown,
            pass_fds=(theirs.fileno(), lifeline),
            start_new_session=True,
            env=_shown_of(policy),
        )
    except OSError as error:
        os.close(hold)
        ours.close()
        message = f"no process could be started: {error.strerror}"
        raise NotStartedError(message) from error
    finally:
        os.close(lifeline)
        theirs.close()
    return Worker(process, Channel(ours), hold)


class Worker:
    """A process that calls agents of one plugin, one call at a time."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel, hold: int) -> None:
        """Take charge of *process*.

        Args:
            process: Leader of a group of its own.
            channel: Leads to it.
            hold: Descriptor whose closing kills the group.
        """
        self._process = process
        self._channel = channel
        self._hold = hold
        self._host = os.getpid()
        self._lock = threading.RLock()  # a collection may end it in the midst of this
        self._in_use = False
        self._is_over = False
        self._told_to_end = False
        self._ended: Future[int] = Future()
        self._ended.set_running_or_notify_cancel()  # who waits for it cannot cancel it
        atexit.register(self._see_off)
        threading.Thread(target=self._bury, name="registry-worker", daemon=True).start()

    @property
    def process_id(self) -> int:
        """Number of the process."""
        return self._process.pid

    async def greeting(self, seconds: float) -> None:
        """Come back when it is there, and is what this host can talk to.

        Raises:
            NotStartedError: If it is not, within *seconds*.
        """
        try:
            async with asyncio.timeout(seconds):
                data = await self._received()
            if data is None:
                message = f"it {await self.death()}"
                raise NotStartedError(message)
            _check(hello_in(data))
        except TimeoutError:
            message = f"it said nothing within {seconds:g} s"
            raise NotStartedError(message) from None
        except BrokenFrameError as error:
            message = f"it broke the protocol: {error}"
            raise NotStartedError(message) from None

    async def ask(self, agent: str, number: int, frame: bytes) -> Reply:
        """Return the reply to call *number*.

        Args:
            agent: Whom it is for.
            number: Of the call.
            frame: The call.

        Raises:
            WorkerError: If it died of it, or broke the protocol. It is of no use any more.
        """
        try:
            data = await self._received(frame)
            if data is not None:
                return reply_in(data, number)
        except BrokenFrameError as error:
            raise WorkerError(agent, f"broke the protocol: {error}") from None
        raise WorkerError(agent, await self.death())

    def is_ready(self) -> bool:
        """Return whether it lives, and has said nothing unasked."""
        return self._channel.is_silent()

    async def death(self) -> str:
        """Return how it ended, of itself; does not wait long."""
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                code = await asyncio.wrap_future(self._ended)
        except TimeoutError:
            return "broke the protocol: it hung up"
        return f"died: {exit_name(code)}"

    def end(self) -> None:
        """Let it end within a second, else end it by force; comes back at once.

        In a process that was forked from its host, this only closes what was inherited.
        """
        if os.getpid() != self._host:
            self._channel.close()
            return
        with self._lock:
            if self._told_to_end:
                return
            self._told_to_end = True
            self._let_go()
            if self._is_over:
                return
        timer = threading.Timer(GRACE_SECONDS, self._kill)
        timer.daemon = True
        timer.start()
        self._ended.add_done_callback(lambda _: timer.cancel())

    async def _received(self, frame: bytes = b"") -> bytes | None:
        """Return what it says, after it was sent *frame*; None if it will say nothing."""
        if not self._is_taken():
            return None
        try:
            if frame:
                await self._channel.send(frame)
            return await self._channel.receive()
        except ConnectionError:
            return None
        finally:
            with self._lock:
                self._in_use = False
                if self._is_over:
                    self._let_go()

    def _is_taken(self) -> bool:
        """Return whether the channel stays open until it is let go."""
        with self._lock:
            self._in_use = not self._is_over
            return self._in_use

    def _bury(self) -> None:
        """Wait for the end; then see to what is left of it."""
        if hasattr(os, "waitid"):
            # Not taken note of yet, so that its number is nobody else's when the group is killed.
            with suppress(ChildProcessError):  # somebody else here waits for every child
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
                self._kill()
        code = self._process.wait()
        with self._lock:
            self._is_over = True
            self._let_go()
            os.close(self._hold)
        atexit.unregister(self._see_off)
        self._ended.set_result(code)

    def _kill(self) -> None:
        with self._lock:
            if not self._is_over:
                with suppress(OSError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def _let_go(self) -> None:
        if self._in_use:
            self._channel.hang_up()
        else:
            self._channel.close()

    def _see_off(self) -> None:
        """Let it end before this process does, which would kill it."""
        if os.getpid() != self._host:
            return
        self._channel.hang_up()
        with suppress(TimeoutError):
            self._ended.result(GRACE_SECONDS)


def _check(hello: Hello) -> None:
    """Return quietly if *hello* is from the same host in the same version.

    Raises:
        NotStartedError: If it is not; names both.
    """
    if hello.protocol != PROTOCOL:
        message = f"it speaks protocol {hello.protocol}, and this host {PROTOCOL}"
        raise NotStartedError(message)
    if hello.host != host_version():
        message = f"it has registry-core {hello.host}, and this host {host_version()}"
        raise NotStartedError(message)


def _shown_of(policy: IsolationPolicy) -> dict[str, str]:
    """Return the variables that a worker sees."""
    shown = _SEEN.union(policy.environment)
    return {
        name: value
        for name, value in environment().items()
        if name in shown or name.startswith("LC_")
    }


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
