"""Describe a capability."""

from __future__ import annotations

from registry_core.definitions.capability import CapabilityDefinition
from registry_core.names import CapabilityName

__all__ = ["capability"]


def capability(name: str, summary: str, *, broader: str = "") -> CapabilityDefinition:
    """Return the description of a capability, for the hook ``registry_capabilities``.

    Args:
        name: Dotted id, narrower to the right; a name space of your own goes before a colon.
        summary: One line for people.
        broader: A broader term, when it is not what stands before the last dot.

    Raises:
        InvalidNameError: If a name does not follow the grammar.

    >>> capability("content_analysis.sentiment", "Say how a text feels.").broader_term
    'content_analysis'
    """
    return CapabilityDefinition(
        name=CapabilityName.parse(name),
        summary=summary,
        broader=CapabilityName.parse(broader) if broader else None,
    )
