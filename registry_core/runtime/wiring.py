"""Who waits for whom in a pipeline, and who reads what."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from registry_core.pipeline.pipeline import FromStage

if TYPE_CHECKING:
    from registry_core.pipeline.pipeline import Pipeline, Stage

__all__ = ["Wiring"]


class Wiring:
    """The edges between the stages of one pipeline while one run goes along them.

    An output that nobody will read any more is named once, so that it can be let go.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        """Look at every binding once."""
        self._givers = {stage.id: _givers(stage) for stage in pipeline.stages}
        self._unmet = {stage: len(set(givers)) for stage, givers in self._givers.items()}
        self._readers: dict[str, list[str]] = {stage: [] for stage in self._givers}
        self._unread = Counter(pipeline.outputs)
        for stage, givers in self._givers.items():
            for giver in dict.fromkeys(givers):
                self._readers[giver].append(stage)
            self._unread.update(givers)
        self._shared = frozenset(stage for stage, readers in self._unread.items() if readers > 1)

    def ready(self) -> list[str]:
        """Return the stages that wait for no other, in the order of the pipeline."""
        return [stage for stage, unmet in self._unmet.items() if unmet == 0]

    def is_shared(self, stage: str) -> bool:
        """Return whether more than one input, or also the caller, gets the output of *stage*."""
        return stage in self._shared

    def finish(self, stage: str) -> tuple[list[str], list[str]]:
        """Return the stages that need not wait now, and those whose outputs nobody needs now."""
        freed: list[str] = []
        for reader in self._readers[stage]:
            self._unmet[reader] -= 1
            if self._unmet[reader] == 0:
                freed.append(reader)
        needless: list[str] = []
        for giver in self._givers[stage]:
            self._unread[giver] -= 1
            if self._unread[giver] == 0:
                needless.append(giver)
        return freed, needless


def _givers(stage: Stage) -> list[str]:
    return [b.source.stage for b in stage.bindings if isinstance(b.source, FromStage)]
