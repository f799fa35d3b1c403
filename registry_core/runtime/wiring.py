"""Who waits for whom in a pipeline, and who reads what."""

from __future__ import annotations

from collections import Counter

from registry_core.pipeline.pipeline import FromStage, Pipeline, Source, Stage

__all__ = ["Wiring"]


class Wiring:
    """The edges of one pipeline while one run goes along them.

    A value that nobody will read any more is named once, so that it can be let go.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        """Look at every binding once."""
        self._unmet: dict[str, int] = {}
        self._readers: dict[str, list[str]] = {}
        self._unread: Counter[Source] = Counter()
        for stage in pipeline.stages:
            givers = {b.source.stage for b in stage.bindings if isinstance(b.source, FromStage)}
            self._unmet[stage.id] = len(givers)
            for giver in givers:
                self._readers.setdefault(giver, []).append(stage.id)
            self._unread.update(binding.source for binding in stage.bindings)
        self._unread.update(FromStage(wanted) for wanted in pipeline.outputs)
        self._shared = frozenset(source for source, n in self._unread.items() if n > 1)

    def ready(self) -> list[str]:
        """Return the stages that wait for no other, in the order of the pipeline."""
        return [stage for stage, unmet in self._unmet.items() if unmet == 0]

    def is_shared(self, source: Source) -> bool:
        """Return whether more than one input, or also the caller, gets the value of *source*."""
        return source in self._shared

    def finish(self, stage: Stage) -> tuple[list[str], list[Source]]:
        """Return the stages that wait no longer now, and the sources that nobody reads any more."""
        freed: list[str] = []
        for reader in self._readers.get(stage.id, ()):
            self._unmet[reader] -= 1
            if self._unmet[reader] == 0:
                freed.append(reader)
        done: list[Source] = []
        for binding in stage.bindings:
            self._unread[binding.source] -= 1
            if self._unread[binding.source] == 0:
                done.append(binding.source)
        return freed, done
