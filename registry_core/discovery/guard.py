"""Run foreign import code and put the process back as it was.

Catches everything that plugin code raises, SystemExit and KeyboardInterrupt included, and lets
only a real Ctrl-C through. Afterwards descriptors, streams, folder, paths and switches are what
they were, and the names of those that had been changed are known.
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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["ForeignError", "guarded"]

ResultT = TypeVar("ResultT")
_HAS_TIMERS = hasattr(signal, "setitimer")
# What a plugin might replace for everybody: enough of them to notice one that does.
_SENTINELS = (
    ("builtins", "__import__"),
    ("builtins", "open"),
    ("builtins", "print"),
    ("json", "dumps"),
    ("json", "loads"),
    ("asyncio", "sleep"),
    ("asyncio", "wait"),
    ("os", "open"),
    ("os", "replace"),
    ("time", "monotonic"),
    ("time", "sleep"),
    ("socket", "socket"),
    ("subprocess", "Popen"),
    ("sys", "exit"),
    ("sys", "excepthook"),
)


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
    changed: list[str] = []
    try:
        with (
            _same_warnings(changed),
            _stdout_to_stderr(changed),
            _noting_interrupts(pressed),
        ):
            result = call()
    except BaseException as error:
        changed.extend(before.restore())
        if pressed:
            raise KeyboardInterrupt from None
        raise ForeignError(error, tuple(sorted(changed))) from error
    changed.extend(before.restore())
    if pressed:  # foreign code swallowed what the user meant for all
        raise KeyboardInterrupt
    return result, tuple(sorted(changed))


@contextlib.contextmanager
def _same_warnings(changed: list[str]) -> Generator[None, None, None]:
    before = tuple(warnings.filters)
    with warnings.catch_warnings():
        try:
            yield
        finally:
            if tuple(warnings.filters) != before:
                changed.append("warnings")


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
def _stdout_to_stderr(changed: list[str]) -> Generator[None, None, None]:
    names = ("stdin", "stdout", "stderr")
    streams: dict[str, TextIO | None] = {name: getattr(sys, name) for name in names}
    originals: dict[str, TextIO | None] = {name: getattr(sys, f"__{name}__") for name in names}
    for stream in (*streams.values(), *originals.values()):
        _flush(stream)
    saved = [_duplicate(number) for number in range(3)]
    sys.stdout = sys.stderr
    if saved[1] is not None and saved[2] is not None:
        os.dup2(2, 1)
    identities = [_identity(number) for number in range(3)]
    try:
        yield
    finally:
        changed.extend(
            f"descriptor {number}"
            for number, identity in enumerate(identities)
            if _identity(number) != identity
        )
        # Text that waits in a stream was foreign, and leaves before the stream is ours again.
        for stream in (sys.stdout, *streams.values(), *originals.values()):
            _flush(stream)
        for number, copy in enumerate(saved):
            if copy is not None:
                os.dup2(copy, number)
                os.close(copy)
        for number, name in enumerate(names):
            stream = _opened(streams[name], number)
            if stream is not streams[name]:
                changed.append(name)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", _opened(originals[name], number))


def _identity(number: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _opened(stream: TextIO | None, number: int) -> TextIO | None:
    if stream is None or not stream.closed:
        return stream
    try:
        return open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)
    except OSError:
        return stream


def _flush(stream: TextIO | None) -> None:
    with contextlib.suppress(Exception):  # closed, full or replaced by something else
        if stream is not None:
            stream.flush()


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
    root_handlers: tuple[logging.Handler, ...]
    root_level: int
    timer: tuple[float, float]
    callables: tuple[object, ...]
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
            root_handlers=tuple(root.handlers),
            root_level=root.level,
            timer=signal.getitimer(signal.ITIMER_REAL) if _HAS_TIMERS else (0.0, 0.0),
            callables=tuple(getattr(sys.modules.get(m), name, None) for m, name in _SENTINELS),
            signals={number: signal.getsignal(number) for number in signal.valid_signals()},
        )

    def restore(self) -> tuple[str, ...]:
        """Put everything back; return the names of what was different, sorted."""
        now = _State.take()
        differing = {**self._differing_values(now), **self._differing_callables(now)}
        for put_back in differing.values():
            # A folder that is gone, or a thread that may not: the name is in the answer.
            with contextlib.suppress(OSError, ValueError):
                put_back()
        return tuple(sorted(differing))

    def _differing_values(self, now: _State) -> dict[str, Callable[[], object]]:
        """Return how to put back each value that differs, by its name."""
        differing: dict[str, Callable[[], object]] = {}
        if now.folder != self.folder:
            differing["current directory"] = lambda: os.chdir(self.folder)
        if now.umask != self.umask:
            differing["umask"] = lambda: os.umask(self.umask)
        if now.path != self.path:
            differing["sys.path"] = lambda: sys.path.__setitem__(slice(None), list(self.path))
        if now.recursion_limit != self.recursion_limit:
            differing["recursion limit"] = lambda: sys.setrecursionlimit(self.recursion_limit)
        if now.locale != self.locale:
            differing["locale"] = lambda: locale.setlocale(locale.LC_ALL, self.locale)
        if (now.root_handlers, now.root_level) != (self.root_handlers, self.root_level):
            differing["logging"] = self._restore_logging
        if now.timer != self.timer and self.timer == (0.0, 0.0):
            differing["timer"] = lambda: signal.setitimer(signal.ITIMER_REAL, 0)
        return differing

    def _differing_callables(self, now: _State) -> dict[str, Callable[[], object]]:
        """Return how to put back what is called, by its name; never compared with ``==``."""
        differing: dict[str, Callable[[], object]] = {}
        if any(now.signals.get(number) is not self.signals[number] for number in self.signals):
            differing["signal handlers"] = self._restore_signals
        for place, old, new in zip(_SENTINELS, self.callables, now.callables, strict=True):
            if old is not None and new is not old:
                module, name = place
                differing[f"{module}.{name}"] = partial(setattr, sys.modules[module], name, old)
        return differing

    def _restore_logging(self) -> None:
        root = logging.getLogger()
        root.handlers[:] = list(self.root_handlers)
        root.setLevel(self.root_level)

    def _restore_signals(self) -> None:
        for number, handler in self.signals.items():
            if isinstance(handler, signal.Handlers) or callable(handler):
                with contextlib.suppress(OSError, ValueError):  # SIGKILL takes no handler
                    signal.signal(number, handler)


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return os.sep


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
