"""Host for AI agents that other teams publish.

Everything a user needs, sorted; nothing is imported until it is used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from registry_core.authoring.agent import agent, collector, middleware, schema
    from registry_core.authoring.capability import capability
    from registry_core.authoring.projection import field_of
    from registry_core.definitions.agent import AgentDefinition, Example
    from registry_core.definitions.capability import CapabilityDefinition
    from registry_core.definitions.context import RunContext
    from registry_core.definitions.middleware import Call, Proceed, RunCall
    from registry_core.definitions.resources import Resources
    from registry_core.errors import AdmissionError, RegistryError
    from registry_core.hooks.markers import hookimpl
    from registry_core.pipeline.pipeline import FromInput, FromStage, Pipeline
    from registry_core.pipeline.policy import Backoff, Policy, Substitute
    from registry_core.registry import Registry
    from registry_core.results.batch import BatchResult, ItemRecord, Outcome
    from registry_core.results.events import Event, Observer
    from registry_core.results.metrics import MetricsSnapshot
    from registry_core.results.performance import Performance, performance_of
    from registry_core.results.run import RunResult
    from registry_core.runtime.balancer import Balancer
    from registry_core.runtime.batching_options import BatchOptions
    from registry_core.runtime.replicas import Replica
    from registry_core.runtime.scope import RunOptions
    from registry_core.store.store import Store

__all__ = [
    "AdmissionError",
    "AgentDefinition",
    "Backoff",
    "Balancer",
    "BatchOptions",
    "BatchResult",
    "Call",
    "CapabilityDefinition",
    "Event",
    "Example",
    "FromInput",
    "FromStage",
    "ItemRecord",
    "MetricsSnapshot",
    "Observer",
    "Outcome",
    "Performance",
    "Pipeline",
    "Policy",
    "Proceed",
    "Registry",
    "RegistryError",
    "Replica",
    "Resources",
    "RunCall",
    "RunContext",
    "RunOptions",
    "RunResult",
    "Store",
    "Substitute",
    "agent",
    "capability",
    "collector",
    "field_of",
    "hookimpl",
    "middleware",
    "performance_of",
    "schema",
]

_OWNER = {
    "AdmissionError": "errors",
    "AgentDefinition": "definitions.agent",
    "Backoff": "pipeline.policy",
    "Balancer": "runtime.balancer",
    "BatchOptions": "runtime.batching_options",
    "BatchResult": "results.batch",
    "Call": "definitions.middleware",
    "CapabilityDefinition": "definitions.capability",
    "Event": "results.events",
    "Example": "definitions.agent",
    "FromInput": "pipeline.pipeline",
    "FromStage": "pipeline.pipeline",
    "ItemRecord": "results.batch",
    "MetricsSnapshot": "results.metrics",
    "Observer": "results.events",
    "Outcome": "results.batch",
    "Performance": "results.performance",
    "Pipeline": "pipeline.pipeline",
    "Policy": "pipeline.policy",
    "Proceed": "definitions.middleware",
    "Registry": "registry",
    "RegistryError": "errors",
    "Replica": "runtime.replicas",
    "Resources": "definitions.resources",
    "RunCall": "definitions.middleware",
    "RunContext": "definitions.context",
    "RunOptions": "runtime.scope",
    "RunResult": "results.run",
    "Store": "store.store",
    "Substitute": "pipeline.policy",
    "agent": "authoring.agent",
    "capability": "authoring.capability",
    "collector": "authoring.agent",
    "field_of": "authoring.projection",
    "hookimpl": "hooks.markers",
    "middleware": "authoring.agent",
    "performance_of": "results.performance",
    "schema": "authoring.agent",
}


def __getattr__(name: str) -> object:
    """Import *name* from the module that owns it, the first time it is used."""
    owner = _OWNER.get(name)
    if owner is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{owner}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names only."""
    return __all__
