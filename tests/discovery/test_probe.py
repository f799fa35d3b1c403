"""Tests of importing code that may do anything, in a child process."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from registry_core.discovery.probe import Probed, probe

GOOD = """
from registry_core import agent, hookimpl
@agent
def echo(text: str) -> str:
    "Give it back."
    return text
@hookimpl
def registry_agents():
    return [echo]
"""


def probed(folder: Path, code: str, *, seconds: float = 20.0) -> Probed:
    """Return what a probe of a module with *code* learns."""
    (folder / "subject.py").write_text(code)
    return probe("subject", path=[str(folder)], timeout_seconds=seconds)


class TestGoodPlugins:
    def test_what_the_hooks_offer_is_a_manifest(self, tmp_path: Path) -> None:
        """A plugin without a manifest is a plugin all the same."""
        answer = probed(tmp_path, GOOD)

        assert answer.manifest is not None
        assert [agent.target for agent in answer.manifest.agents] == ["subject:echo"]
        assert str(tmp_path / "subject.py") in answer.sources

    @pytest.mark.fault("F7", "F8")
    def test_noise_and_tampering_change_nothing_but_the_notes(self, tmp_path: Path) -> None:
        """The answer has a descriptor of its own."""
        noise = "import builtins, os\nprint('{}')\nos.close(1)\nbuiltins.open = None\n"

        answer = probed(tmp_path, noise + GOOD)

        assert answer.manifest is not None
        assert answer.changed == ("builtins.open", "descriptor 1")

    @pytest.mark.fault("F9")
    def test_a_thread_that_never_ends_keeps_nobody(self, tmp_path: Path) -> None:
        """A process with a living thread does not exit by itself."""
        thread = "import threading, time\n"
        thread += "threading.Thread(target=lambda: time.sleep(600)).start()\n"

        assert probed(tmp_path, thread + GOOD).manifest is not None


class TestBadPlugins:
    @pytest.mark.parametrize(
        ("code", "kind", "reason"),
        [
            pytest.param(
                "import os; os._exit(0)", "died", "exit 0", marks=pytest.mark.fault("F3"), id="exit"
            ),
            pytest.param(
                "import ctypes; ctypes.string_at(0)",
                "died",
                "SIGSEGV",
                marks=pytest.mark.fault("F4"),
                id="segfault",
            ),
            pytest.param(
                "x = bytearray(1_500_000_000)",
                "memory_limit",
                "memory",
                marks=pytest.mark.fault("F6"),
                id="memory",
            ),
            pytest.param(
                "def f(): f()\nf()",
                "import",
                "RecursionError",
                marks=pytest.mark.fault("F6"),
                id="recursion",
            ),
            pytest.param(
                "import sys; sys.exit(4)",
                "import",
                "SystemExit",
                marks=pytest.mark.fault("F2"),
                id="SystemExit",
            ),
            pytest.param(
                "raise KeyboardInterrupt",
                "import",
                "KeyboardInterrupt",
                marks=pytest.mark.fault("F2"),
                id="KeyboardInterrupt",
            ),
            pytest.param(
                "import gone.entirely",
                "import",
                "'gone'",
                marks=pytest.mark.fault("F1"),
                id="missing module",
            ),
            pytest.param("def (", "import", "line 1", id="syntax"),
            pytest.param(
                f"{GOOD}\n@hookimpl\ndef registry_unknown(): ...",
                "definition",
                "registry_unknown",
                id="unknown hook",
            ),
            pytest.param(
                GOOD.replace("[echo]", "7"), "definition", "must return a list", id="no list"
            ),
        ],
    )
    def test_each_is_one_record(self, tmp_path: Path, code: str, kind: str, reason: str) -> None:
        """Whatever an import does, the host lives and says what it was."""
        answer = probed(tmp_path, code)

        assert (answer.manifest, answer.code) == (None, kind)
        assert reason in answer.reason

    @pytest.mark.fault("F5")
    def test_one_that_sleeps_is_killed_at_the_limit(self, tmp_path: Path) -> None:
        """A plugin that waits for a network must not make everybody wait."""
        start = time.monotonic()

        answer = probed(tmp_path, "import time; time.sleep(600)", seconds=1.0)

        assert (answer.code, answer.reason) == ("load_timeout", "took longer than 1 s")
        assert time.monotonic() - start < 3

    def test_what_it_forked_dies_with_it(self, tmp_path: Path) -> None:
        """A child of a child would hold the machine's memory for ever."""
        code = f"""
import os, pathlib, time
child = os.fork()
if child:
    pathlib.Path({str(tmp_path / "child")!r}).write_text(str(child))
time.sleep(600)
"""
        probed(tmp_path, code, seconds=4.0)

        child = int((tmp_path / "child").read_text())
        with pytest.raises(ProcessLookupError):
            _wait_for_end(child)

    def test_threads_without_end_run_into_a_limit(self, tmp_path: Path) -> None:
        """Memory for stacks is memory too."""
        code = """
import threading, time
while True:
    threading.Thread(target=lambda: time.sleep(600)).start()
"""
        answer = probed(tmp_path, code, seconds=5.0)

        assert answer.manifest is None

    @pytest.mark.fault("F32")
    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            ("raise SystemExit", "import"),
            ("import time; time.sleep(600)", "load_timeout"),
            ("return {'description': 'x' * 50_000_000}", "definition"),
            ("return 7", "definition"),
        ],
    )
    def test_a_schema_that_misbehaves_is_as_bad_as_an_import(
        self, tmp_path: Path, body: str, kind: str
    ) -> None:
        """Describing a class calls the plugin's code."""
        code = f"""
from pydantic import BaseModel
from registry_core import agent, hookimpl
class Odd(BaseModel):
    @classmethod
    def __get_pydantic_json_schema__(cls, *_):
        {body}
@agent
def echo(odd: Odd) -> str:
    "Give it back."
    return ""
@hookimpl
def registry_agents():
    return [echo]
"""
        answer = probed(tmp_path, code, seconds=8.0)

        assert answer.manifest is None
        assert answer.code in {kind, "import"}

    @pytest.mark.fault("F33", "F94")
    def test_the_text_of_a_foreign_exception_is_not_repeated(self, tmp_path: Path) -> None:
        """It may hold the password that a connection was refused with."""
        answer = probed(tmp_path, "raise ValueError('sk-CANARY-1')")

        assert answer.code == "import"
        assert answer.reason.startswith("ValueError, raised in ")
        assert "CANARY" not in answer.reason

    def test_an_answer_of_its_own_making_is_only_its_own_declaration(self, tmp_path: Path) -> None:
        """What it writes into the channel is checked like any manifest."""
        code = "import os\nfor n in range(3, 20):\n    try: os.write(n, b'[' * 100000 + b'\\n')\n"
        code += "    except OSError: pass\nos._exit(0)"

        assert probed(tmp_path, code).code == "died"


def _wait_for_end(process: int) -> None:
    """Return when *process* is gone, or is a zombie that nobody has asked after yet."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        os.kill(process, 0)
        if ") Z " in Path(f"/proc/{process}/stat").read_text(encoding="utf-8"):
            raise ProcessLookupError
