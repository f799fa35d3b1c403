"""What agents can do, named so that strangers agree on it."""

from __future__ import annotations

from dataclasses import dataclass

from registry_core.names import CapabilityName

__all__ = ["CapabilityClaim", "CapabilityDefinition"]


@dataclass(frozen=True, slots=True)
class CapabilityDefinition:
    """A capability with its meaning.

    Attributes:
        name: Dotted id; ``content_analysis.sentiment`` is narrower than ``content_analysis``.
        summary: One line for people.
        broader: A broader term when it is not the dotted parent.
    """

    name: CapabilityName
    summary: str
    broader: CapabilityName | None = None

    @property
    def broader_term(self) -> CapabilityName | None:
        """The declared broader term, else the dotted parent."""
        return self.broader or self.name.broader


@dataclass(frozen=True, slots=True)
class CapabilityClaim:
    """An agent's claim to a capability.

    Attributes:
        name: The capability.
        score: How well the agent does it, from 0 to 1, as its author says.
    """

    name: CapabilityName
    score: float = 1.0
