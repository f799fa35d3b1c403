"""Bring in an agent's code: the one place where plugin code is imported into this process."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from registry_core.discovery.guard import ForeignError, guarded
from registry_core.discovery.ownership import OwnedFiles
from registry_core.errors import AgentLoadError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["load_target"]


def load_target(subject: str, target: str, *, metadata: Path) -> Callable[..., object]:
    """Return the function or class that *target* names.

    Args:
        subject: The agent or middleware, for errors.
        target: ``module:qualified.name``, as its manifest says.
        metadata: Metadata folder of the distribution; the module must be a file of it.

    Raises:
        AgentLoadError: If the module is not a file of the distribution (then nothing is
            imported), or importing it fails in any way.
    """
    module_name, _, qualified = target.partition(":")
    owned = OwnedFiles(metadata).module_file(module_name)
    if owned is None:
        reason = f"{module_name!a} is not a file of the distribution in {metadata.name}"
        raise AgentLoadError(subject, "ownership", reason, "nothing was imported")
    try:
        found, _ = guarded(lambda: _import(module_name, qualified))
    except ForeignError as error:
        cause = error.error
        step = "attribute" if isinstance(cause, AttributeError) else "import"
        reason = f"{type(cause).__name__} in {target}"
        raise AgentLoadError(subject, step, reason) from cause
    if not callable(found):
        raise AgentLoadError(subject, "attribute", f"{target} cannot be called")
    return found


def _import(module_name: str, qualified: str) -> object:
    found: object = importlib.import_module(module_name)
    for part in qualified.split("."):
        found = getattr(found, part)
    return found
