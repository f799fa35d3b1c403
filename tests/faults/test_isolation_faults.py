"""A worker that dies, hangs, lies or is left alone: one call fails, and its host goes on."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import registry_core
from registry_core.discovery.auditing import sealed_plugins
from registry_core.errors import AgentLoadError, WorkerError
from registry_core.names import AgentId
from registry_core.runtime import isolated_pool
from registry_core.runtime.isolated_frames import Channel, Gave, host_version
from registry_core.runtime.isolated_pool import WorkerPool
from registry_core.runtime.isolated_process import Worker
from registry_core.runtime.scope import RunOptions
from registry_core.settings.limits import BreakerPolicy, IsolationPolicy
from registry_core.settings.values import PluginSettings, RunSettings, Settings
from registry_core.store.store import Store
from registry_core.testing.clock import FakeClock
from tests.runtime.isolation import appearing, eventually, install, is_alive, isolated

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.registry import Registry
    from registry_core.testing.site import AgentSite

pytestmark = pytest.mark.skipif(os.name != "posix", reason="workers need a POSIX system")

AGENT = AgentId("wild-agents/act@1.0")
PATIENT = RunSettings(breaker=BreakerPolicy(minimum_calls=1000))
HOST = """
import sys
from registry_core.discovery.discover import discover
from registry_core.pipeline.pipeline import Pipeline
from registry_core.registry import Registry
from registry_core.settings.limits import IsolationPolicy
from registry_core.settings.values import Settings
from registry_core.store.store import Store

folder, runs, text = sys.argv[1:]
sys.path.insert(0, folder)
settings = Settings(isolation=IsolationPolicy(plugins=("wild-agents",)))
registry = Registry.of(discover(settings, path=[folder]), settings)
pipeline = Pipeline("p").stage("wild-agents/repeat", config={"times": 1}).stage("wild-agents/act")
with Store(runs) as store:
    registry.run_sync(pipeline, text, store=store)
