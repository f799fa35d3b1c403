"""The plugin that the host itself is: the six base capabilities, through the common door."""

from __future__ import annotations

from registry_core.definitions.capability import CapabilityDefinition
from registry_core.hooks.markers import hookimpl
from registry_core.names import CapabilityName

__all__ = ["registry_capabilities"]

_BASE = {
    "task_processing": "Carry out a task that is described in words.",
    "content_analysis": "Say something about given content.",
    "data_transformation": "Turn data of one form into another.",
    "communication": "Deliver something to somebody.",
    "validation": "Judge whether something is as it should be.",
    "reporting": "Put findings together for people.",
}


@hookimpl
def registry_capabilities() -> list[CapabilityDefinition]:
    """Return the six base capabilities; plugins add narrower ones."""
    return [CapabilityDefinition(CapabilityName(name), text) for name, text in _BASE.items()]
