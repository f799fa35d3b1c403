"""What this distribution tells the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from middleware_ratelimit.limit import rate_limit
from registry_core import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["registry_middleware"]


@hookimpl
def registry_middleware() -> list[Callable[..., object]]:
    """Offer the limit; it acts where a pipeline or the settings name it."""
    return [rate_limit]
