"""What this distribution tells the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core import CapabilityDefinition, capability, hookimpl
from report_agents.report import build_report

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["registry_agents", "registry_capabilities"]


@hookimpl
def registry_agents() -> list[Callable[..., object]]:
    """Offer the agent that needs what all others find."""
    return [build_report]


@hookimpl
def registry_capabilities() -> list[CapabilityDefinition]:
    """Define what it does, a kind of reporting."""
    return [capability("reporting.document", "Reports on one document, for people.")]
