"""Who may take part, decided before anything of a plugin is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.errors import InvalidNameError
from registry_core.names import PluginName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from registry_core.definitions.agent import AgentDefinition
    from registry_core.discovery.integrity import LockedDistribution
    from registry_core.settings.choosing import PluginSettings

__all__ = ["TrustList"]

_HOST = "registry-core"


class TrustList:
    """The allow list, the block list and the lock of the settings.

    A name stands for a distribution, a plugin (``distribution:plugin``) or an agent
    (``distribution/agent``, with or without ``@version``).

    >>> from registry_core.settings.choosing import PluginSettings
    >>> trust = TrustList(PluginSettings(block=("Evil_Agents", "web-agents:beta")))
    >>> trust.refusal("evil-agents", "evil"), trust.refusal("web-agents", "stable")
    ('is on the block list', '')
    """

    def __init__(self, settings: PluginSettings) -> None:
        """Read the lock, if one is to decide.

        Raises:
            ConfigError: If the lock cannot be read.
        """
        self._allow = frozenset(map(_normal, settings.allow))
        self._block = frozenset(map(_normal, settings.block))
        self.lock_file = settings.lock if settings.trust == "locked" else ""
        self._lock = _locked(settings.lock) if settings.trust == "locked" else None

    def refusal(self, distribution: str, plugin: str) -> str:
        """Return which list keeps a plugin out; empty when none does."""
        if not (self._block or self._allow):
            return ""
        names = {distribution, f"{distribution}:{plugin}"}
        if names & self._block:
            return "is on the block list"
        if not self._allow or distribution == _HOST or names & self._allow:
            return ""
        if any(name.startswith(f"{distribution}/") for name in self._allow):
            return ""
        return "is not on the allow list"

    def lock_refusal(self, distribution: str, version: str, metadata: str) -> str:
        """Return why the lock keeps a distribution out; empty when it does not."""
        if self._lock is None or distribution == _HOST:
            return ""
        from pathlib import Path

        from registry_core.discovery.integrity import lock_flaw

        return lock_flaw(distribution, version, Path(metadata), self._lock)

    def refused_agents(
        self, distribution: str, plugin: str, version: str, agents: Iterable[AgentDefinition]
    ) -> tuple[str, ...]:
        """Return the short names of the agents that a list keeps out by themselves, sorted."""
        if not (self._block or self._allow):
            return ()
        whole = not self._allow or distribution == _HOST
        whole = whole or bool({distribution, f"{distribution}:{plugin}"} & self._allow)
        refused: list[str] = []
        for agent in agents:
            short = f"{distribution}/{agent.name}"
            names = {short, f"{short}@{agent.version or version}"}
            if names & self._block or not (whole or names & self._allow):
                refused.append(agent.name)
        return tuple(sorted(refused))


def _locked(file: str) -> Mapping[str, LockedDistribution]:
    # Few use a lock, and what compares digests takes as long to import as a dozen plugins to read.
    from registry_core.discovery.integrity import read_lock

    return read_lock(file)


def _normal(name: str) -> str:
    """Return *name* with its distribution in normal form."""
    for mark in ("/", ":"):
        if mark in name:
            distribution, _, rest = name.partition(mark)
            return f"{_normal(distribution)}{mark}{rest}"
    try:
        return PluginName.parse(name.strip())
    except InvalidNameError:
        return name
