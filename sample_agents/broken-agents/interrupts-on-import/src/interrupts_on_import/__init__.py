"""Presses Ctrl-C when it is imported, and has no manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core import agent, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

raise KeyboardInterrupt


@agent(idempotent=True, mutates=False)
def echo(text: str) -> str:
    """Return the text as it is."""
    return text


@hookimpl
def registry_agents() -> list[Callable[..., object]]:
    """Offer the agent."""
    return [echo]
