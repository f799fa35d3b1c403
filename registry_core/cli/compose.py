"""``agentreg compose``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

import click

from registry_core.cli.options import GoalOptions, as_json, discovered, goal_options, plain
from registry_core.cli.rendering import Output
from registry_core.cli.values import parse_have, schema_of_file

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue
    from registry_core.pipeline.plan import Plan
    from registry_core.registry import Registry

__all__ = ["command", "plan_value"]


@click.command("compose")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@goal_options
@click.option("--limit", type=click.IntRange(min=1), default=1, help="Most plans to show.")
@click.option(
    "--draw",
    type=click.Choice(["mermaid", "svg"]),
    help="Print the best plan as a drawing instead.",
)
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    help="Write the best plan's pipeline there, as .toml or .json, and lock it.",
)
@click.option("--lock", type=click.Path(path_type=Path), help="The lock, if not beside --save.")
@as_json
@plain
@click.pass_context
def command(
    ctx: click.Context,
    *,
    file: Path | None,
    limit: int,
    draw: Literal["mermaid", "svg"] | None,
    save: Path | None,
    lock: Path | None,
    as_json: bool,
    plain: bool,
    **goal: Unpack[GoalOptions],
) -> None:
    """Plan a pipeline from FILE, or from what --have says, and say why. Runs nothing."""
    if not goal["want"] and not goal["capabilities"]:
        raise click.UsageError("say what must come out: --want SCHEMA, or --capability NAME")
    if draw is not None and as_json:
        raise click.UsageError("--draw and --json are two forms of one answer: choose one")
    registry = discovered(ctx)
    given = [parse_have(text)[0] for text in goal["have"]]
    if file is not None:
        given.insert(0, schema_of_file(registry.catalog, file))
    search = registry.plans(
        have=given,
        want=goal["want"],
        capabilities=goal["capabilities"],
        exclude=goal["exclude"],
        require=goal["require"],
        max_stages=goal["max_stages"],
        objective=goal["objective"],
        limit=limit,
    )
    output = Output(plain=plain)
    if draw is not None:
        _draw(output, search.best, draw)
    elif as_json:
        output.json([plan_value(plan) for plan in search.plans])
    else:
        output.text("\n\n".join(plan.explain() for plan in search.plans))
    if save is not None:
        _save(registry, search.best, goal, save, lock)


def _draw(output: Output, plan: Plan, form: Literal["mermaid", "svg"]) -> None:
    from registry_core.pipeline.drawing import mermaid, svg

    output.text(mermaid(plan) if form == "mermaid" else svg(plan))


def _save(registry: Registry, plan: Plan, goal: GoalOptions, file: Path, lock: Path | None) -> None:
    from dataclasses import replace

    from registry_core.cli import artefacts
    from registry_core.names import CapabilityName
    from registry_core.pipeline.files import pipeline_text
    from registry_core.pipeline.lock import Lock, joined
    from registry_core.pipeline.pipeline import IDENTIFIER

    artefacts.check_form(file)
    label = file.stem if IDENTIFIER.fullmatch(file.stem) else plan.pipeline.name
    pipeline = replace(plan.pipeline, name=label)
    place = artefacts.beside(file, lock)
    name = artefacts.name_in(place, file)
    made = artefacts.lock_of(registry, name, pipeline)
    entry = replace(
        made.pipelines[name],
        have=plan.have,
        want=plan.want,
        capabilities=tuple(map(CapabilityName.parse, goal["capabilities"])),
        exclude=tuple(map(registry.resolve, goal["exclude"])),
        objective=plan.objective,
    )
    old = artefacts.open_lock(place) if place.exists() else Lock()
    locked = joined(str(place), old, replace(made, pipelines={name: entry}))
    artefacts.write(file, pipeline_text(file.name, pipeline))
    artefacts.write(place, locked.to_json())
    click.echo(f"wrote {file} and {place}", err=True)


def plan_value(plan: Plan) -> dict[str, JsonValue]:
    """Return *plan* as JSON."""
    import json

    return {
        "pipeline": json.loads(plan.pipeline.to_json()),
        "have": list(plan.have),
        "want": list(plan.want),
        "stages": len(plan.pipeline.stages),
        "depth": plan.depth,
        "cost": plan.cost,
        "objective": plan.objective,
        "value": plan.value,
        "lower_bound": plan.lower_bound,
        "proved": plan.proved,
        "edges": [
            {
                "stage": edge.stage or None,
                "input": edge.input,
                "gives": edge.gives,
                "takes": edge.takes,
                "why": edge.why,
            }
            for edge in plan.edges
        ],
    }
