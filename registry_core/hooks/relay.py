"""Ask one plugin what it offers, typed and alone.

A plugin gets a pluggy manager of its own: pluggy stops a whole hook call at the first
exception, so a shared one would let one plugin silence the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import pluggy

from registry_core.definitions.capability import CapabilityDefinition
from registry_core.errors import DefinitionError, Fault
from registry_core.hooks import specs
from registry_core.hooks.markers import PROJECT

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Offers", "ask"]

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Offers:
    """What a plugin's hooks returned.

    Attributes:
        plugin: Name of its module.
        agents: Decorated functions and classes.
        capabilities: Capabilities to add.
        schemas: Classes to describe.
        middleware: Decorated async functions.
        collectors: Decorated classes and functions that make observers.
        hooks: Names of the hooks the plugin implements, sorted.
    """

    plugin: str
    agents: tuple[Callable[..., object], ...]
    capabilities: tuple[CapabilityDefinition, ...]
    schemas: tuple[type, ...]
    middleware: tuple[Callable[..., object], ...]
    collectors: tuple[Callable[..., object], ...]
    hooks: tuple[str, ...]


def ask(plugin: ModuleType, *, host_version: str) -> Offers:
    """Return what *plugin* offers.

    Raises:
        DefinitionError: If it implements an unknown hook, takes an unknown argument, or
            returns something other than the hook says. What a hook itself raises is left as
            it is: the caller guards.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(specs)
    try:
        manager.register(plugin, name=plugin.__name__)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        reason = str(error).replace("\n", " ")
        raise DefinitionError(plugin.__name__, [Fault("hooks", reason)]) from error
    answers = _Answers(manager, plugin.__name__, host_version)
    return Offers(
        plugin=plugin.__name__,
        agents=answers.of("registry_agents", _as_callable),
        capabilities=answers.of("registry_capabilities", _as_capability),
        schemas=answers.of("registry_schemas", _as_class),
        middleware=answers.of("registry_middleware", _as_callable),
        collectors=answers.of("registry_metrics_collectors", _as_callable),
        hooks=tuple(name for name in specs.__all__ if answers.implemented(name)),
    )


@dataclass(frozen=True, slots=True)
class _Answers:
    """The answers of one plugin, each item checked."""

    manager: pluggy.PluginManager
    plugin: str
    host_version: str

    def implemented(self, hook: str) -> bool:
        """Whether the plugin has an implementation of *hook*."""
        caller: pluggy.HookCaller = getattr(self.manager.hook, hook)
        return bool(caller.get_hookimpls())

    def of(self, hook: str, check: Callable[[object], ItemT | None]) -> tuple[ItemT, ...]:
        """Call *hook* and return its items; *check* narrows one or returns None."""
        caller: pluggy.HookCaller = getattr(self.manager.hook, hook)
        items: list[ItemT] = []
        faults: list[Fault] = []
        for answer in caller(host_version=self.host_version):
            if not isinstance(answer, list | tuple):
                faults.append(Fault(hook, f"must return a list, not {type(answer).__name__}"))
                continue
            for index, item in enumerate(cast("list[object]", answer)):
                checked = check(item)
                if checked is None:
                    kind = type(item).__name__
                    faults.append(Fault(f"{hook}[{index}]", f"{kind} is not what the hook takes"))
                else:
                    items.append(checked)
        if faults:
            raise DefinitionError(self.plugin, faults)
        return tuple(items)


def _as_callable(item: object) -> Callable[..., object] | None:
    return item if callable(item) else None


def _as_capability(item: object) -> CapabilityDefinition | None:
    return item if type(item) is CapabilityDefinition else None


def _as_class(item: object) -> type | None:
    return item if isinstance(item, type) else None
