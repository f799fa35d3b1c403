"""What discovery found: one record a plugin, whatever became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from registry_core.definitions.manifest import Manifest

__all__ = ["Conflict", "DiscoveryReport", "PluginRecord", "PluginState"]

PluginState: TypeAlias = Literal[
    "ok", "incompatible", "conflict", "blocked", "broken", "quarantined"
]


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """One plugin of one distribution.

    Attributes:
        name: Name of the entry point, in normal form where it has one.
        distribution: Name of the distribution, in normal form where it has one.
        version: Version of the distribution.
        location: Its metadata folder.
        state: Whether it can be used.
        manifest: What it offers; None where that could not be read.
        module: Module with its hooks, or empty.
        code: Which check stopped it, as one word; empty when nothing did.
        reason: What stopped it.
        fix: What to type next.
        notes: What is odd, without stopping it.
        blocked_agents: Short names of its agents that the settings keep out, sorted.
    """

    name: str
    distribution: str
    version: str
    location: str
    state: PluginState
    manifest: Manifest | None = None
    module: str = ""
    code: str = ""
    reason: str = ""
    fix: str = ""
    notes: tuple[str, ...] = ()
    blocked_agents: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """``distribution:name``, which no other plugin has."""
        return f"{self.distribution}:{self.name}"

    @property
    def offered(self) -> Manifest | None:
        """What of its manifest can be used; None when nothing can.

        A plugin whose name is contested can be used by the full ids of its agents.
        """
        usable = self.state == "ok" or (self.state == "conflict" and self.code == "plugin_name")
        if self.manifest is None or not usable:
            return None
        if not self.blocked_agents:
            return self.manifest
        kept = (a for a in self.manifest.agents if a.name not in self.blocked_agents)
        return replace(self.manifest, agents=tuple(kept))


@dataclass(frozen=True, slots=True)
class Conflict:
    """One name, or one file, with several owners.

    Attributes:
        kind: What is contested.
        name: The contested name, or the file.
        owners: Everybody who has it, sorted.
        pin: What to write or to type to decide.
    """

    kind: Literal["agent", "distribution", "file", "plugin", "schema"]
    name: str
    owners: tuple[str, ...]
    pin: str


@dataclass(frozen=True, slots=True)
class DiscoveryReport:
    """Everything that one discovery found, sorted by plugin and distribution.

    Attributes:
        plugins: One record for each plugin, the failed too.
        conflicts: Names and files with several owners.
    """

    plugins: tuple[PluginRecord, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def problems(self) -> tuple[PluginRecord, ...]:
        """The plugins in a state other than ok."""
        return tuple(record for record in self.plugins if record.state != "ok")
