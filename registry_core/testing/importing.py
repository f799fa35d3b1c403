"""What importing a plugin costs, prints and changes, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Imported", "import_alone"]

# What every plugin shares with the host is no plugin's cost, so it is imported before.
_CHILD = """
import importlib, json, sys, time
from pathlib import Path
answer, module, path = sys.argv[1:4]
sys.path[:] = json.loads(path)
import pydantic
from registry_core.discovery.reading import cause_of
from registry_core.discovery.guard import ForeignError, guarded
import registry_core.hooks.relay, registry_core.authoring.manifest
began = time.process_time()
try:
    _, changed = guarded(lambda: importlib.import_module(module))
    reason = ""
except ForeignError as error:
    changed, reason = error.changed, cause_of(error.error)[1]
seconds = time.process_time() - began
Path(answer).write_text(json.dumps([seconds, changed, reason]))
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import went.

    Attributes:
        seconds: CPU time it took, beyond what every plugin shares with the host.
        printed: What it wrote to standard output and standard error.
        changed: Process state that it changed.
        reason: Why it failed, or empty.
    """

    seconds: float
    printed: str = ""
    changed: tuple[str, ...] = ()
    reason: str = ""


def import_alone(module: str, *, timeout_seconds: float = 60.0) -> Imported:
    """Return how importing *module* goes in a fresh process.

    Args:
        module: Dotted name; found where this process would find it.
        timeout_seconds: When to give up.

    >>> import_alone("json.tool").reason
    ''
    """
    with tempfile.TemporaryDirectory(prefix="agentreg-") as folder:
        answer = Path(folder) / "answer.json"
        path = json.dumps([place for place in sys.path if place])
        try:
            done = subprocess.run(  # noqa: S603 -- our own interpreter and our own code
                [sys.executable, "-P", "-c", _CHILD, str(answer), module, path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Imported(timeout_seconds, reason=f"took longer than {timeout_seconds:g} s")
        printed = done.stdout.decode(errors="replace")
        if not answer.is_file():
            return Imported(0.0, printed, reason=f"the process died of it: exit {done.returncode}")
        seconds, changed, reason = json.loads(answer.read_text(encoding="utf-8"))
    return Imported(float(seconds), printed, tuple(changed), str(reason))
