"""Where an agent's code lies: all that another process needs to bring it in."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CodePlace"]


@dataclass(frozen=True, slots=True)
class CodePlace:
    """Where the code of an agent lies.

    Attributes:
        plugin: Full name of its plugin, ``distribution:name``.
        version: Version of the distribution.
        metadata: Metadata folder of the distribution.
        target: What to import, as ``module:qualified.name``.
        lock: Lock file that the distribution must agree with; empty when none decides.
    """

    plugin: str
    version: str
    metadata: str
    target: str
    lock: str = ""

    @property
    def distribution(self) -> str:
        """Name of the distribution."""
        return self.plugin.partition(":")[0]
