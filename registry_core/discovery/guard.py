"""Run foreign import code and put the process back as it was.

Catches everything that plugin code raises, SystemExit and KeyboardInterrupt included, and lets
only a real Ctrl-C through. Afterwards descriptors, folder, paths and switches are what they were,
and the names of those that had been changed are known.
"""

from __future__ import annotations

import contextlib
import locale
import logging
import os
import signal
import sys
import threading
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["ForeignError", "guarded"]

ResultT = TypeVar("ResultT")


class ForeignError(Exception):
    """Foreign code raised *error*; what it had changed meanwhile is in *changed*."""

    def __init__(self, error: BaseException, changed: tuple[str, ...]) -> None:
        """Keep both."""
        super().__init__(type(error).__name__)
        self.error = error
        self.changed = changed


def guarded(call: Callable[[], ResultT]) -> tuple[ResultT, tuple[str, ...]]:
    """Return what *call* returns, and the names of the process state it had changed.

    While it runs, whatever is written to standard output goes to standard error.

    Raises:
        ForeignError: If it raised anything.
        KeyboardInterrupt: If the user really pressed Ctrl-C.
    """
    before = _State.take()
    pressed: list[bool] = []
    try:
        with _stdout_to_stderr(), _noting_interrupts(pressed):
            result = call()
    except BaseException as error:
        changed = before.restore()
        if pressed:
            raise
        raise ForeignError(error, changed) from error
    return result, before.restore()


@contextlib.contextmanager
def _noting_interrupts(pressed: list[bool]) -> Generator[None, None, None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(*_: object) -> None:
        pressed.append(True)
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        if previous is not None:
            signal.signal(signal.SIGINT, previous)


@contextlib.contextmanager
def _stdout_to_stderr() -> Generator[None, None, None]:
    saved = {number: _duplicate(number) for number in (0, 1, 2)}
    stream = sys.stdout
    sys.stdout = sys.stderr
    if saved[1] is not None and saved[2] is not None:
        os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout = stream
        for number, copy in saved.items():
            if copy is not None:
                os.dup2(copy, number)
                os.close(copy)


def _duplicate(number: int) -> int | None:
    try:
        return os.dup(number)
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class _State:
    """Process state that import code has no business to change."""

    folder: str
    umask: int
    path: tuple[str, ...]
    recursion_limit: int
    locale: str
    filters: tuple[object, ...]
    root_handlers: tuple[logging.Handler, ...]
    root_level: int
    signals: dict[int, object] = field(default_factory=dict[int, object])

    @classmethod
    def take(cls) -> _State:
        root = logging.getLogger()
        return cls(
            folder=_folder(),
            umask=_umask(),
            path=tuple(sys.path),
            recursion_limit=sys.getrecursionlimit(),
            locale=locale.setlocale(locale.LC_ALL),
            filters=tuple(warnings.filters),
            root_handlers=tuple(root.handlers),
            root_level=root.level,
            signals={number: signal.getsignal(number) for number in signal.valid_signals()},
        )

    def restore(self) -> tuple[str, ...]:
        """Put everything back; return the names of what was different, sorted."""
        now = _State.take()
        changed: list[str] = []
        if now.folder != self.folder:
            changed.append("current directory")
            os.chdir(self.folder)
        if now.umask != self.umask:
            changed.append("umask")
            os.umask(self.umask)
        if now.path != self.path:
            changed.append("sys.path")
            sys.path[:] = self.path
        if now.recursion_limit != self.recursion_limit:
            changed.append("recursion limit")
            sys.setrecursionlimit(self.recursion_limit)
        if now.locale != self.locale:
            changed.append("locale")
            locale.setlocale(locale.LC_ALL, self.locale)
        if now.filters != self.filters:
            changed.append("warnings")
            warnings.filters[:] = list(self.filters)  # type: ignore[index]
        if (now.root_handlers, now.root_level) != (self.root_handlers, self.root_level):
            changed.append("logging")
            root = logging.getLogger()
            root.handlers[:] = list(self.root_handlers)
            root.setLevel(self.root_level)
        changed.extend(self._restore_signals(now))
        return tuple(sorted(changed))

    def _restore_signals(self, now: _State) -> list[str]:
        changed = [n for n, handler in self.signals.items() if now.signals.get(n) != handler]
        for number in changed:
            handler = self.signals[number]
            if isinstance(handler, signal.Handlers) or callable(handler):
                signal.signal(number, handler)
        return ["signal handlers"] if changed else []


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return os.sep


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
