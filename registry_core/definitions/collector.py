"""What a collector is: something that makes an observer for each run."""

from __future__ import annotations

from dataclasses import dataclass

from registry_core.names import AgentName

__all__ = ["CollectorDefinition"]


@dataclass(frozen=True, slots=True)
class CollectorDefinition:
    """Everything that can be known of a collector without importing it.

    Attributes:
        name: Short name, unique within its distribution.
        target: Where its code is, as ``module:qualified.name``: a class or function that is
            called without arguments, once a run, and gives what hears the events of that run.
        summary: First line of its documentation.
    """

    name: AgentName
    target: str
    summary: str = ""
