"""``agentreg suggest``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry_core.cli.compose import plan_value
from registry_core.cli.options import as_json, discovered, plain
from registry_core.cli.rendering import Output
from registry_core.pipeline.plan import reached

if TYPE_CHECKING:
    from registry_core.composer.suggesting import Chained

__all__ = ["command"]


@click.command("suggest")
@click.argument("start")
@click.argument("end")
@click.option("--limit", type=click.IntRange(min=1), default=10, help="Most chains to show.")
@click.option(
    "--max-stages",
    type=click.IntRange(min=1),
    default=6,
    show_default=True,
    help="Most agents in a chain.",
)
@click.option(
    "--objective",
    type=click.Choice(["stages", "cost"]),
    default="stages",
    show_default=True,
    help="Whether short chains or cheap ones come first.",
)
@as_json
@plain
@click.pass_context
def command(
    ctx: click.Context,
    *,
    start: str,
    end: str,
    limit: int,
    max_stages: int,
    objective: Chained,
    as_json: bool,
    plain: bool,
) -> None:
    """Show chains of agents from the capability START to the capability END. Runs nothing.

    Unlike a plan, a chain may hold agents that it could do without. Both capabilities may carry
    the versions that an agent must be of, such as 'reporting>=1.2'.
    """
    search = discovered(ctx).suggest(
        start, end, limit=limit, max_stages=max_stages, objective=objective
    )
    output = Output(plain=plain)
    if as_json:
        output.json([plan_value(plan) for plan in search.plans])
        return
    rows = [
        (
            reached(plan.objective, plan.value),
            " -> ".join(stage.agent for stage in plan.pipeline.stages),
        )
        for plan in search.plans
    ]
    output.table((objective, "chain"), rows)
    if not search.complete:
        output.text("there are more: --limit, --max-stages")
