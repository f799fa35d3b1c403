"""A real plugin that does everything a plugin should not, and registries that isolate it."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from registry_core.settings.limits import IsolationPolicy
from registry_core.settings.values import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.registry import Registry
    from registry_core.results.run import RunResult
    from registry_core.settings.values import RunSettings
    from registry_core.testing.site import AgentSite

__all__ = ["appearing", "eventually", "install", "is_alive", "isolated"]

CODE = """
import asyncio, ctypes, logging, math, os, signal, sys, time
from pathlib import Path
from typing import Annotated
from pydantic import BaseModel, Field
from registry_core import RunContext, agent, collector, hookimpl, middleware

class Page(BaseModel):
    number: int
    words: list[str] = []

class Torn(ValueError):
    retry_after_seconds = 0.0

class Choice(BaseModel):
    times: int = 1
    prefix: str = ""

@agent(idempotent=False)
async def act(text: str) -> str:
    "Do what the text says."
    verb, _, rest = text.partition(" ")
    match verb:
        case "segfault": ctypes.string_at(0)
        case "signal": os.kill(os.getpid(), int(rest))
        case "exit": os._exit(int(rest))
        case "leave": sys.exit(int(rest))
        case "interrupt": raise KeyboardInterrupt
        case "cancel": raise asyncio.CancelledError
        case "stop": raise StopIteration
        case "memory": return str(len(bytearray(8 << 30)))
        case "raise":
            try:
                1 / 0
            except ZeroDivisionError as error:
                raise Torn("page 3") from error
        case "key": raise KeyError("pages")
        case "unicode": b"\\xff".decode()
        case "group": raise ExceptionGroup("two", [OSError("a"), ValueError("b")])
        case "pid": return str(os.getpid())
        case "sleep": await asyncio.sleep(float(rest))
        case "note":
            Path(rest).write_text(str(os.getpid()))
            await asyncio.sleep(60)
        case "once":
            if Path(rest).exists(): return "done"
            Path(rest).write_text(str(os.getpid()))
            await asyncio.sleep(60)
        case "busy":
            Path(rest).write_text(str(os.getpid()))
            while True: pass
        case "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            Path(rest).write_text(str(os.getpid()))
            while True:
                try: await asyncio.sleep(60)
                except asyncio.CancelledError: pass
        case "child":
            if (child := os.fork()) == 0:
                time.sleep(60)
            Path(rest).write_text(str(child))
            await asyncio.sleep(60)
        case "print":
            os.write(1, b"junk {}\\n" * 100); print("more junk", flush=True)
        case "environment": return " ".join(sorted(os.environ))
        case "value": return 7
    return text.upper()

@agent(idempotent=False)
def act_in_thread(text: str) -> str:
    "Do what the text says, and not async."
    match text:
        case "busy":
            while True: pass
        case "leave": sys.exit(4)
        case "pid": return str(os.getpid())
        case "raise": raise Torn("page 4")
    return text.upper()

@agent
async def count_words(page: Page) -> int:
    "Count."
    return len(page.words)

@agent
async def cut(text: str) -> Page:
    "Cut a text into words."
    return Page(number=1, words=text.split())

@agent
async def half(share: float) -> float:
    "Give the half, or no number at all."
    return math.nan if share < 0 else share / 2

@agent
async def ratio(share: Annotated[float, Field(ge=0)]) -> Annotated[float, Field(ge=0, le=1)]:
    "Give back."
    return share

@agent
async def where(text: str, context: RunContext) -> str:
    "Say what is known of the run."
    context.logger.warning("seen")
    known = context.deadline_seconds is not None
    return f"{context.stage_id} {context.attempt} {context.metadata} {known} {context.agent}"

@agent
class Count:
    "Count the calls of one instance."
    def __init__(self, config: Choice = Choice()):
        self.config, self.calls, self.opened = config, 0, 0
    async def open(self): self.opened += 1
    async def aclose(self):
        if self.config.prefix.startswith("/"):
            Path(self.config.prefix).write_text("closed")
    async def process(self, text: str) -> str:
        self.calls += self.config.times
        return f"{self.opened} {self.calls}"

@agent
async def repeat(text: str, config: Choice) -> str:
    "Repeat."
    return config.prefix + text * config.times

@middleware()
async def around(call, proceed):
    "Nothing."
    return await proceed()

@collector()
def listener():
    "Nothing."
    return lambda event: None

@hookimpl
def registry_agents():
    return [act, act_in_thread, count_words, cut, half, ratio, where, Count, repeat]

@hookimpl
def registry_middleware():
    return [around]

@hookimpl
def registry_metrics_collectors():
    return [listener]
"""


def install(site: AgentSite) -> None:
    """Install the plugin ``wild-agents:wild``, whose one module is ``wild_agents``."""
    site.install("wild-agents", files={"wild_agents.py": CODE}, plugins={"wild": "wild_agents"})


def isolated(
    site: AgentSite, policy: IsolationPolicy | None = None, run: RunSettings | None = None
) -> Registry:
    """Return a registry of what is installed, in which ``wild-agents`` is isolated.

    Its breakers are as good as none: what is shown here are the workers.
    """
    policy = policy or IsolationPolicy(plugins=("wild-agents",))
    settings = Settings(isolation=policy) if run is None else Settings(isolation=policy, run=run)
    return site.discover(settings)


def is_alive(process: int) -> bool:
    """Return whether there is a process of that number that has not ended."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self").exists():
            return False
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        return True
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def eventually(holds: Callable[[], bool], *, seconds: float = 20.0) -> bool:
    """Return whether something comes to hold, at last after a time that no machine needs."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)  # noqa: TID251 -- another process is at work
    return True


async def appearing(note: Path, task: asyncio.Task[RunResult]) -> int:
    """Return the number that stands in *note* as soon as it does; *task* is to write it."""
    assert await asyncio.to_thread(eventually, lambda: task.done() or _number_in(note) > 0)
    return _number_in(note)


def _number_in(note: Path) -> int:
    return int(note.read_text(encoding="utf-8") or 0) if note.exists() else 0
