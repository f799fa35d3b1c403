"""Read what a plugin module declares, by importing it.

    python -c '…' MODULE      in a child process, see ``probe``

This runs foreign code and expects the worst of it; whoever calls it in a process that
matters asked for that.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import importlib_metadata

from registry_core.authoring.manifest import assemble, manifest_text
from registry_core.discovery.guard import ForeignError, guarded
from registry_core.errors import DefinitionError
from registry_core.hooks.relay import ask
from registry_core.settings.pydantic_start import start_pydantic

if TYPE_CHECKING:
    from registry_core.definitions.manifest import Manifest

__all__ = ["answer_probe", "cause_of", "read_plugin"]


def read_plugin(module: str) -> tuple[Manifest, tuple[str, ...]]:
    """Return what the plugin *module* offers, and the process state its import had changed.

    Raises:
        ForeignError: If its import, one of its hooks or the description of what they returned
            raised anything.

    >>> manifest, changed = read_plugin("registry_core.discovery.builtin")
    >>> len(manifest.capabilities), changed
    (6, ())
    """
    start_pydantic()
    host_version = importlib_metadata.version("registry-core")
    return guarded(lambda: _declared(module, host_version))


def _declared(module: str, host_version: str) -> Manifest:
    offers = ask(importlib.import_module(module), host_version=host_version)
    # Describing a schema calls methods of foreign classes, so it is no safer than importing.
    return assemble(
        agents=offers.agents,
        capabilities=offers.capabilities,
        schemas=offers.schemas,
        middleware=offers.middleware,
        collectors=offers.collectors,
        hooks=offers.hooks,
    )


def answer_probe() -> None:
    """Write what the module ``sys.argv[1]`` offers as one line of JSON to standard output."""
    # The answer has a descriptor of its own, so that nothing the module prints gets into it.
    channel = os.dup(1)
    os.dup2(2, 1)
    answer: dict[str, object]
    before = frozenset(sys.modules)
    try:
        manifest, changed = read_plugin(sys.argv[1])
        text = manifest_text(manifest)
        sources = _files_of(frozenset(sys.modules) - before)
        answer = {"manifest": json.loads(text), "changed": changed, "sources": sources}
    except ForeignError as error:
        code, reason = cause_of(error.error)
        answer = {"code": code, "reason": reason}
    with os.fdopen(channel, "wb") as stream:
        stream.write(json.dumps(answer).encode() + b"\n")
    # A thread that the module left behind must not keep this process.
    os._exit(0)


def cause_of(error: BaseException) -> tuple[str, str]:
    """Return a code and a reason for what foreign code raised.

    The text of a foreign exception may hold anything, a password too, so it is shown only
    where the interpreter wrote it: a missing module, a missing name, a fault in the syntax.
    """
    kind = ascii(type(error).__name__)[1:-1]
    if isinstance(error, DefinitionError):
        return "definition", str(error)
    if isinstance(error, MemoryError):
        return "memory_limit", "took more memory than a probe may"
    if isinstance(error, SyntaxError):
        return "import", f"{kind} in {error.filename!a}, line {error.lineno}"
    if isinstance(error, ImportError) and error.name:
        return "import", f"{kind}: {error.name!a}{_place(error)}"
    return "import", f"{kind}{_place(error)}"


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = str(Path(__file__).parents[1])
    foreign = [f for f in frames if not f.filename.startswith((ours, "<frozen"))]
    return f", raised in {foreign[-1].filename!a}, line {foreign[-1].lineno}" if foreign else ""


def _files_of(names: frozenset[str]) -> list[str]:
    """Return the files of modules that are neither Python's nor ours, sorted."""
    files: set[str] = set()
    for name in names:
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "registry_core"}:
            file: object = getattr(sys.modules.get(name), "__file__", None)
            if type(file) is str:
                files.add(file)
    return sorted(files)