"""


@pytest.fixture
def site(agent_site: AgentSite) -> AgentSite:
    """Return a folder in which the wild plugin is installed."""
    install(agent_site)
    return agent_site


@pytest.fixture
def registry(site: AgentSite) -> Registry:
    """Return a registry in which it is isolated, and whose breakers stay closed."""
    return isolated(site, run=PATIENT)


@pytest.fixture
def born() -> Callable[[], set[int]]:
    """Return what tells which children this process has that it did not have before the test."""
    before = children()
    return lambda: children() - before


def why(registry: Registry, text: str, *, seconds: float | None = None) -> str:
    """Return the message that a call fails with."""
    options = RunOptions(attempt_timeout_seconds=seconds)
    (stage,) = registry.run_sync("wild-agents/act", text, options=options).stages
    assert stage.error is not None
    return stage.error.message


def output(registry: Registry, text: str) -> object:
    """Return what a call gives."""
    return registry.run_sync("wild-agents/act", text).output


@pytest.mark.fault("F78")
class TestDeath:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("segfault", "worker died: SIGSEGV"),
            ("exit 3", "worker died: exit 3"),
            ("exit 0", "worker died: exit 0"),
            (f"signal {int(signal.SIGKILL)}", "worker died: SIGKILL"),
            (f"signal {int(signal.SIGABRT)}", "worker died: SIGABRT"),
        ],
    )
    def test_the_call_fails_with_what_the_worker_died_of_and_the_next_has_another(
        self, registry: Registry, text: str, message: str
    ) -> None:
        """A host that dies of one agent takes everybody's runs along."""
        before = output(registry, "pid")

        assert why(registry, text) == message
        assert output(registry, "pid") not in {before, None}

    def test_memory_that_is_not_there_is_the_agent_s_failure(self, site: AgentSite) -> None:
        """The machine's memory is everybody's; what one asks for in vain is its own affair."""
        policy = IsolationPolicy(plugins=("wild-agents",), memory_mib=512)
        registry = isolated(site, policy, run=PATIENT)
        before = output(registry, "pid")

        assert why(registry, "memory") == "MemoryError"
        assert output(registry, "pid") == before

    def test_a_call_in_flight_on_another_worker_is_not_disturbed(self, registry: Registry) -> None:
        """A pool whose workers die together is no containment."""

        async def beside() -> tuple[object, str]:
            slow = asyncio.create_task(registry.run("wild-agents/act", "sleep 0.5"))
            await asyncio.sleep(0.2)
            dead = await registry.run("wild-agents/act", "segfault")
            return (await slow).output, dead.status

        assert asyncio.run(beside()) == ("SLEEP 0.5", "failed")

    def test_a_worker_that_forked_is_missed_although_its_child_holds_the_line(
        self, registry: Registry, tmp_path: Path, born: Callable[[], set[int]]
    ) -> None:
        """The child has the same socket open, so its end is not the worker's."""
        note = tmp_path / "child"

        async def killed() -> str:
            task = asyncio.create_task(registry.run("wild-agents/act", f"child {note}"))
            await appearing(note, task)
            (worker,) = born()
            os.kill(worker, signal.SIGKILL)
            error = (await task).stages[0].error
            return "" if error is None else error.message

        assert asyncio.run(killed()) == "worker died: SIGKILL"
        assert eventually(lambda: not is_alive(int(note.read_text())))

    def test_the_fourth_death_in_five_minutes_is_the_last(
        self, site: AgentSite, born: Callable[[], set[int]]
    ) -> None:
        """A plugin that dies of every call would have a process started for each."""
        registry = isolated(site, run=PATIENT)

        messages = [why(registry, "exit 3") for _ in range(4)]
        refused = why(registry, "pid")

        assert messages == ["worker died: exit 3"] * 4
        assert "(quarantine): its workers died 4 times in 5 minutes, last of exit 3" in refused
        assert eventually(lambda: born() == set())

    def test_deaths_that_are_long_ago_do_not_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Once an hour is bad luck, and a quarantine lasts as long as the process."""
        clock = FakeClock()
        pool = stand_in(monkeypatch, "", clock)

        def die() -> Exception:
            with pytest.raises((WorkerError, AgentLoadError)) as refused:
                asyncio.run(pool.ask(AGENT, 1, b"x"))
            return refused.value

        for _ in range(3):
            die()
        clock.advance(301)
        later = [die() for _ in range(4)]
        last = die()

        assert all(isinstance(e, AgentLoadError) and e.step == "start" for e in later)
        assert isinstance(last, AgentLoadError)
        assert last.step == "quarantine"


@pytest.mark.fault("F79")
class TestHang:
    @pytest.mark.parametrize("verb", ["busy", "stubborn", "note"])
    def test_an_agent_that_does_not_end_is_gone_soon_after_its_time(
        self, registry: Registry, tmp_path: Path, verb: str
    ) -> None:
        """A thread that never comes back can only be counted; a process can be ended."""
        note = tmp_path / "pid"
        output(registry, "pid")

        message = why(registry, f"{verb} {note}", seconds=2.0)

        assert message == "no answer within 2 s"
        assert eventually(lambda: not is_alive(int(note.read_text())))
        assert output(registry, "pid") is not None


@pytest.mark.fault("F81")
class TestHost:
    @pytest.mark.parametrize("verb", ["busy", "stubborn", "once", "child"])
    def test_a_host_that_is_killed_takes_its_workers_along(
        self, site: AgentSite, tmp_path: Path, verb: str
    ) -> None:
        """Nobody would ever ask those that are left behind for anything again."""
        note = killed_at_work(site, tmp_path, verb)

        assert eventually(lambda: not is_alive(int(note.read_text())))

    def test_a_kept_run_goes_on_after_that(
        self, site: AgentSite, registry: Registry, tmp_path: Path
    ) -> None:
        """What an isolated stage gave is kept as JSON, so that any later host can go on."""
        killed_at_work(site, tmp_path, "once")

        with Store(tmp_path / "runs") as store:
            (line,) = store.runs()
            going_on = registry.resume(store, line.run_id, retry_in_doubt=True)
            result = asyncio.run(going_on)

        assert (result.status, result.output) == ("success", "done")


@pytest.mark.fault("F83")
class TestLies:
    def test_what_an_agent_prints_is_no_message(
        self, registry: Registry, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Half the libraries of the world print; the protocol has a descriptor of its own."""
        assert output(registry, "print") == "PRINT"
        assert eventually(lambda: "junk" in capfd.readouterr().err)

    @pytest.mark.parametrize(
        ("said", "why_not"),
        [
            (b"\xff\xff\xff\xff", "4096 MiB in one frame"),
            (b"\x00\x00\x00\x04junk", "json invalid"),
            (b"\x00\x00\x00\x02{}", "union tag not found"),
            (b"\x00\x00\x00\x02[]" * 1_000_000, "dict type"),
            (json.dumps({"number": 1, "kind": "gave", "value": 1}).encode(), ""),
            (b'{"number":2,"kind":"gave","value":1}', "it answered call 2, not 1"),
            (b'{"number":1,"kind":"gave","value":NaN}', "not finite"),
            (b'{"number":1,"kind":"pickle","value":"gASVBQAAAAAA"}', "union tag invalid"),
        ],
        ids=["4 GiB", "junk", "empty", "a million", "right", "another call", "NaN", "unknown"],
    )
    def test_a_worker_that_breaks_the_protocol_is_killed(
        self,
        monkeypatch: pytest.MonkeyPatch,
        born: Callable[[], set[int]],
        said: bytes,
        why_not: str,
    ) -> None:
        """What it sends is data of a stranger, and never more than data."""
        if said.startswith(b"{"):
            said = len(said).to_bytes(4, "big") + said
        pool = stand_in(
            monkeypatch,
            f"say({hello()!r}); end.recv(9); end.sendall({said[:64]!r}"
            f" + {said[64:70]!r} * {len(said) // 6}); time.sleep(60)",
        )

        if not why_not:
            assert asyncio.run(pool.ask(AGENT, 1, b"x")) == Gave(1, 1)
            return
        with pytest.raises(WorkerError) as broken:
            asyncio.run(pool.ask(AGENT, 1, b"x"))

        assert broken.value.reason.startswith("broke the protocol: ")
        assert why_not in broken.value.reason
        assert eventually(lambda: born() == set())

    @pytest.mark.parametrize("more", ["say(reply)", "end.sendall(b'xy')", "end.close()"])
    def test_a_worker_that_speaks_or_goes_unasked_gets_no_other_call(
        self, monkeypatch: pytest.MonkeyPatch, more: str
    ) -> None:
        """A second reply would be taken for the first one of the next call."""
        reply = b'{"number":1,"kind":"gave","value":1}'
        pool = stand_in(
            monkeypatch,
            f"reply = {reply!r}; say({hello()!r}); end.recv(9); say(reply); {more}; time.sleep(60)",
        )

        async def calls() -> list[object]:
            first = await pool.ask(AGENT, 1, b"x")
            await asyncio.sleep(0.3)
            return [first, await pool.ask(AGENT, 1, b"x")]

        assert asyncio.run(calls()) == [Gave(1, 1)] * 2

    def test_half_a_frame_is_waited_for_as_long_as_the_attempt_may_take(
        self, monkeypatch: pytest.MonkeyPatch, born: Callable[[], set[int]]
    ) -> None:
        """Whoever waits has a limit, and then nothing is left."""
        begin = b"\x00\x00\x00\x24" + b'{"number":1'
        code = f"say({hello()!r}); end.recv(9); end.sendall({begin!r}); time.sleep(60)"
        pool = stand_in(monkeypatch, code)

        async def limited() -> None:
            async with asyncio.timeout(1):
                await pool.ask(AGENT, 1, b"x")

        with pytest.raises(TimeoutError):
            asyncio.run(limited())
        assert eventually(lambda: born() == set())


