"""Tests of ``agentreg batch``: as somebody types it, and in a process that is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sized
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from registry_core.cli.batch_lines import Line, lines_of, row_of
from registry_core.cli.batch_progress import progress_line, summary_line
from registry_core.results.batch import (
    BatchProgress,
    BatchResult,
    BatchSummary,
    ItemRecord,
    ItemRecords,
)
from registry_core.results.outcomes import ErrorRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from registry_core.definitions.schema import JsonObject
    from tests.cli.conftest import Agentreg

GOOD = '{"title": "", "source_name": "n", "text": "The sun is warm. The sea is calm."}'

# A whole process with agents of its own, where only the search for plugins is left out.
PROGRAM = """
import asyncio, sys
from registry_core import Registry, agent
from registry_core.cli import batch
from registry_core.cli.app import run


@agent(idempotent=True, mutates=False)
async def nap(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


@agent(idempotent=True, mutates=False)
async def stay(seconds: float) -> float:
    print("at work", flush=True)
    while True:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            pass


registry = Registry().with_agents(nap, stay)
batch.discovered = lambda ctx: registry
run(sys.argv[1:])
"""


def rows(text: str) -> list[JsonObject]:
    """Return lines of JSON."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def nap(tmp_path: Path) -> Iterator[Nap]:
    """A process that runs ``agentreg batch nap``."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    process = Nap([sys.executable, str(program), "batch"])
    yield process
    process.end()


class Nap:
    """A batch of naps in a process of its own."""

    def __init__(self, command: list[str]) -> None:
        """Prepare to run *command*."""
        self._command = command
        self._process: subprocess.Popen[str] | None = None

    def start(self, *words: str, agent: str = "nap") -> subprocess.Popen[str]:
        """Return the process, with its three streams."""
        self._process = subprocess.Popen(
            [*self._command, agent, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109, TID251 -- handed down
        )
        return self._process

    def end(self) -> None:
        """Leave nothing behind."""
        if self._process is not None:
            self._process.kill()
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                with suppress(BrokenPipeError):
                    assert stream is not None
                    stream.close()
            self._process.wait()


class TestBatch:
    def test_every_line_gets_a_line_and_bad_ones_say_why(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """One bad line of a thousand is one bad line."""
        file = tmp_path / "texts.jsonl"
        file.write_text(f"{GOOD}\n{{bad\n\n{GOOD}\n" + '{"text": 3}\n', encoding="utf-8")

        typed = agentreg("batch", "measure_readability", str(file), "--key", "source_name")

        found = rows(typed.out)
        assert [row["index"] for row in found] == [0, 1, 2, 3]
        assert [row["status"] for row in found] == ["succeeded", "failed", "succeeded", "failed"]
        assert [row.get("key") for row in found] == ["n", None, "n", None]
        assert "line 2" in json.dumps(found[1]["error"])
        assert typed.code == 3
        assert "partial: 2 succeeded, 2 failed" in typed.err

    def test_results_can_go_to_a_file(self, agentreg: Agentreg, tmp_path: Path) -> None:
        """A batch is often longer than a terminal."""
        file, out = tmp_path / "texts.jsonl", tmp_path / "found.jsonl"
        file.write_text(f"{GOOD}\n" * 3, encoding="utf-8")

        typed = agentreg("batch", "measure_readability", str(file), "--output", str(out))

        assert typed.code == 0
        assert typed.out == ""
        assert len(rows(out.read_text(encoding="utf-8"))) == 3
        assert "3 of 3 (100 %)" in typed.err

    @pytest.mark.requirement("R57")
    @pytest.mark.parametrize(("words", "code"), [((), 3), (("--success-threshold", "0.5"), 0)])
    def test_how_much_is_enough_can_be_said(
        self, agentreg: Agentreg, tmp_path: Path, words: tuple[str, ...], code: int
    ) -> None:
        """A script goes by the exit code."""
        file = tmp_path / "texts.jsonl"
        file.write_text(f"{GOOD}\n1\n", encoding="utf-8")

        typed = agentreg("batch", "measure_readability", str(file), "--no-progress", *words)

        assert typed.code == code

    @pytest.mark.fault("F66")
    def test_it_stops_when_everything_fails(self, agentreg: Agentreg, tmp_path: Path) -> None:
        """A wrong file is told of ten times and not ten thousand times."""
        file = tmp_path / "texts.jsonl"
        file.write_text("1\n" * 500, encoding="utf-8")
        words = ("--max-failures", "3", "--concurrency", "1", "--no-progress")

        typed = agentreg("batch", "measure_readability", str(file), *words)

        assert typed.code == 1
        assert len(rows(typed.out)) == 3
        assert "stopped by --max-failures" in typed.err
        assert "497 never tried" in typed.err

    def test_nothing_to_do_is_done(self, agentreg: Agentreg, tmp_path: Path) -> None:
        """An empty day is no error."""
        file = tmp_path / "texts.jsonl"
        file.write_text("", encoding="utf-8")

        typed = agentreg("batch", "measure_readability", str(file), "--no-progress")

        assert (typed.code, typed.out) == (0, "")

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("measure_readability", "none.jsonl"), "none.jsonl"),
            (("measure_readability", "none.jsonl", "--concurrency", "0"), "--concurrency"),
            (("none.toml", "none.jsonl"), "none.toml"),
        ],
    )
    def test_wrong_usage_runs_nothing(
        self, agentreg: Agentreg, words: tuple[str, ...], told: str
    ) -> None:
        """It is told before an hour has passed."""
        typed = agentreg("batch", *words)

        assert typed.code in {1, 2}
        assert told in typed.err

    def test_an_unknown_agent_is_told(self, agentreg: Agentreg, tmp_path: Path) -> None:
        """With the name that was typed."""
        file = tmp_path / "texts.jsonl"
        file.write_text("1\n", encoding="utf-8")

        typed = agentreg("batch", "no_such_agent", str(file))

        assert typed.code == 1
        assert "no_such_agent" in typed.err


class TestProcesses:
    def test_lines_are_answered_as_they_come(self, nap: Nap) -> None:
        """Somebody writes a line, waits for the answer, and writes the next."""
        process = nap.start("-", "--no-progress")
        assert process.stdin is not None
        assert process.stdout is not None

        answers: list[JsonObject] = []
        for _ in range(3):
            process.stdin.write("0.01\n")
            process.stdin.flush()
            answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()

        assert process.wait(30) == 0
        assert [answer["output"] for answer in answers] == [0.01] * 3

    @pytest.mark.fault("F64")
    @pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_an_interrupt_reports_what_is_done(
        self, nap: Nap, tmp_path: Path, sent: signal.Signals, code: int
    ) -> None:
        """Also what waits behind an item that is not done."""
        file = tmp_path / "naps.jsonl"
        file.write_text("0.01\n60\n" + "0.01\n" * 100, encoding="utf-8")
        process = nap.start(str(file), "--concurrency", "4", "--no-progress")
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        time.sleep(0.5)  # noqa: TID251 -- the window fills behind the long nap

        start = time.monotonic()
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)

        assert time.monotonic() - start < 2
        assert process.returncode == code
        found = [first, *rows(out)]
        statuses = [row["status"] for row in found]
        assert [row["index"] for row in found] == list(range(9))
        assert statuses == ["succeeded", "cancelled", *["succeeded"] * 7]
        assert "cancelled" in err
        assert "Traceback" not in err

    @pytest.mark.fault("F64")
    @pytest.mark.parametrize("times", [1, 2])
    def test_an_interrupt_is_not_held_by_an_agent_that_ignores_it(
        self, nap: Nap, tmp_path: Path, times: int
    ) -> None:
        """Ctrl-C, once or twice, is the end of it."""
        file = tmp_path / "naps.jsonl"
        file.write_text("60\n" * 20, encoding="utf-8")
        process = nap.start(str(file), "--progress", agent="stay")
        assert process.stderr is not None
        assert process.stderr.readline() == "at work\n"

        start = time.monotonic()
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)  # noqa: TID251 -- two signals, and not one
        process.communicate(timeout=30)

        assert time.monotonic() - start < 2
        assert process.returncode == 130

    @pytest.mark.fault("F64")
    def test_an_interrupt_does_not_wait_for_standard_input(self, nap: Nap) -> None:
        """Nobody types a last line to be allowed to leave."""
        process = nap.start("-", "--no-progress")
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("0.01\n")
        process.stdin.flush()
        process.stdout.readline()

        process.send_signal(signal.SIGINT)

        assert process.wait(10) == 130
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()

    @pytest.mark.fault("F65")
    def test_a_reader_that_goes_away_ends_it_quietly(self, nap: Nap, tmp_path: Path) -> None:
        """``| head`` is how people look at things."""
        file = tmp_path / "naps.jsonl"
        file.write_text("0.001\n" * 20_000, encoding="utf-8")
        process = nap.start(str(file), "--no-progress")
        assert process.stdout is not None
        assert process.stderr is not None

        process.stdout.readline()
        process.stdout.close()

        assert process.wait(30) in {0, 141}
        assert "Traceback" not in process.stderr.read()

    @pytest.mark.requirement("R55")
    def test_a_timeout_keeps_what_is_done(self, nap: Nap, tmp_path: Path) -> None:
        """And says what is not."""
        file = tmp_path / "naps.jsonl"
        file.write_text("0.01\n60\n60\n60\n", encoding="utf-8")
        process = nap.start(str(file), "--concurrency", "2", "--timeout", "1", "--no-progress")

        out, err = process.communicate(timeout=30)

        assert process.returncode == 3
        assert [row["status"] for row in rows(out)] == ["succeeded", "cancelled", "cancelled"]
        assert "timed_out: 1 succeeded, 2 cancelled, 1 never tried" in err

    def test_results_can_come_as_items_end(self, nap: Nap, tmp_path: Path) -> None:
        """Where order means nothing, nobody waits for the slow one."""
        file = tmp_path / "naps.jsonl"
        file.write_text("0.8\n0.01\n", encoding="utf-8")
        process = nap.start(str(file), "--as-completed", "--no-progress")

        out, _ = process.communicate(timeout=30)

        assert [row["index"] for row in rows(out)] == [1, 0]

    def test_an_item_has_a_time_of_its_own(self, nap: Nap, tmp_path: Path) -> None:
        """One that hangs must not take the batch along."""
        file = tmp_path / "naps.jsonl"
        file.write_text("60\n0.01\n", encoding="utf-8")
        process = nap.start(str(file), "--item-timeout", "0.5", "--no-progress")

        out, _ = process.communicate(timeout=30)

        assert [row["status"] for row in rows(out)] == ["timed_out", "succeeded"]


class TestLines:
    def test_a_file_is_counted_and_blank_lines_are_not_items(self, tmp_path: Path) -> None:
        """A number of items makes a time that is left."""
        file = tmp_path / "values.jsonl"
        file.write_bytes(b"1\n\n  \n2\n")

        lines = lines_of(file)

        assert isinstance(lines, Sized)
        assert len(lines) == 2
        assert list(lines) == [Line(1, b"1\n"), Line(4, b"2\n")]

    @pytest.mark.parametrize(
        ("raw", "key"),
        [
            (b'{"id": "a"}', "a"),
            (b'{"id": 7}', "7"),
            (b'{"other": 7}', ""),
            (b"[]", ""),
            (b"{", ""),
        ],
    )
    def test_a_key_is_a_field_of_the_line(self, raw: bytes, key: str) -> None:
        """Whatever the line is, asking for its name does no harm."""
        assert Line(1, raw).key("id") == key

    def test_a_row_holds_what_is_worth_saying(self) -> None:
        """No empty fields, and no output of what has none."""
        error = ErrorRecord("agent_error", "OSError", "disk", "save")
        record = ItemRecord("b", 3, "failed", "k", 0.1, 0.25, 2, None, error)

        assert json.loads(row_of(record)) == {
            "index": 3,
            "key": "k",
            "status": "failed",
            "error": {"code": "agent_error", "type": "OSError", "message": "disk", "stage": "save"},
            "attempts": 2,
            "seconds": 0.25,
        }


class TestWords:
    @pytest.mark.requirement("R60")
    def test_progress_of_an_unknown_number_invents_nothing(self) -> None:
        """A stream has no percentage and no end."""
        progress = BatchProgress("b", done=250, failed=0, total=None, seconds=5)

        assert progress_line(progress) == "250, 0 failed, 50/s"

    @pytest.mark.fault("F63", "F66")
    def test_a_summary_says_what_was_left(self) -> None:
        """Of a stream nobody knows how much."""
        result = BatchResult(
            "b",
            "partial",
            BatchSummary(succeeded=4, failed=1, not_run=None, seconds=2),
            ItemRecords("b"),
            stopped_by="source",
            error=ErrorRecord("invalid_input", "OSError", "gone"),
        )

        assert summary_line(result) == (
            "batch b: partial, stopped by the source: gone: 4 succeeded, 1 failed, "
            "what was left in the source never tried in 2 s"
        )
