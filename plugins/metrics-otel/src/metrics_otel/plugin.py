"""What this distribution tells the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics_otel.collector import Collector
from registry_core import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["registry_metrics_collectors"]


@hookimpl
def registry_metrics_collectors() -> list[Callable[..., object]]:
    """Offer the collector; it hears runs where the settings name it."""
    return [Collector]
