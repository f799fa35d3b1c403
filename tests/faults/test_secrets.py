"""A secret in the environment, in an input and in an exception: in which sinks does it end up?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from registry_core.registry import Registry
from registry_core.settings.reading import read_settings
from registry_core.settings.sources import SettingsSource
from tests.discovery.plugins import coded

if TYPE_CHECKING:
    from registry_core.results.events import Event

pytestmark = pytest.mark.fault("F94")

COMMAND = str(Path(sys.executable).with_name("agentreg"))
OF_ENVIRONMENT = "sk-CANARY-environment-1f0c9a62b7e4"
OF_INPUT = "sk-CANARY-input-9b1d6e20c35a"
CANARIES = (OF_ENVIRONMENT, OF_INPUT)
AGENTS = """\
import os
from pydantic import BaseModel
from registry_core import agent, hookimpl

class Oracle(BaseModel):
    key: str = ""

@agent
def whisper(text: str, *, config: Oracle = Oracle()) -> int:
    "Count the letters of a text, if the oracle may be asked."
    return len(text) if config.key == os.environ["CANARY_API_KEY"] else -1

@agent
def shout(text: str) -> float:
    "Fail, and tell in the exception all there is to know."
    raise PermissionError(f"{os.environ['CANARY_API_KEY']} may not read {text}")

@agent
def stumble(text: str) -> bool:
    "Fail, and tell nothing."
    key = os.environ["CANARY_API_KEY"]
    return {}[len(key + text)]

@hookimpl
def registry_agents():
    return [whisper, shout, stumble]
"""
SETTINGS = """\
[providers.oracle]
api_key = { env = "CANARY_API_KEY" }
[agents."canary-agents/whisper"]
config = { key = { provider = "oracle.api_key" } }
"""
GOOD = ("--want", "int", "--require", "canary-agents/whisper")
BAD = ("--want", "bool", "--require", "canary-agents/stumble")
TALKATIVE = ("--want", "float", "--require", "canary-agents/shout")
AT_HAND = ("--have", "str=@secret.json")


@dataclass(frozen=True, slots=True)
class Told:
    """What a command left on its streams."""

    out: str
    err: str

    @property
    def all(self) -> str:
        """Both of them."""
        return self.out + self.err


class Desk:
    """A home with secrets in its environment, and a terminal in it."""

    def __init__(self, folder: Path) -> None:
        """Install the agents, write the settings, and a file with a secret value."""
        self.folder = folder
        self.home = folder / "home"
        coded(folder / "site", "canary-agents", AGENTS)
        config = self.home / "config" / "agentreg" / "agentreg.toml"
        config.parent.mkdir(parents=True)
        config.write_text(SETTINGS, encoding="utf-8")
        (folder / "secret.json").write_text(json.dumps(OF_INPUT), encoding="utf-8")
        self.variables = {
            "PATH": os.defpath,
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "PYTHONPATH": str(folder / "site"),
            "CANARY_API_KEY": OF_ENVIRONMENT,
        }

    def type(self, *words: str, loud: bool = True, ok: bool = True) -> Told:
        """Return what ``agentreg`` says to *words*, as loudly as it can."""
        switches = ("--log-level", "debug", "--debug") if loud else ()
        done = subprocess.run(
            [COMMAND, *switches, *words],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) is ok, done.stderr
        return Told(done.stdout, done.stderr)

    def kept(self, *, beside: str = "") -> dict[str, bytes]:
        """Return every file at home that was written, by its name; or those *beside* here."""
        root = self.folder if beside else self.home
        pattern = beside or "**/*"
        return {str(f): f.read_bytes() for f in root.glob(pattern) if f.is_file()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk of its own."""
    return Desk(tmp_path)


def is_clean(text: str | bytes, *canaries: str) -> bool:
    """Return whether none of *canaries*, of all unless given, is in *text*."""
    data = text.encode() if isinstance(text, str) else text
    return not any(canary.encode() in data for canary in canaries or CANARIES)


