"""Whether a plugin keeps what it promises: one check for each promise, each of them run alone.

Nothing is imported until a check is run: which checks there are stands in the manifest.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING

from registry_core.discovery.conflicts import agent_ids
from registry_core.errors import DefinitionError
from registry_core.names import AgentId
from registry_core.testing.findings import Broken, Finding, Held, Unchecked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.discovery.report import PluginRecord
    from registry_core.registry import Registry

__all__ = ["Check", "checks_of"]

_DIFF_LINES = 20


@dataclass(frozen=True, slots=True)
class Check:
    """One promise.

    Attributes:
        subject: The plugin, or the id of one of its agents.
        name: What is promised, as one word.
        run: Finds out.
    """

    subject: str
    name: str
    run: Callable[[], Finding]


def checks_of(
    registry: Registry, record: PluginRecord, *, import_limit_seconds: float | None = None
) -> tuple[Check, ...]:
    """Return the checks of one plugin and of its agents.

    Args:
        registry: Where the plugin is installed.
        record: What discovery says of it.
        import_limit_seconds: Most CPU time that importing it may take; None for any.
    """
    return tuple(_checks(registry, record, import_limit_seconds))


def _checks(registry: Registry, record: PluginRecord, limit: float | None) -> Iterator[Check]:
    name = record.full_name
    yield Check(name, "state", partial(_state, record))
    if record.module and record.state != "blocked":
        yield Check(name, "import", partial(_import, record.module, limit))
        yield Check(name, "hooks", partial(_hooks, record.module))
        yield Check(name, "manifest", partial(_manifest, record))
    if record.offered is None:
        return
    from registry_core.testing.exercise import Exercise

    for definition, agent in zip(record.offered.agents, agent_ids(record), strict=True):
        exercise = Exercise(registry, AgentId(agent))
        yield Check(agent, "examples", exercise.examples)
        if definition.idempotent:
            yield Check(agent, "idempotent", exercise.same_twice)
        if not definition.mutates:
            yield Check(agent, "inputs", exercise.inputs_left_alone)
        yield Check(agent, "cancellation", exercise.cancellation)


def _state(record: PluginRecord) -> Finding:
    if record.state != "ok":
        return Broken(f"is {record.state} ({record.code}): {record.reason}\n{record.fix}".rstrip())
    return Held("; ".join(record.notes))


def _import(module: str, limit: float | None) -> Finding:
    from registry_core.testing.importing import import_alone

    imported = import_alone(module)
    cost = f"{imported.seconds * 1000:.0f} ms of CPU time"
    if imported.reason:
        return Broken(f"importing {module} fails: {imported.reason}")
    if imported.printed:
        return Broken(f"importing {module} prints {imported.printed[:200]!a}")
    if limit is not None and imported.seconds > limit:
        return Broken(f"importing {module} takes {cost}, more than {limit * 1000:.0f} ms")
    changed = f"; changes {', '.join(imported.changed)}" if imported.changed else ""
    return Held(f"{module}: {cost}{changed}")


def _hooks(module: str) -> Finding:
    from registry_core.hooks.markers import PROJECT
    from registry_core.hooks.relay import ask

    plugin = importlib.import_module(module)
    version = metadata.version("registry-core")
    for name, value in vars(plugin).items():
        marked = hasattr(value, f"{PROJECT}_impl")
        if name.startswith("registry_") and callable(value) and not marked:
            return Broken(f"{module}.{name} is named like a hook and not marked with @hookimpl")
    try:
        ask(plugin, host_version=version)
    except DefinitionError as error:
        return Broken(str(error))
    return Held()


def _manifest(record: PluginRecord) -> Finding:
    from registry_core.authoring.manifest import manifest_text
    from registry_core.discovery.probe import probe

    if record.manifest is None:
        return Unchecked("there is none that can be read")
    code = probe(record.module)
    if code.manifest is None:
        return Broken(f"its code cannot be read: {code.reason}")
    old, new = manifest_text(record.manifest), manifest_text(code.manifest)
    if old == new:
        return Held()
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), "manifest", "code", lineterm="", n=1
    )
    shown = "\n".join([*lines][:_DIFF_LINES])
    return Broken(f"differs from its code; build it again: agentreg manifest build\n{shown}")
