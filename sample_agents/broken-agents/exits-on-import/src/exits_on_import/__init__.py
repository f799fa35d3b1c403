"""Ends the process when it is imported, and has no manifest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from registry_core import agent, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

sys.exit("no licence")


@agent(idempotent=True, mutates=False)
def echo(text: str) -> str:
    """Return the text as it is."""
    return text


@hookimpl
def registry_agents() -> list[Callable[..., object]]:
    """Offer the agent."""
    return [echo]
