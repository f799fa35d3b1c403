"""What one plugin offers, as one frozen value: the content of a manifest."""

from __future__ import annotations

from dataclasses import dataclass

from registry_core.definitions.agent import AgentDefinition
from registry_core.definitions.capability import CapabilityDefinition
from registry_core.definitions.collector import CollectorDefinition
from registry_core.definitions.middleware import MiddlewareDefinition
from registry_core.definitions.schema import SchemaDefinition

__all__ = ["HOST_API", "MANIFEST_FORMAT", "Manifest"]

MANIFEST_FORMAT = 1
HOST_API = "1.0"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Static declaration of a plugin, generated from its code.

    Attributes:
        format: Version of the manifest format; another major is refused.
        host_api: Hook API versions the plugin works with, as a version specifier.
        agents: Agents on offer.
        capabilities: Capabilities it adds.
        schemas: Every schema its agents mention, and those it offers by themselves.
        middleware: Middleware on offer; acts only where a pipeline or the settings name it.
        collectors: Collectors on offer; they hear runs only where the settings name them.
        hooks: Names of the hooks it implements, sorted.
    """

    format: int = MANIFEST_FORMAT
    host_api: str = ">=1,<2"
    agents: tuple[AgentDefinition, ...] = ()
    capabilities: tuple[CapabilityDefinition, ...] = ()
    schemas: tuple[SchemaDefinition, ...] = ()
    middleware: tuple[MiddlewareDefinition, ...] = ()
    collectors: tuple[CollectorDefinition, ...] = ()
    hooks: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """Everything in it that names code, as ``module:qualified.name``."""
        return (
            *[agent.target for agent in self.agents],
            *[middleware.target for middleware in self.middleware],
            *[collector.target for collector in self.collectors],
        )
