"""Tests of running foreign code without becoming it."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from registry_core.discovery.guard import ForeignError, guarded

if TYPE_CHECKING:
    from collections.abc import Callable


class Strange(BaseException):
    """Not an Exception, and none of Python's own."""


def printed(code: str) -> str:
    """Return what a process writes to standard output that runs *code* within the guard."""
    program = textwrap.dedent(
        """
        import os, sys
        from registry_core.discovery.guard import ForeignError, guarded
        def foreign():
            exec(sys.argv[1], {"os": os, "sys": sys})
        print("before")
        try:
            guarded(foreign)
        except ForeignError:
            print("refused")
        print("after")
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program, code], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.fault("F2")
class TestWhatIsRaised:
    @pytest.mark.parametrize(
        "error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), Strange(), ValueError()]
    )
    def test_it_becomes_one_error_that_a_host_can_catch(self, error: BaseException) -> None:
        """A plugin that leaves must not take everybody along."""

        def foreign() -> NoReturn:
            raise error

        with pytest.raises(ForeignError) as raised:
            guarded(foreign)

        assert raised.value.error is error

    def test_a_real_interrupt_stays_one(self) -> None:
        """Ctrl-C belongs to the user."""

        def foreign() -> None:
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()

        with pytest.raises(KeyboardInterrupt):
            guarded(foreign)

    def test_a_real_interrupt_that_foreign_code_swallows_still_counts(self) -> None:
        """A bare except in a plugin must not make Ctrl-C useless."""

        def foreign() -> None:
            try:
                os.kill(os.getpid(), signal.SIGINT)
                signal.pause()
            except KeyboardInterrupt:
                pass

        with pytest.raises(KeyboardInterrupt):
            guarded(foreign)

    def test_it_works_in_a_thread(self) -> None:
        """Hosts load agents wherever they need them."""
        answers: list[int] = []
        thread = threading.Thread(target=lambda: answers.append(guarded(lambda: 7)[0]))

        thread.start()
        thread.join()

        assert answers == [7]


def _change_folder() -> None:
    os.chdir("/")


def _change_umask() -> None:
    os.umask(0o001)


def _change_path() -> None:
    sys.path.insert(0, "/evil")


def _change_recursion_limit() -> None:
    sys.setrecursionlimit(sys.getrecursionlimit() + 1)


def _change_warnings() -> None:
    warnings.simplefilter("ignore", category=UserWarning)


def _change_logging() -> None:
    logging.basicConfig(level=logging.DEBUG, force=True)


def _change_signals() -> None:
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)


def _set_an_alarm() -> None:
    signal.setitimer(signal.ITIMER_REAL, 1000)


def _replace_json() -> None:
    json.__dict__["dumps"] = str


@pytest.mark.fault("F7")
class TestWhatIsChanged:
    @pytest.mark.parametrize(
        ("change", "name", "look"),
        [
            (_change_folder, "current directory", Path.cwd),
            (_change_path, "sys.path", lambda: tuple(sys.path)),
            (_change_recursion_limit, "recursion limit", sys.getrecursionlimit),
            (_change_warnings, "warnings", lambda: tuple(warnings.filters)),
            (_change_logging, "logging", lambda: tuple(logging.getLogger().handlers)),
            (_change_signals, "signal handlers", lambda: signal.getsignal(signal.SIGUSR1)),
            (_set_an_alarm, "timer", lambda: signal.getitimer(signal.ITIMER_REAL)),
            (_change_umask, "umask", lambda: None),
            pytest.param(
                _replace_json, "json.dumps", lambda: json.dumps, marks=pytest.mark.fault("F8")
            ),
        ],
    )
    def test_it_is_put_back_and_named(
        self, change: Callable[[], None], name: str, look: Callable[[], object]
    ) -> None:
        """The next plugin, and the host, must find the process as it was."""
        before = look()

        _, changed = guarded(change)

        assert changed == (name,)
        assert look() == before

    def test_a_folder_that_is_gone_is_named_and_stops_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not everything can be put back."""
        folder = tmp_path / "here"
        folder.mkdir()
        monkeypatch.chdir(folder)

        def foreign() -> None:
            os.chdir(tmp_path)
            folder.rmdir()

        _, changed = guarded(foreign)

        assert changed == ("current directory",)

    def test_nothing_is_named_when_nothing_changed(self) -> None:
        """A note on every plugin would be read on none."""
        assert guarded(lambda: 1) == (1, ())


@pytest.mark.fault("F7")
class TestStandardOutput:
    @pytest.mark.parametrize(
        "code",
        [
            "print('noise')",
            "os.write(1, b'noise')",
            "sys.__stdout__.write('noise')",
            "os.system('echo noise')",
            "os.close(1)",
            "sys.stdout.close()",
            "sys.__stdout__.close()",
            "os.close(0); os.close(1); os.close(2)",
            "sys.stdout = None",
            "sys.stdin.close()",
        ],
    )
    def test_only_the_host_s_own_words_are_on_it(self, code: str) -> None:
        """What reads a machine's output cannot skip a greeting."""
        assert printed(code) == "before\nafter\n"

    def test_so_it_is_when_the_import_fails(self) -> None:
        """The way out must be as clean as the way through."""
        assert printed("print('noise'); os.close(1); sys.exit(1)") == "before\nrefused\nafter\n"
