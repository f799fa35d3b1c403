"""What this distribution tells the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pdf_agents.pdf import pdf_to_text
from registry_core import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["registry_agents"]


@hookimpl
def registry_agents() -> list[Callable[..., object]]:
    """Offer the reader."""
    return [pdf_to_text]