@pytest.mark.fault("F86")
class TestLock:
    def test_a_worker_imports_nothing_that_is_not_as_locked(
        self, site: AgentSite, tmp_path: Path
    ) -> None:
        """The files may change between the host's look at them and a worker's start."""
        sealed = sealed_plugins([str(site.folder)])
        facts = {name: {"version": s.version, "record": s.record} for name, s in sealed.items()}
        lock = tmp_path / "agentreg.lock"
        lock.write_text(json.dumps({"distributions": facts}), encoding="utf-8")
        plugins = PluginSettings(trust="locked", lock=str(lock))
        isolation = IsolationPolicy(plugins=("wild-agents",), workers=1)
        registry = site.discover(Settings(plugins=plugins, isolation=isolation, run=PATIENT))
        assert output(registry, "hello") == "HELLO"
        assert list(site.folder.rglob("wild_agents*.pyc")) == []

        (site.folder / "wild_agents.py").write_text("print('evil')", encoding="utf-8")
        assert why(registry, "exit 3") == "worker died: exit 3"
        refused = why(registry, "hello")

        assert "cannot be loaded (trust): wild-agents" in refused


@pytest.mark.fault("F84")
class TestJson:
    def test_nothing_of_this_package_unpickles(self) -> None:
        """A payload that is unpickled is code that runs in the host."""
        root = Path(registry_core.__file__).parent
        names = {"pickle", "_pickle", "shelve", "multiprocessing", "dill", "cloudpickle"}

        guilty = [
            path.name
            for path in root.rglob("*.py")
            if "templates" not in path.parts
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if imported(node) & names
        ]

        assert guilty == []


