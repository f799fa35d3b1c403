"""Tests of runs that a signal ends, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from registry_core.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A whole process with agents of its own, where only the search for plugins is left out.
PROGRAM = """
import asyncio, sys
from registry_core import Pipeline, Registry, agent
from registry_core.cli import run as run_command
from registry_core.cli.app import run


@agent(idempotent=True, mutates=False)
async def plus_one(number: int) -> int:
    return number + 1


@agent(idempotent=True, mutates=False)
async def wait(number: int) -> int:
    print("at work", flush=True)
    await asyncio.sleep(60 if number < 10 else 0)
    return number


@agent(idempotent=True, mutates=False)
async def ignore(number: int) -> int:
    print("at work", flush=True)
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass


registry = Registry().with_agents(plus_one, wait, ignore)
run_command.discovered = lambda ctx: registry
run(sys.argv[1:])
"""
PIPELINE = """
name = "naps"

[[stages]]
id = "first"
agent = "plus_one"

[[stages]]
id = "second"
agent = "{agent}"
"""


class Naps:
    """``agentreg run`` of a pipeline that takes its time."""

    def __init__(self, folder: Path) -> None:
        """Write the program into *folder*."""
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        (folder / "program.py").write_text(PROGRAM, encoding="utf-8")

    def start(self, agent: str) -> subprocess.Popen[str]:
        """Return the process, once its second stage is at work."""
        file = self._folder / "naps.toml"
        file.write_text(PIPELINE.format(agent=agent), encoding="utf-8")
        where = {"PYTHONPATH": os.getcwd(), "XDG_STATE_HOME": str(self._folder)}  # noqa: PTH109
        self._process = subprocess.Popen(
            [sys.executable, "program.py", "run", "--pipeline", str(file), "--have", "number=1"],
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **where},  # noqa: TID251 -- handed down
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:  # standard output is for the result alone
            if "at work" in line:
                break
        return self._process

    def end(self) -> None:
        """Leave nothing behind."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


@pytest.fixture
def naps(tmp_path: Path) -> Iterator[Naps]:
    """A pipeline that takes its time."""
    made = Naps(tmp_path)
    yield made
    made.end()


class TestSignals:
    @pytest.mark.fault("F64")
    @pytest.mark.parametrize("agent", ["wait", "ignore"])
    @pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_run_ends_soon_and_what_is_done_is_kept_and_said(
        self, naps: Naps, tmp_path: Path, agent: str, sent: signal.Signals, code: int
    ) -> None:
        """A deployment sends one, and waits ten seconds before it kills."""
        process = naps.start(agent)

        start = time.monotonic()
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)

        assert time.monotonic() - start < 5
        assert process.returncode == code
        assert "cancelled" in out
        assert "Traceback" not in err
        with Store(tmp_path / "agentreg") as store:
            [line] = store.runs()
            states = [stage.state for stage in store.report(line.run_id).stages]
        assert line.status == "cancelled"
        assert states == ["succeeded", "in_doubt"]  # nobody knows whether it had its effect
