"""Keeps a run in memory, as the store does on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from registry_core.results.durable import RunEnd, StageDone

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Notebook", "PowerCutError"]


class PowerCutError(Exception):
    """Nothing is kept any more."""


@dataclass
class Notebook:
    """Keeps a run in memory, until the power is cut."""

    calls_left: int
    begun: set[str] = field(default_factory=set[str])
    done: dict[str, StageDone] = field(default_factory=dict[str, StageDone])
    end: RunEnd | None = None

    def _call(self) -> None:
        if not self.calls_left:
            raise PowerCutError
        self.calls_left -= 1

    async def begin(self, starting: Sequence[str]) -> None:
        """Keep which stages begin."""
        self._call()
        self.begun |= set(starting)

    async def advance(self, done: StageDone, starting: Sequence[str]) -> None:
        """Keep the end of a stage."""
        self._call()
        assert done.record.stage_id not in self.done
        self.done[done.record.stage_id] = done
        self.begun |= set(starting)

    async def finish(self, done: StageDone | None, end: RunEnd) -> None:
        """Keep the end of the run."""
        self._call()
        if done is not None:
            assert done.record.stage_id not in self.done
            self.done[done.record.stage_id] = done
        self.end = end
