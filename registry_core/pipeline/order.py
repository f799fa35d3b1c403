"""Whether every stage comes after the stages that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.pipeline.pipeline import FromStage

if TYPE_CHECKING:
    from registry_core.pipeline.pipeline import Pipeline

__all__ = ["misplaced"]


def misplaced(pipeline: Pipeline) -> dict[tuple[str, str], str]:
    """Return why a stage cannot be read where it is, by the path of the reader and its name.

    >>> from registry_core.pipeline.pipeline import Pipeline
    >>> misplaced(Pipeline("p").stage("a", sources={"x": "a"}))
    {('stages.a.x', 'a'): 'the stage reads its own output'}
    """
    place: dict[str, int] = {}
    for index, stage in enumerate(pipeline.stages):
        place.setdefault(stage.id, index)
    reads = {
        stage.id: [b.source.stage for b in stage.bindings if isinstance(b.source, FromStage)]
        for stage in pipeline.stages
    }
    reasons: dict[tuple[str, str], str] = {}
    for index, stage in enumerate(pipeline.stages):
        for binding in stage.bindings:
            if not isinstance(binding.source, FromStage):
                continue
            name = binding.source.stage
            if place.get(name, -1) < index and name in place:
                continue
            reasons[f"stages.{stage.id}.{binding.input}", name] = _why(stage.id, name, reads)
    return reasons


def _why(reader: str, name: str, reads: dict[str, list[str]]) -> str:
    if name == reader:
        return "the stage reads its own output"
    if name not in reads:
        return f"no stage is named {name!r}"
    route = _route(name, reader, reads)
    if route:
        return f"is part of a cycle: {' reads '.join((reader, *route))}"
    return f"stage {name!r} comes later: put it before this one"


def _route(start: str, goal: str, reads: dict[str, list[str]]) -> list[str]:
    """Return the stages from *start* to *goal*, each reading the next; empty if there are none."""
    routes = {start: [start]}
    waiting = [start]
    for name in waiting:
        for read in reads.get(name, ()):
            if read not in routes:
                routes[read] = [*routes[name], read]
                waiting.append(read)
    return routes.get(goal, [])
