"""Prints to standard output when it is imported, by Python and past it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from registry_core import agent, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

print('{"agents": []}')  # noqa: T201 -- the fault
sys.stdout.flush()
os.write(1, b"and past Python\n")


@agent(idempotent=True, mutates=False)
def echo(text: str) -> str:
    """Return the text as it is."""
    return text


@hookimpl
def registry_agents() -> list[Callable[..., object]]:
    """Offer the agent."""
    return [echo]
