"""Read a plugin that ships no manifest, in a child process that may die of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import cast

from registry_core.definitions.manifest import Manifest
from registry_core.definitions.validating import MAX_MANIFEST_BYTES, read_manifest
from registry_core.errors import ManifestError

__all__ = ["PROBE_SECONDS", "Probed", "probe"]

PROBE_SECONDS = 10.0
_MEMORY_BYTES = 1 << 30
_CHILD = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
except (ImportError, ValueError, OSError):
    pass
from registry_core.discovery.reading import answer_probe
answer_probe()
""".replace("MEMORY", str(_MEMORY_BYTES))


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe learned.

    Attributes:
        manifest: What the plugin offers, or None.
        code: ``import``, ``definition``, ``load_timeout`` or ``died``; empty when all is well.
        reason: What happened.
        changed: Process state that the import had changed.
    """

    manifest: Manifest | None = None
    code: str = ""
    reason: str = ""
    changed: tuple[str, ...] = ()


def probe(module: str, *, timeout_seconds: float = PROBE_SECONDS) -> Probed:
    """Return what the plugin *module* offers, read in a child process.

    Args:
        module: Dotted name; the caller has checked whose file it is.
        timeout_seconds: Longest time the child may take; then it is killed.
    """
    command = [sys.executable, "-P", "-c", _CHILD, json.dumps(sys.path), module]
    with subprocess.Popen(  # noqa: S603 -- our own interpreter and our own code
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        try:
            data, _ = child.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            return Probed(code="load_timeout", reason=f"took longer than {timeout_seconds:g} s")
    return _understood(data, child.returncode)


def _understood(data: bytes, code: int) -> Probed:
    try:
        answer: object = json.loads(data)
    except ValueError:
        return Probed(code="died", reason=f"died while it was imported: {_death(code)}")
    if not isinstance(answer, dict):
        return Probed(code="died", reason="gave no answer")
    facts = cast("dict[str, object]", answer)
    if "manifest" not in facts:
        return Probed(code=str(facts.get("code")), reason=str(facts.get("reason")))
    text = json.dumps(facts["manifest"]).encode()[: MAX_MANIFEST_BYTES + 1]
    try:
        manifest, _ = read_manifest("read from code", text)
    except ManifestError as error:
        return Probed(code="definition", reason=str(error))
    changed = facts.get("changed")
    names = tuple(map(str, cast("list[object]", changed))) if isinstance(changed, list) else ()
    return Probed(manifest, changed=names)


def _death(code: int) -> str:
    if code >= 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
