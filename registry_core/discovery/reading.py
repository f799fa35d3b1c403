"""Read what a plugin module declares, by importing it.

    python -c '…' MODULE      in a child process, see ``probe``

This runs foreign code and expects the worst of it; whoever calls it in a process that
matters asked for that.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import sys
from typing import TYPE_CHECKING

from registry_core.authoring.manifest import assemble, manifest_text
from registry_core.discovery.guard import ForeignError, guarded
from registry_core.errors import DefinitionError
from registry_core.hooks.relay import ask

if TYPE_CHECKING:
    from registry_core.definitions.manifest import Manifest

__all__ = ["answer_probe", "read_plugin"]


def read_plugin(module: str) -> tuple[Manifest, tuple[str, ...]]:
    """Return what the plugin *module* offers, and the process state its import had changed.

    Raises:
        ForeignError: If its import or one of its hooks raised anything.
        DefinitionError: If what it offers is not valid.

    >>> manifest, changed = read_plugin("registry_core.discovery.builtin")
    >>> len(manifest.capabilities), changed
    (6, ())
    """
    host_version = importlib.metadata.version("registry-core")
    offers, changed = guarded(
        lambda: ask(importlib.import_module(module), host_version=host_version)
    )
    manifest = assemble(
        agents=offers.agents,
        capabilities=offers.capabilities,
        schemas=offers.schemas,
        middleware=offers.middleware,
        hooks=offers.hooks,
    )
    return manifest, changed


def answer_probe() -> None:
    """Write what the module ``sys.argv[1]`` offers as one JSON object to standard output."""
    # The answer has a descriptor of its own, so that nothing the module prints gets into it.
    channel = os.dup(1)
    os.dup2(2, 1)
    try:
        manifest, changed = read_plugin(sys.argv[1])
        answer = {"manifest": json.loads(manifest_text(manifest)), "changed": changed}
    except ForeignError as error:
        if isinstance(error.error, DefinitionError):
            answer = _refused(error.error)
        else:
            kind, text = type(error.error).__name__, _text(error.error)
            answer = {"code": "import", "reason": f"{kind}: {text}" if text else kind}
    except DefinitionError as error:
        answer = _refused(error)
    os.write(channel, json.dumps(answer).encode())
    # A thread that the module left behind must not keep this process.
    os._exit(0)


def _refused(error: DefinitionError) -> dict[str, str]:
    return {"code": "definition", "reason": str(error)}


def _text(error: BaseException) -> str:
    try:
        return str(error)[:500]
    except BaseException:  # noqa: BLE001 -- the exception is the plugin's own class
        return ""
