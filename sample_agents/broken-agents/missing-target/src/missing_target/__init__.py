"""Its manifest was not built again when ``shout`` became ``echo``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core import agent, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable


@agent(idempotent=True, mutates=False)
def echo(text: str) -> str:
    """Return the text as it is."""
    return text


@hookimpl
def registry_agents() -> list[Callable[..., object]]:
    """Offer the agent."""
    return [echo]
