"""What an agent is: typed inputs, one typed output, and what a planner must know of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from registry_core.definitions.capability import CapabilityClaim
from registry_core.definitions.resources import Resources
from registry_core.definitions.schema import JsonObject, JsonValue
from registry_core.names import AgentName, SchemaId

__all__ = ["AgentDefinition", "Example", "InputDefinition"]


@dataclass(frozen=True, slots=True)
class InputDefinition:
    """One named input.

    Attributes:
        name: The parameter's name.
        schema: What it takes.
        required: False when the parameter has a default.
    """

    name: str
    schema: SchemaId
    required: bool = True


@dataclass(frozen=True, slots=True)
class Example:
    """Inputs and the output they give, as JSON."""

    inputs: JsonObject
    output: JsonValue


@dataclass(frozen=True, slots=True)
class AgentDefinition:
    """Everything that can be known of an agent without importing it.

    Attributes:
        name: Short name, unique within its distribution.
        target: Where its code is, as ``module:qualified.name``.
        output: What it gives.
        inputs: What it takes, in the order of its parameters.
        version: Version of the agent; empty means that of its distribution.
        summary: First line of its documentation.
        capabilities: What it can do.
        tags: Free words for searching.
        cost: Relative cost of one call, in units its users agree on.
        resources: What one running attempt needs.
        timeout_seconds: Longest time one attempt may take, or None for the host's default.
        idempotent: Whether calling it twice does no harm and gives the same result.
        mutates: Whether it may change its inputs; then each attempt gets its own copy.
        wants_context: Whether it takes a ``context`` argument with the run's facts.
        config: Schema of its configuration, or None.
        examples: Inputs with the output they give.
    """

    name: AgentName
    target: str
    output: SchemaId
    inputs: tuple[InputDefinition, ...] = ()
    version: str = ""
    summary: str = ""
    capabilities: tuple[CapabilityClaim, ...] = ()
    tags: tuple[str, ...] = ()
    cost: float = 1.0
    resources: Resources = field(default_factory=Resources)
    timeout_seconds: float | None = None
    idempotent: bool = False
    mutates: bool = True
    wants_context: bool = False
    config: SchemaId | None = None
    examples: tuple[Example, ...] = ()
