"""A plugin's offers as a manifest, and a manifest as JSON text.

The text is canonical (sorted keys, two-space indent, one newline at the end), so that a
committed manifest differs exactly when the code does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from registry_core.authoring.declaration import declare, declare_collector, declare_middleware
from registry_core.definitions.manifest import Manifest
from registry_core.definitions.rules import faults_in_manifest
from registry_core.definitions.validating import read_manifest
from registry_core.errors import DefinitionError, Fault
from registry_core.schemas.from_model import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from registry_core.definitions.agent import AgentDefinition
    from registry_core.definitions.capability import CapabilityDefinition
    from registry_core.definitions.collector import CollectorDefinition
    from registry_core.definitions.middleware import MiddlewareDefinition
    from registry_core.definitions.schema import SchemaDefinition

__all__ = ["assemble", "manifest_text"]


def assemble(
    *,
    agents: Iterable[Callable[..., object]] = (),
    capabilities: Iterable[CapabilityDefinition] = (),
    schemas: Iterable[type] = (),
    middleware: Iterable[Callable[..., object]] = (),
    collectors: Iterable[Callable[..., object]] = (),
    hooks: Iterable[str] = (),
) -> Manifest:
    """Return the manifest of what a plugin's hooks returned, everything sorted by name.

    Raises:
        DefinitionError: If any of it is not valid; all faults at once.
    """
    faults: list[Fault] = []
    found_agents: list[AgentDefinition] = []
    found_schemas: list[SchemaDefinition] = []
    found_middleware: list[MiddlewareDefinition] = []
    found_collectors: list[CollectorDefinition] = []
    for target in agents:
        with _Collecting(faults):
            declared = declare(target)
            found_agents.append(declared.definition)
            found_schemas.extend(declared.schemas)
    for cls in schemas:
        with _Collecting(faults):
            found_schemas.append(schema_of(cls))
    for target in middleware:
        with _Collecting(faults):
            found_middleware.append(declare_middleware(target))
    for target in collectors:
        with _Collecting(faults):
            found_collectors.append(declare_collector(target))
    unique = {schema.id: schema for schema in found_schemas}
    manifest = Manifest(
        agents=tuple(sorted(found_agents, key=lambda agent: agent.name)),
        capabilities=tuple(sorted(capabilities, key=lambda capability: capability.name)),
        schemas=tuple(unique[key] for key in sorted(unique)),
        middleware=tuple(sorted(found_middleware, key=lambda item: item.name)),
        collectors=tuple(sorted(found_collectors, key=lambda item: item.name)),
        hooks=tuple(sorted(hooks)),
    )
    faults.extend(faults_in_manifest(manifest))
    # Through the door that every host reads it by: what would be refused there is refused here.
    with _Collecting(faults, ""):
        read_manifest("plugin", manifest_text(manifest).encode())
    if faults:
        raise DefinitionError("plugin", dict.fromkeys(faults))
    return manifest


def manifest_text(manifest: Manifest) -> str:
    """Return *manifest* as canonical JSON text."""
    from pydantic import TypeAdapter

    plain = TypeAdapter(Manifest).dump_python(manifest, mode="json", exclude_defaults=True)
    document = {"format": manifest.format, "host_api": manifest.host_api, **plain}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


class _Collecting:
    """Gather the faults of a declaration instead of stopping at it."""

    def __init__(self, faults: list[Fault], label: str | None = None) -> None:
        self.faults = faults
        self.label = label

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, traceback: object) -> bool:
        if not isinstance(error, DefinitionError):
            return False
        subject = error.subject if self.label is None else self.label
        self.faults.extend(
            Fault(".".join(filter(None, (subject, fault.path))), fault.message)
            for fault in error.faults
        )
        return True
