"""``agentreg diff``."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_core.cli.artefacts import beside, drift_of, name_in, open_lock, open_pipeline
from registry_core.cli.compose import plan_value
from registry_core.cli.evidence import measured_of
from registry_core.cli.options import as_json, discovered, plain
from registry_core.cli.rendering import Output
from registry_core.errors import NameLookupError, NoPlanError
from registry_core.pipeline.diff import compare, current_agent, current_schema

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue
    from registry_core.pipeline.diff import BrokenEdge, PipelineDiff
    from registry_core.pipeline.lock import Drift, LockedPipeline
    from registry_core.pipeline.plan import Plan
    from registry_core.registry import Registry

__all__ = ["command"]


@click.command("diff")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--lock", type=click.Path(path_type=Path), help="The lock, if not beside FILE.")
@as_json
@plain
@click.pass_context
def command(
    ctx: click.Context, *, file: Path, lock: Path | None, as_json: bool, plain: bool
) -> None:
    """Show what an upgrade changed for the saved pipeline in FILE, and what to run instead.

    Names each edge that no longer fits, with a value that shows it, and the best plan there is
    now for the same goal. Runs nothing. Exits with 1 when something changed.
    """
    registry = discovered(ctx)
    found, place = open_pipeline(file), beside(file, lock)
    known = open_lock(place)
    name = name_in(place, file)
    drifts = drift_of(registry, known, name, found.pipeline)
    entry = known.pipelines.get(name)
    diff = compare(found.pipeline, registry.catalog, entry.want if entry else ())
    plan, reason = (None, "") if diff.runs or entry is None else _replanned(registry, entry)
    output = Output(plain=plain)
    if as_json:
        output.json(_value(drifts, diff, plan, reason))
    else:
        _print(output, drifts, diff, plan, reason, _command_line(entry, file) if entry else "")
    if drifts or not diff.runs:
        ctx.exit(1)


def _replanned(registry: Registry, entry: LockedPipeline) -> tuple[Plan | None, str]:
    """Return the best plan for the goal of *entry*, or why there is none."""
    catalog = registry.catalog
    excluded = (current_agent(agent, catalog) for agent in entry.exclude)
    try:
        search = registry.plans(
            have=[current_schema(schema, catalog) or schema for schema in entry.have],
            want=[current_schema(schema, catalog) or schema for schema in entry.want],
            capabilities=entry.capabilities,
            any_order=entry.any_order,
            first=entry.ends[0],
            last=entry.ends[1],
            exclude=[agent for agent in excluded if agent is not None],
            require=[current_agent(agent, catalog) or agent for agent in entry.require],
            max_stages=entry.limits.stages,
            max_cost=entry.limits.cost,
            max_memory_mib=entry.limits.memory_mib,
            max_latency_seconds=entry.limits.latency_seconds,
            objective=entry.objective,
            evidence=measured_of(registry),
        )
    except (NoPlanError, NameLookupError) as error:
        return None, str(error)
    return search.best, ""


def _command_line(entry: LockedPipeline, file: Path) -> str:
    """Return what to type to plan for the goal of *entry* again, and to keep that."""
    limits, (first, last) = entry.limits, entry.ends
    options: list[tuple[str, object]] = [
        *(("--have", schema.name) for schema in entry.have),
        *(("--want", schema.name) for schema in entry.want),
        *(("--capability", name) for name in entry.capabilities),
        *(("--any-order", name) for name in entry.any_order),
        ("--first", first),
        ("--last", last),
        *(("--exclude", agent.rpartition("@")[0]) for agent in entry.exclude),
        *(("--require", agent.rpartition("@")[0]) for agent in entry.require),
        ("--max-stages", limits.stages),
        ("--max-cost", limits.cost),
        ("--max-memory", limits.memory_mib),
        ("--max-latency", limits.latency_seconds),
        ("--objective", entry.objective if entry.objective != "stages" else None),
        ("--save", file),
    ]
    words = [
        word for option, value in options if value not in {None, ""} for word in (option, value)
    ]
    return shlex.join(["agentreg", "compose", *map(str, words)])


def _print(
    output: Output,
    drifts: tuple[Drift, ...],
    diff: PipelineDiff,
    plan: Plan | None,
    reason: str,
    command_line: str,
) -> None:
    for drift in drifts:
        output.text(str(drift))
    for edge in diff.broken:
        output.text(f"broken: {edge}")
    for fault in diff.faults:
        output.text(f"wrong: {fault}")
    if diff.runs:
        lead = "every edge still fits" if drifts else "nothing changed"
        output.text(lead)
    elif plan is not None:
        output.text("\nthe best plan now:")
        output.text(plan.explain())
        output.text(f"\nkeep it: {command_line}")
    elif reason:
        output.text(f"\n{reason}")


def _value(
    drifts: tuple[Drift, ...], diff: PipelineDiff, plan: Plan | None, reason: str
) -> dict[str, JsonValue]:
    return {
        "drift": [asdict(drift) for drift in drifts],
        "broken": [_edge_value(edge) for edge in diff.broken],
        "faults": [{"path": fault.path, "message": fault.message} for fault in diff.faults],
        "runs": diff.runs,
        "plan": None if plan is None else plan_value(plan),
        "reason": reason,
    }


def _edge_value(edge: BrokenEdge) -> dict[str, JsonValue]:
    return {
        "stage": edge.stage or None,
        "input": edge.input,
        "origin": edge.origin or None,
        "gives": edge.gives,
        "takes": edge.takes,
        "pointer": edge.misfit.pointer,
        "reason": edge.misfit.reason,
        "witness": edge.misfit.witness,
    }
