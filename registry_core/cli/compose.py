"""``agentreg compose``."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

import click

from registry_core.cli.evidence import measured_of
from registry_core.cli.options import (
    GoalOptions,
    as_json,
    check_asked,
    discovered,
    goal_options,
    plain,
    terms_of,
)
from registry_core.cli.rendering import Output
from registry_core.cli.settings_file import change_settings, file_to_change, of_project, saves
from registry_core.cli.values import parse_have, schema_of_file
from registry_core.pipeline.pipeline import IDENTIFIER
from registry_core.settings.editing import with_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from registry_core.composer.ranking import Score
    from registry_core.composer.rejection import Rejection
    from registry_core.composer.terms import GoalTerms
    from registry_core.definitions.schema import JsonValue
    from registry_core.pipeline.plan import Plan, PlanSearch
    from registry_core.registry import Registry

__all__ = ["command", "plan_value"]


@click.command("compose")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@goal_options
@click.option("--limit", type=click.IntRange(min=1), default=1, help="Most plans to show.")
@click.option(
    "--draw",
    type=click.Choice(["html", "mermaid", "svg"]),
    help="Print the best plan as a drawing instead.",
)
@click.option("--explain", is_flag=True, help="Say of each agent that was not chosen why.")
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    help="Write the best plan's pipeline there, as .toml or .json, and lock it.",
)
@click.option("--lock", type=click.Path(path_type=Path), help="The lock, if not beside --save.")
@click.option("--save-as", metavar="NAME", help="Save it, to be run by this name.")
@of_project
@as_json
@plain
@click.pass_context
def command(  # noqa: PLR0913 -- one parameter an option
    ctx: click.Context,
    *,
    file: Path | None,
    limit: int,
    draw: Literal["html", "mermaid", "svg"] | None,
    explain: bool,
    save: Path | None,
    lock: Path | None,
    save_as: str | None,
    project: bool,
    as_json: bool,
    plain: bool,
    **goal: Unpack[GoalOptions],
) -> None:
    """Plan a pipeline from FILE, or from what --have says, and say why. Runs nothing."""
    check_asked(goal)
    if draw is not None and (as_json or explain):
        raise click.UsageError("--draw prints a drawing and nothing else: choose one")
    if save_as is not None and not IDENTIFIER.fullmatch(save_as):
        raise click.BadParameter("is no name: letters, digits, _ and -", param_hint="--save-as")
    registry = discovered(ctx)
    given = [parse_have(text)[0] for text in goal["have"]]
    if file is not None:
        given.insert(0, schema_of_file(registry.catalog, file))
    terms = terms_of(goal, given)
    search = registry.plans(limit=limit, evidence=measured_of(registry), **terms)
    output = Output(plain=plain)
    told = explain or draw == "html"
    others = _rejected(registry, search.best, terms) if told else None
    scores = _scores(registry, search.best) if told else {}
    if draw is not None:
        _draw(output, search.best, draw, others or (), scores)
    else:
        _answer(output, search, others, scores, as_json=as_json)
    if save_as is not None:
        _save_as(
            ctx,
            save_as,
            save,
            project=project,
            write=partial(_save, registry, search.best, terms, lock=lock),
        )
    elif save is not None:
        _save(registry, search.best, terms, save, lock)


def _answer(
    output: Output,
    search: PlanSearch,
    others: Iterable[Rejection] | None,
    scores: Mapping[str, Score],
    *,
    as_json: bool,
) -> None:
    if as_json:
        values = [plan_value(plan) for plan in search.plans]
        if others is not None:
            from registry_core.cli.evidence import score_value

            values[0]["rejected"] = [_rejection_value(other) for other in others]
            values[0]["scores"] = {agent: score_value(score) for agent, score in scores.items()}
        output.json([*values])
        return
    output.text("\n\n".join(plan.explain() for plan in search.plans))
    if others is not None:
        lines = [f"  {other}" for other in others] or ["  nobody else could have taken part"]
        ranks = [f"  {agent}: {score}" for agent, score in scores.items()]
        output.text("\n".join(["", "scores:", *ranks, "", "not in the best plan:", *lines]))


def _scores(registry: Registry, plan: Plan) -> dict[str, Score]:
    """Return what each agent of *plan* is worth, for the best that it claims."""
    from registry_core.cli.evidence import score_of

    agents = dict.fromkeys(registry.resolve(stage.agent) for stage in plan.pipeline.stages)
    return {agent: score_of(registry, agent) for agent in agents}


def _rejected(registry: Registry, plan: Plan, terms: GoalTerms) -> tuple[Rejection, ...]:
    from registry_core.composer.rejection import rejected
    from registry_core.composer.terms import goal_of

    catalog, goal = goal_of(registry.catalog, **terms)
    return rejected(catalog, goal, plan)


def _rejection_value(rejection: Rejection) -> dict[str, JsonValue]:
    from dataclasses import asdict

    from registry_core.composer.rejection import describe

    reason = rejection.reason
    return {
        "agent": rejection.agent,
        "part": rejection.part,
        "kind": type(reason).__name__.lower(),
        "facts": asdict(reason),
        "text": describe(reason),
    }


def _draw(
    output: Output,
    plan: Plan,
    form: Literal["html", "mermaid", "svg"],
    others: Iterable[Rejection],
    scores: Mapping[str, Score],
) -> None:
    from registry_core.pipeline.drawing import mermaid, svg
    from registry_core.pipeline.page import page

    match form:
        case "mermaid":
            output.text(mermaid(plan))
        case "svg":
            output.text(svg(plan))
        case "html":
            told = {agent: str(score) for agent, score in scores.items()}
            output.text(page(plan, rejected=map(str, others), scores=told))


def _save_as(
    ctx: click.Context,
    name: str,
    save: Path | None,
    *,
    project: bool,
    write: Callable[[Path], None],
) -> None:
    """Write the pipeline to *save*, else beside the settings, and its name into them."""
    settings = file_to_change(ctx, project=project)
    if not saves(ctx, None):
        click.echo("not saved: cli.auto_save is false; see: agentreg config set --help", err=True)
        return
    file = save or settings.parent / "pipelines" / f"{name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    write(file)
    path = os.path.relpath(file, settings.absolute().parent).replace(os.sep, "/")
    key = ("pipelines", name)
    change_settings(settings, lambda old: with_value(str(settings), old, key, path), save=True)
    click.echo(f"saved as {name}: agentreg run {name}", err=True)


def _save(registry: Registry, plan: Plan, terms: GoalTerms, file: Path, lock: Path | None) -> None:
    from dataclasses import replace

    from registry_core.cli import artefacts
    from registry_core.composer.terms import goal_of
    from registry_core.pipeline.files import pipeline_text
    from registry_core.pipeline.lock import Lock, joined
    from registry_core.pipeline.pipeline import IDENTIFIER

    artefacts.check_form(file)
    label = file.stem if IDENTIFIER.fullmatch(file.stem) else plan.pipeline.name
    pipeline = replace(plan.pipeline, name=label)
    place = artefacts.beside(file, lock)
    name = artefacts.name_in(place, file)
    made = artefacts.lock_of(registry, name, pipeline)
    goal = goal_of(registry.catalog, **terms)[1]
    entry = replace(
        made.pipelines[name],
        have=plan.have,
        want=plan.want,
        capabilities=tuple(map(str, goal.capabilities)),
        any_order=tuple(map(str, goal.any_order)),
        ends=(str(goal.first or ""), str(goal.last or "")),
        exclude=tuple(sorted(goal.exclude)),
        require=tuple(sorted(goal.require)),
        limits=goal.limits,
        objective=plan.objective,
    )
    old = artefacts.open_lock(place) if place.exists() else Lock()
    locked = joined(str(place), old, replace(made, pipelines={name: entry}))
    artefacts.write((file, pipeline_text(file.name, pipeline)), (place, locked.to_json()))
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
        "latency_seconds": plan.latency_seconds,
        "memory_mib": plan.memory_mib,
        "success": plan.success,
        "score": plan.score,
        "objective": plan.objective,
        "value": plan.value,
        "lower_bound": plan.lower_bound,
        "against": plan.against,
        "against_value": plan.against_value,
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
