"""Which values a declaration may hold, whoever wrote it: code or a manifest."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from registry_core.errors import Fault, InvalidNameError
from registry_core.names import AgentName, CapabilityName, PluginName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from registry_core.definitions.agent import AgentDefinition
    from registry_core.definitions.manifest import Manifest

__all__ = ["faults_in_agent", "faults_in_manifest", "faults_in_places", "is_target", "is_version"]

_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*", re.ASCII)
_NO_VERSION = "must be a version such as '1.2.0'"


def is_target(text: str) -> bool:
    """Return whether *text* reads ``module:qualified.name``.

    >>> is_target("web_agents.html:html_to_text"), is_target("os.system")
    (True, False)
    """
    return _TARGET.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Return whether *text* can be the version of an agent or a schema.

    >>> is_version("1.1"), is_version("next one")
    (True, False)
    """
    return _VERSION.fullmatch(text) is not None


def faults_in_agent(definition: AgentDefinition) -> tuple[Fault, ...]:
    """Return what is wrong with the values of *definition*, in the order of its fields."""
    return (*_name_faults(definition), *_agent_faults(definition))


def faults_in_manifest(manifest: Manifest) -> tuple[Fault, ...]:
    """Return what is wrong with a manifest whose types are right, those of its names too."""
    faults: list[Fault] = []
    known = {schema.id for schema in manifest.schemas}
    names: set[str] = set()
    for index, agent in enumerate(manifest.agents):
        path = f"agents[{index}]"
        faults.extend(Fault(f"{path}.{f.path}", f.message) for f in _agent_faults(agent))
        if not is_target(agent.target):
            faults.append(Fault(f"{path}.target", "must read module:name, at top level"))
        if agent.name in names:
            faults.append(Fault(f"{path}.name", f"{agent.name!r} is declared twice"))
        names.add(agent.name)
        mentioned = {agent.output, agent.config or agent.output, *[i.schema for i in agent.inputs]}
        if missing := mentioned - known:
            faults.extend(
                Fault(path, f"mentions schema {name!r}, which the manifest does not hold")
                for name in sorted(missing)
            )
    for index, schema in enumerate(manifest.schemas):
        if not is_version(schema.version):
            faults.append(Fault(f"schemas[{index}].version", _NO_VERSION))
    for index, middleware in enumerate(manifest.middleware):
        if not is_target(middleware.target):
            faults.append(Fault(f"middleware[{index}].target", "must read module:name"))
        placed = faults_in_places(middleware.before, middleware.after)
        faults.extend(Fault(f"middleware[{index}].{f.path}", f.message) for f in placed)
    faults.extend(
        Fault(f"collectors[{index}].target", "must read module:name")
        for index, collector in enumerate(manifest.collectors)
        if not is_target(collector.target)
    )
    return tuple(faults)


def faults_in_places(before: Iterable[str], after: Iterable[str]) -> tuple[Fault, ...]:
    """Return which names of middleware to go before or after could not be anybody's.

    >>> [fault.path for fault in faults_in_places(["web-agents/cache"], ["cache", "Web/cache"])]
    ['after', 'after']
    """
    return tuple(
        Fault(field, f"{name!a} must read distribution/name, in normal form")
        for field, names in (("before", before), ("after", after))
        for name in names
        if not _is_full_name(name)
    )


def _is_full_name(text: str) -> bool:
    distribution, _, name = text.partition("/")
    try:
        return PluginName.parse(distribution) == distribution and AgentName.parse(name) == name
    except InvalidNameError:
        return False


def _name_faults(definition: AgentDefinition) -> Iterator[Fault]:
    yield from _name_fault("name", AgentName.parse, definition.name)
    for claim in definition.capabilities:
        yield from _name_fault("capabilities", CapabilityName.parse, claim.name)


def _agent_faults(definition: AgentDefinition) -> Iterator[Fault]:
    if definition.version and not is_version(definition.version):
        yield Fault("version", _NO_VERSION)
    for claim in definition.capabilities:
        if not 0 <= claim.score <= 1:
            yield Fault(f"capabilities.{claim.name}", "score must be from 0 to 1")
    if not (math.isfinite(definition.cost) and definition.cost >= 0):
        yield Fault("cost", "must be a finite number, at least 0")
    timeout = definition.timeout_seconds
    if timeout is not None and not (math.isfinite(timeout) and timeout > 0):
        yield Fault("timeout_seconds", "must be a finite number above 0")
    yield from _resource_faults(definition)
    taken: set[str] = set()
    for declared in definition.inputs:
        if declared.name in taken:
            yield Fault(f"inputs.{declared.name}", "is declared twice")
        taken.add(declared.name)


def _name_fault(path: str, parse: Callable[[str], object], text: str) -> Iterator[Fault]:
    try:
        parse(text)
    except InvalidNameError as error:
        yield Fault(path, str(error))


def _resource_faults(definition: AgentDefinition) -> Iterator[Fault]:
    needs = definition.resources
    if needs.memory_mib < 0:
        yield Fault("resources.memory_mib", "must be at least 0")
    if not (math.isfinite(needs.cpu_cores) and needs.cpu_cores >= 0):
        yield Fault("resources.cpu_cores", "must be a finite number, at least 0")
    if needs.max_concurrency is not None and needs.max_concurrency < 1:
        yield Fault("resources.max_concurrency", "must be at least 1")
