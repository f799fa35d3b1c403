"""What this distribution tells the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core import hookimpl
from web_agents.html import html_to_text
from web_agents.markdown import markdown_to_text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["registry_agents"]


@hookimpl
def registry_agents() -> list[Callable[..., object]]:
    """Offer one agent for each kind of file."""
    return [html_to_text, markdown_to_text]
