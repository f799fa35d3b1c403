"""Raises what is no Exception when it is imported; its manifest is in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core import agent, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable


class _Unusual(BaseException):
    """Not caught by ``except Exception``."""


raise _Unusual


@agent(idempotent=True, mutates=False)
def echo(text: str) -> str:
    """Return the text as it is."""
    return text


@hookimpl
def registry_agents() -> list[Callable[..., object]]:
    """Offer the agent."""
    return [echo]
