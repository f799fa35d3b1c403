"""What a call of an isolated agent costs, against a bare echo of JSON between two event loops."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from registry_core.definitions.agent import AgentDefinition, InputDefinition
from registry_core.definitions.place import CodePlace
from registry_core.names import AgentId, AgentName
from registry_core.runtime.isolated_calls import calling
from registry_core.runtime.isolated_pool import WorkerPool
from registry_core.schemas.from_model import schema_of
from registry_core.settings.limits import IsolationPolicy
from registry_core.testing.installed import installed_distribution
from tests.benchmarks.frame import benchmark

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

ROUNDS = 15
CALLS = 200
CODE = """
from registry_core import agent

@agent(mutates=False)
async def echo(text: str) -> str:
    return text
"""
BARE = """
import asyncio, json, socket, sys
async def echo():
    loop, end = asyncio.get_running_loop(), socket.socket(fileno=int(sys.argv[1]))
    end.setblocking(False)
    while (data := await loop.sock_recv(end, 65536)):
        await loop.sock_sendall(end, json.dumps(json.loads(data)).encode())
asyncio.run(echo())
"""


@contextmanager
def _bare_end() -> Generator[socket.socket]:
    """Give a socket at whose other end another process echoes JSON."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-S", "-c", BARE, str(theirs.fileno())]
    with subprocess.Popen(command, pass_fds=(theirs.fileno(),)), theirs, ours:
        theirs.close()
        ours.settimeout(0)
        yield ours


@contextmanager
def _agent(
    *, warm: bool = True
) -> Generator[tuple[Callable[..., Awaitable[object]], asyncio.Runner]]:
    """Give what calls an isolated agent, and the event loop to do it on."""
    text = schema_of(str).id
    with tempfile.TemporaryDirectory() as site, asyncio.Runner() as runner:
        files = {"bench_agents.py": CODE}
        metadata = installed_distribution(Path(site), "bench-agents", files=files)
        sys.path.insert(0, site)
        pool = WorkerPool("bench-agents:bench", IsolationPolicy())
        agent = AgentId("bench-agents/echo@1.0")
        inputs = (InputDefinition("text", text),)
        definition = AgentDefinition(AgentName("echo"), "bench_agents:echo", text, inputs)
        place = CodePlace("bench-agents:bench", "1.0", str(metadata), definition.target)
        call = calling(agent, definition, place, pool)
        try:
            if warm:
                runner.run(_times(call, 1))
            yield call, runner
        finally:
            pool.close()
            sys.path.remove(site)


async def _echoes(end: socket.socket, count: int) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(count):
        await loop.sock_sendall(end, json.dumps({"text": "a page"}).encode())
        json.loads(await loop.sock_recv(end, 65536))


async def _times(call: Callable[..., Awaitable[object]], count: int) -> None:
    for _ in range(count):
        await call(text="a page")


@benchmark(name="a call of an isolated agent, against a bare echo", unit="x", goal=5)
def isolated_call() -> float:
    """Return the median of ratios of wall time, a round of each in turn."""
    with _bare_end() as end, _agent() as (call, runner):

        def bare() -> float:
            began = perf_counter()
            runner.run(_echoes(end, CALLS))
            return perf_counter() - began

        def ours() -> float:
            began = perf_counter()
            runner.run(_times(call, CALLS))
            return perf_counter() - began

        bare()
        return median(ours() / bare() for _ in range(ROUNDS))


@benchmark(name="a call of an isolated agent", unit="us")
def isolated_call_time() -> float:
    """Return the wall time of the quickest round."""
    with _agent() as (call, runner):

        def ours() -> float:
            began = perf_counter()
            runner.run(_times(call, CALLS))
            return perf_counter() - began

        return 1e6 * min(ours() for _ in range(ROUNDS)) / CALLS


@benchmark(name="the start of a worker and its first call", unit="ms")
def worker_start() -> float:
    """Return the median wall time."""

    def once() -> float:
        with _agent(warm=False) as (call, runner):
            began = perf_counter()
            runner.run(_times(call, 1))
            return perf_counter() - began

    return 1e3 * median(once() for _ in range(5))
