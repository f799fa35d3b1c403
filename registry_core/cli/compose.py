"""``agentreg compose``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_core.cli.options import as_json, discovered, goal_options, plain
from registry_core.cli.rendering import Output
from registry_core.cli.values import parse_have, schema_of_file

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue
    from registry_core.pipeline.plan import Objective, Plan

__all__ = ["command", "plan_value"]


@click.command("compose")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@goal_options
@click.option("--limit", type=click.IntRange(min=1), default=1, help="Most plans to show.")
@as_json
@plain
@click.pass_context
def command(  # noqa: PLR0913 -- one parameter an option
    ctx: click.Context,
    *,
    file: Path | None,
    want: tuple[str, ...],
    have: tuple[str, ...],
    capabilities: tuple[str, ...],
    exclude: tuple[str, ...],
    require: tuple[str, ...],
    max_stages: int | None,
    objective: Objective,
    limit: int,
    as_json: bool,
    plain: bool,
) -> None:
    """Plan a pipeline from FILE, or from what --have says, and say why. Runs nothing."""
    if not want and not capabilities:
        raise click.UsageError("say what must come out: --want SCHEMA, or --capability NAME")
    registry = discovered(ctx)
    given = [parse_have(text)[0] for text in have]
    if file is not None:
        given.insert(0, schema_of_file(registry.catalog, file))
    search = registry.plans(
        have=given,
        want=want,
        capabilities=capabilities,
        exclude=exclude,
        require=require,
        max_stages=max_stages,
        objective=objective,
        limit=limit,
    )
    output = Output(plain=plain)
    if as_json:
        output.json([plan_value(plan) for plan in search.plans])
        return
    for number, plan in enumerate(search.plans, start=1):
        if number > 1:
            output.text()
        output.text(plan.explain())


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