class TestEnvironment:
    def test_a_worker_sees_the_variables_that_it_is_to_see(
        self, site: AgentSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The host's environment is where its secrets are."""
        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
        monkeypatch.setenv("LC_TIME", "C")
        policy = IsolationPolicy(plugins=("wild-agents",), environment=("HTTPS_PROXY",))

        seen = str(output(isolated(site, policy), "environment")).split()

        assert {"PATH", "HTTPS_PROXY", "LC_TIME"} <= set(seen)
        assert "OPENAI_API_KEY" not in seen
        assert all(name in {*ALLOWED, "HTTPS_PROXY"} or name[:3] == "LC_" for name in seen)


@pytest.mark.fault("F86")
class TestHandshake:
    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("time.sleep(60)", "it said nothing within 0.5 s"),
            ("sys.exit(3)", "it died: exit 3"),
            ('say(b"hello")', "it broke the protocol: json invalid"),
            ("end.sendall(b'\\xff' * 8); time.sleep(60)", "it broke the protocol: 4096 MiB"),
            (
                'say(b\'{"protocol":2,"host":"%s","python":"3"}\'); time.sleep(60)',
                "it speaks protocol 2, and this host 1",
            ),
            (
                'say(b\'{"protocol":1,"host":"0.0.1","python":"3"}\'); time.sleep(60)',
                f"it has registry-core 0.0.1, and this host {host_version()}",
            ),
        ],
    )
    def test_a_process_that_is_no_worker_of_this_host_is_refused(
        self,
        monkeypatch: pytest.MonkeyPatch,
        born: Callable[[], set[int]],
        code: str,
        reason: str,
    ) -> None:
        """After an upgrade under a running host, both versions are in the message."""
        pool = stand_in(monkeypatch, code.replace("%s", host_version()))

        with pytest.raises(AgentLoadError) as refused:
            asyncio.run(pool.ask(AGENT, 1, b"x"))

        assert refused.value.step == "start"
        assert reason in refused.value.reason
        assert eventually(lambda: born() == set())


ALLOWED = (
    "HOME LANG LANGUAGE LD_LIBRARY_PATH LOGNAME PATH TEMP TMP TMPDIR TZ USER".split()  # noqa: SIM905
)
STAND_IN = """
import socket, sys, time
end = socket.socket(fileno=int(sys.argv[1]))
def say(data):
    end.sendall(len(data).to_bytes(4, "big") + data)
"""


def hello() -> bytes:
    """Return what a worker of this host says first."""
    return json.dumps({"protocol": 1, "host": host_version(), "python": "3"}).encode()


def stand_in(
    monkeypatch: pytest.MonkeyPatch, code: str, clock: FakeClock | None = None
) -> WorkerPool:
    """Return a pool whose workers run *code* instead; ``end`` is their socket."""

    def start(policy: IsolationPolicy) -> Worker:
        del policy
        ours, theirs = socket.socketpair()
        lifeline, hold = os.pipe()
        os.close(lifeline)
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", STAND_IN + code, str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
        theirs.close()
        return Worker(process, Channel(ours), hold)

    monkeypatch.setattr(isolated_pool, "start", start)
    policy = IsolationPolicy(workers=1, start_seconds=0.5 if code == "time.sleep(60)" else 30.0)
    now = (clock or FakeClock()).monotonic
    return WorkerPool("wild-agents:wild", policy, now=now)


def start_host(site: AgentSite, folder: Path, text: str) -> subprocess.Popen[bytes]:
    """Return a process of its own that keeps a run in which an isolated agent gets *text*."""
    arguments = (str(site.folder), str(folder / "runs"), text)
    return subprocess.Popen([sys.executable, "-c", HOST, *arguments])


def killed_at_work(site: AgentSite, folder: Path, verb: str) -> Path:
    """Kill a host whose isolated agent does *verb*; return the file with its worker's number."""
    note = folder / "pid"
    host = start_host(site, folder, f"{verb} {note}")
    assert eventually(lambda: note.exists() and note.read_text() != "")
    host.kill()
    host.wait()
    return note


def children() -> set[int]:
    """Return the processes below this one that have not ended."""
    found: set[int] = set()
    for listed in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        with suppress(FileNotFoundError):  # the thread has ended meanwhile
            found |= {int(pid) for pid in listed.read_text().split()}
    return set(filter(is_alive, found))


def imported(node: ast.AST) -> set[str]:
    """Return the first words of the modules that *node* imports."""
    match node:
        case ast.Import():
            return {alias.name.partition(".")[0] for alias in node.names}
        case ast.ImportFrom():
            return {(node.module or "").partition(".")[0]}
        case _:
            return set()