class TestStreams:
    def test_the_log_at_its_loudest(self, desk: Desk) -> None:
        """It is the first thing that people send to each other."""
        told = desk.type("run", *GOOD, *AT_HAND, "--json")

        assert json.loads(told.out)["result"]["output"] == len(OF_INPUT)
        assert "DEBUG registry_core" in told.err
        assert is_clean(told.err)

    def test_what_a_failure_prints(self, desk: Desk) -> None:
        """Of an exception its type and its place are told, and of the values at it nothing."""
        told = desk.type("run", *BAD, *AT_HAND, ok=False)

        assert "KeyError" in told.all
        assert is_clean(told.all)

    def test_an_exception_that_quotes_them_is_told_to_whoever_ran_it(self, desk: Desk) -> None:
        """It is part of the result; middleware-redact keeps it out."""
        told = desk.type("run", *TALKATIVE, *AT_HAND, loud=False, ok=False)

        assert not is_clean(told.err)
        assert is_clean(told.out)

    def test_the_log_of_an_exception_that_quotes_them(self, desk: Desk) -> None:
        """Whoever reads the log did not run it."""
        told = desk.type("run", *TALKATIVE, *AT_HAND, "--json", ok=False)

        lines = [line for line in told.err.splitlines() if " registry_core" in line]
        assert any("PermissionError" in line for line in lines)
        assert all(map(is_clean, lines))

    def test_the_json_of_a_failure(self, desk: Desk) -> None:
        """A build server keeps it for years."""
        told = desk.type("run", *BAD, *AT_HAND, "--json", loud=False, ok=False)

        (stage,) = json.loads(told.out)["result"]["stages"]
        assert stage["error"]["type"] == "KeyError"
        assert is_clean(json.dumps(stage))
        assert is_clean(told.all, OF_ENVIRONMENT)

    def test_a_refused_value(self, desk: Desk) -> None:
        """Of what is wrong with a value its text is no part."""
        told = desk.type("run", "--want", "int", "--have", f"str={OF_INPUT}", loud=False, ok=False)

        assert is_clean(told.all)

    @pytest.mark.parametrize(
        "words",
        [("doctor", "--import"), ("doctor", "--json"), ("plugins", "--json"), ("config", "show")],
        ids=" ".join,
    )
    def test_what_explains_the_installation(self, desk: Desk, words: tuple[str, ...]) -> None:
        """It is pasted into issues; and the import in a child process sees the environment too."""
        assert is_clean(desk.type(*words).all)


class TestFiles:
    def test_the_pipeline_its_lock_and_its_drawings(self, desk: Desk) -> None:
        """They are made to be committed and shown."""
        goal = (*GOOD, "--have", "str")

        desk.type("compose", *goal, "--save", "canary.toml")
        drawn = [desk.type("compose", *goal, "--draw", kind).all for kind in ("html", "mermaid")]

        files = desk.kept(beside="canary*") | desk.kept(beside="*.lock*")
        assert len(files) >= 2
        assert all(map(is_clean, files.values()))
        assert all(map(is_clean, drawn))

    def test_the_index_and_all_else_in_the_cache(self, desk: Desk) -> None:
        """Others may read a backup of it."""
        desk.type("plugins")
        desk.type("compose", *GOOD, "--have", "str")

        files = desk.kept(beside="home/cache/**/*")
        assert any(name.endswith(".index") for name in files)
        assert all(map(is_clean, files.values()))

    def test_the_record_of_runs(self, desk: Desk) -> None:
        """It holds values, for it is there to go on with; what was configured is none of them."""
        desk.type("run", *BAD, *AT_HAND, ok=False)
        desk.type("run", *GOOD, *AT_HAND)

        told = desk.type("runs", "--failures", "--json")

        assert is_clean(told.all)
        assert all(is_clean(content, OF_ENVIRONMENT) for content in desk.kept().values())

    def test_an_exception_that_quotes_them_is_in_the_record_of_runs_alone(self, desk: Desk) -> None:
        """The record outlives the terminal by a week: whoever minds names middleware-redact."""
        desk.type("run", *TALKATIVE, *AT_HAND, ok=False)

        holding = {
            name for name, content in desk.kept().items() if not is_clean(content, OF_ENVIRONMENT)
        }
        assert holding
        assert {name.rpartition("/")[2].partition(".")[0] for name in holding} == {"runs"}


class TestPython:
    @pytest.fixture
    def registry(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Registry:
        """The same agents, in this process."""
        for name, value in desk.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "path", [str(desk.folder / "site"), *sys.path])
        return Registry.discover()

    def test_the_settings_as_they_are_shown(self, registry: Registry) -> None:
        """A debugger shows every local variable."""
        settings = read_settings(SettingsSource())

        assert "CANARY_API_KEY" in repr(settings)
        assert is_clean(repr(settings) + str(settings) + repr(registry) + repr(registry.settings))

    def test_events_and_the_error_of_a_failure(
        self, registry: Registry, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Events go to collectors, and from there out of the house."""
        heard: list[Event] = []
        caplog.set_level("DEBUG")

        result = registry.run_sync("canary-agents/stumble", OF_INPUT, observers=[heard.append])

        (stage,) = result.stages
        assert heard
        assert not result.ok
        assert all(is_clean(show(event)) for event in heard for show in (repr, str))
        assert is_clean(f"{stage.error}{stage.error!r}")
        assert all(is_clean(record.getMessage()) for record in caplog.records)

    def test_a_crash_is_told_without_values(self, desk: Desk) -> None:
        """A report of a fault of ours says where, and not with what."""
        breaking = "import registry_core.cli.run as r; r._value = lambda *_, **__: 1 / 0; "
        words = ["--debug", "run", *GOOD, *AT_HAND, "--json"]
        program = f"{breaking}from registry_core.cli.app import run; run({words})"

        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=desk.folder,
            env=desk.variables,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 1
        assert "ZeroDivisionError" in done.stderr
        assert is_clean(done.stderr)
