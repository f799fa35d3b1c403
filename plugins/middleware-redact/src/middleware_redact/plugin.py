"""What this distribution tells the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from middleware_redact.redact import redact
from registry_core import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["registry_middleware"]


@hookimpl
def registry_middleware() -> list[Callable[..., object]]:
    """Offer the redaction; it acts where a pipeline or the settings name it."""
    return [redact]
