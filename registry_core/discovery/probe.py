"""Import a plugin in a child process that may die of it, and hear what it says.

A plugin that ships no manifest is read this way once; ``doctor --import`` reads them all.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from registry_core.definitions.validating import MAX_MANIFEST_BYTES, read_manifest
from registry_core.errors import ManifestError
from registry_core.text.exits import exit_name

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable

    from registry_core.definitions.manifest import Manifest

__all__ = ["PROBE_SECONDS", "Probed", "probe"]

PROBE_SECONDS = 10.0
_MEMORY_BYTES = 1 << 30
_ANSWER_BYTES = 2 * MAX_MANIFEST_BYTES
_CHILD = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
try:
    import resource
    # Data, not address space: large libraries map files that take no memory.
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
from registry_core.discovery.reading import answer_probe
answer_probe()
""".replace("MEMORY", str(_MEMORY_BYTES))


class Probed(NamedTuple):
    """What a probe learned.

    Attributes:
        manifest: What the plugin offers, or None.
        code: ``import``, ``definition``, ``memory_limit``, ``load_timeout`` or ``died``; empty
            when all is well.
        reason: What happened.
        changed: Process state that the import had changed.
        sources: Files of the modules that the import brought in.
    """

    manifest: Manifest | None = None
    code: str = ""
    reason: str = ""
    changed: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def probe(
    module: str, *, path: Iterable[str] = (), timeout_seconds: float = PROBE_SECONDS
) -> Probed:
    """Return what the plugin *module* offers, read in a child process.

    The child has a session of its own, and nothing of that session outlives this call. What
    it may take: *timeout_seconds*, 1 GiB, 2 MiB of answer.

    Args:
        module: Dotted name; the caller has checked whose file it is.
        path: Folders to find modules in before ``sys.path``.
        timeout_seconds: Longest time the child may take; then it is killed.
    """
    import subprocess

    folders = json.dumps([*path, *filter(None, sys.path)])
    try:
        child = subprocess.Popen(  # noqa: S603 -- our own interpreter and our own code
            [sys.executable, "-P", "-c", _CHILD, folders, module],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return Probed(code="died", reason=f"no child process could be started: {error.strerror}")
    assert child.stdout is not None  # noqa: S101 -- it was asked for
    with child.stdout as answer:
        try:
            data = _first_line(answer, timeout_seconds)
            code = 0 if data.endswith(b"\n") else child.wait(timeout_seconds)
        except (TimeoutError, subprocess.TimeoutExpired):
            return Probed(code="load_timeout", reason=f"took longer than {timeout_seconds:g} s")
        finally:
            _end(child)
    return _understood(data, code)


def _first_line(stream: IO[bytes], seconds: float) -> bytes:
    """Return what arrives until a line, the stream or the patience ends.

    Raises:
        TimeoutError: If that takes longer than *seconds*.
    """
    import selectors

    data = bytearray()
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while len(data) <= _ANSWER_BYTES and not data.endswith(b"\n"):
            if not selector.select(deadline - time.monotonic()):
                raise TimeoutError
            piece = os.read(stream.fileno(), 1 << 16)
            if not piece:
                break
            data += piece
    return bytes(data)


def _end(child: subprocess.Popen[bytes]) -> None:
    import signal

    # The group outlives its leader when the module forked.
    with contextlib.suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.wait()


def _understood(data: bytes, code: int) -> Probed:
    try:
        answer: object = json.loads(data)
    except (ValueError, RecursionError):
        return Probed(code="died", reason=f"died while it was imported: {exit_name(code)}")
    facts = cast("dict[str, object]", answer) if isinstance(answer, dict) else {}
    if "manifest" not in facts:
        return Probed(code=str(facts.get("code")), reason=str(facts.get("reason")))
    text = json.dumps(facts["manifest"]).encode()
    try:
        manifest, _ = read_manifest("read from code", text)
    except ManifestError as error:
        return Probed(code="definition", reason=str(error))
    return Probed(
        manifest, changed=_words(facts.get("changed")), sources=_words(facts.get("sources"))
    )


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, cast("list[object]", value))) if isinstance(value, list) else ()
