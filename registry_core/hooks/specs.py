"""The hooks a plugin may implement: a contract with strangers.

A plugin is a module with functions of these names, marked with
:data:`registry_core.hookimpl` and named by an entry point of the group
``registry_core.plugins``. It implements what it wants and takes only the arguments it wants.
Hooks are called for one plugin at a time, in a process that may be thrown away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

from registry_core.hooks.markers import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from registry_core.definitions.capability import CapabilityDefinition

__all__ = [
    "registry_agents",
    "registry_capabilities",
    "registry_metrics_collectors",
    "registry_middleware",
    "registry_schemas",
]

_hookspec = pluggy.HookspecMarker(PROJECT)


@_hookspec
def registry_agents(host_version: str) -> Sequence[Callable[..., object]]:
    """Offer agents to the catalog.

    When: while a manifest is built, or once for a plugin that ships none; never to list.
    Order: unspecified; agents are known by id, so their order decides nothing.
    Failure: an exception makes the whole plugin ``broken``; ``agentreg doctor`` shows it.
    Since: hook API 1.

    Args:
        host_version: Version of the running host, for feature tests.

    Returns:
        Functions and classes decorated with ``@agent``, at the top level of their module.
    """
    raise NotImplementedError


@_hookspec
def registry_capabilities(host_version: str) -> Sequence[CapabilityDefinition]:
    """Add capabilities, usually narrower ones than the six built in.

    When: while a manifest is built, or once for a plugin that ships none.
    Order: unspecified; two plugins that describe one capability differently are a conflict.
    Failure: an exception makes the whole plugin ``broken``.
    Since: hook API 1.

    Args:
        host_version: Version of the running host, for feature tests.

    Returns:
        The capabilities, empty when there are none.
    """
    raise NotImplementedError


@_hookspec
def registry_schemas(host_version: str) -> Sequence[type]:
    """Offer schemas that no agent of this plugin mentions.

    When: while a manifest is built, or once for a plugin that ships none.
    Order: unspecified; a schema is known by its name and its structure.
    Failure: an exception makes the whole plugin ``broken``.
    Since: hook API 1.

    Args:
        host_version: Version of the running host, for feature tests.

    Returns:
        Classes that pydantic can describe.
    """
    raise NotImplementedError


@_hookspec
def registry_middleware(host_version: str) -> Sequence[Callable[..., object]]:
    """Offer middleware; it acts only where a pipeline or the settings name it.

    When: while a manifest is built, or once for a plugin that ships none.
    Order: of the declared ``order``, then of the name.
    Failure: an exception makes the whole plugin ``broken``.
    Since: hook API 1.

    Args:
        host_version: Version of the running host, for feature tests.

    Returns:
        Async functions decorated with ``@middleware``.
    """
    raise NotImplementedError


@_hookspec
def registry_metrics_collectors(host_version: str) -> Sequence[Callable[..., object]]:
    """Offer collectors: what hears the events of runs, to count, trace or export them.

    When: while a manifest is built, or once for a plugin that ships none. A collector itself
        is called once for each run, where the settings name it.
    Order: unspecified; collectors do not see each other.
    Failure: an exception makes the whole plugin ``broken``. What a collector raises later
        ends its part in that run, with one line in the log, and never changes the run.
    Since: hook API 1.

    Args:
        host_version: Version of the running host, for feature tests.

    Returns:
        Classes or functions decorated with ``@collector``.
    """
    raise NotImplementedError
