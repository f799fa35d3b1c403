"""``agentreg run``."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click
from click.core import ParameterSource

from registry_core.cli.compose import plan_value
from registry_core.cli.evidence import measured_of
from registry_core.cli.execution import Execution, run_now
from registry_core.cli.options import (
    GoalOptions,
    as_json,
    check_asked,
    discovered,
    goal_options,
    plain,
    terms_of,
)
from registry_core.cli.outcome import deliver, explain, show_result
from registry_core.cli.rendering import shielded
from registry_core.cli.saved import open_ready, values_for
from registry_core.cli.values import (
    completed,
    document_value,
    parse_have,
    schema_of_file,
)
from registry_core.definitions.schema import JsonValue
from registry_core.errors import UnknownNameError
from registry_core.pipeline.pipeline import Pipeline
from registry_core.pipeline.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registry_core.registry import Registry

__all__ = ["command"]


@dataclass(frozen=True, slots=True)
class _Work:
    """What to run, on what, and how to say so."""

    what: Plan | Pipeline
    values: dict[str, JsonValue]

    @property
    def pipeline(self) -> Pipeline:
        return self.what if isinstance(self.what, Pipeline) else self.what.pipeline


@click.command("run")
@click.argument(
    "file", metavar="[FILE|PIPELINE|AGENT]", required=False, type=click.Path(path_type=Path)
)
@goal_options
@click.option(
    "--pipeline",
    "saved",
    metavar="FILE|NAME",
    type=click.Path(path_type=Path),
    help="Run this saved pipeline instead of planning one.",
)
@click.option("--frozen", is_flag=True, help="Refuse a saved pipeline that is not as locked.")
@click.option("--lock", type=click.Path(path_type=Path), help="The lock, if not beside it.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the result.")
@click.option("--middleware", multiple=True, metavar="NAME", help="Wrap it around each stage.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for the run.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@click.option("--no-store", is_flag=True, help="Keep nothing of the run.")
@as_json
@plain
@click.pass_context
def command(  # noqa: PLR0913 -- one parameter an option
    ctx: click.Context,
    *,
    file: Path | None,
    saved: Path | None,
    frozen: bool,
    lock: Path | None,
    out: Path | None,
    middleware: tuple[str, ...],
    timeout: float | None,
    quiet: bool,
    no_store: bool,
    as_json: bool,
    plain: bool,
    **goal: Unpack[GoalOptions],
) -> None:
    """Plan a pipeline from FILE, or from the values of --have, and run it.

    The schema of FILE is the one that declares its media type. In place of a file an AGENT may
    stand: then the plan uses it, and what it gives is wanted. With the name of a saved PIPELINE,
    or with --pipeline, nothing is planned.
    The code of the plugins that the pipeline names is imported now, and none other.
    """
    registry = discovered(ctx)
    saved, file = _saved(registry.settings.pipelines, saved, file)
    if (frozen or lock is not None) and saved is None:
        raise click.UsageError("--frozen and --lock are about a saved pipeline: --pipeline FILE")
    if saved is None:
        work = _planned(registry, file, goal)
    else:
        _check_goal(ctx)
        pipeline = open_ready(registry, saved, lock, frozen=frozen)
        work = _Work(pipeline, values_for(registry.catalog, pipeline, file, goal["have"]))
    with shielded(plain=plain) as output:
        if not as_json and not quiet:
            output.text(_shown(work))
        how = Execution(
            middleware=middleware,
            timeout_seconds=timeout,
            quiet=quiet or as_json,
            keeps=registry.settings.monitoring.enabled and not no_store,
        )
        ended = run_now(registry, work.what, work.values, how)
        result = ended.result
        if as_json:
            output.json({**_value(work), "result": json.loads(result.to_json())})
        else:
            show_result(output, result)
        if result.ok:
            deliver(output, result, out, as_json=as_json)
    if not result.ok:
        explain(result)
        ctx.exit(ended.code)


def _saved(
    pipelines: Mapping[str, str], saved: Path | None, file: Path | None
) -> tuple[Path | None, Path | None]:
    """Return the file of the pipeline to run, and that of the document; a name leads to its file.

    A file that is there is meant before a name, and the name of a pipeline before an agent's.
    """
    if saved is not None:
        name = str(saved)
        return (Path(pipelines[name]) if not saved.exists() and name in pipelines else saved), file
    if file is not None and not file.exists() and str(file) in pipelines:
        return Path(pipelines[str(file)]), None
    return None, file


def _planned(registry: Registry, file: Path | None, goal: GoalOptions) -> _Work:
    want, require = goal["want"], goal["require"]
    if file is not None and not file.exists() and (agent := _agent_named(registry, str(file))):
        file, require = None, (*require, agent)
        want = want or (registry.catalog.definition(agent).output,)
    if file is not None and not file.exists() and not (want or goal["capabilities"]):
        raise click.BadParameter(_unknown(registry, str(file)), param_hint="FILE")
    check_asked({**goal, "want": want})
    given = _given(registry, file, goal["have"])
    terms = terms_of({**goal, "want": want, "require": require}, given)
    plan = registry.plan(evidence=measured_of(registry), **terms)
    names = (declared.name for declared in plan.pipeline.inputs)
    return _Work(plan, dict(zip(names, given.values(), strict=True)))


def _check_goal(ctx: click.Context) -> None:
    """Refuse options that plan, where nothing is planned."""
    given = [name for name in GoalOptions.__annotations__ if name != "have"]
    typed = ParameterSource.COMMANDLINE
    if any(ctx.get_parameter_source(name) is typed for name in given):
        raise click.UsageError("a saved pipeline is not planned: it takes FILE and --have only")


def _shown(work: _Work) -> str:
    if isinstance(work.what, Plan):
        return work.what.explain()
    stages = (f"{number:3}. {s.agent}" for number, s in enumerate(work.what.stages, start=1))
    return "\n".join((f"pipeline {work.what.name}", *stages))


def _value(work: _Work) -> dict[str, JsonValue]:
    if isinstance(work.what, Plan):
        return {"plan": plan_value(work.what)}
    return {"pipeline": json.loads(work.what.to_json())}


def _agent_named(registry: Registry, name: str) -> str:
    try:
        return registry.resolve(name)
    except UnknownNameError:
        return ""


def _unknown(registry: Registry, name: str) -> str:
    agents = {agent.partition("/")[2].partition("@")[0] for agent in registry.agents}
    close = difflib.get_close_matches(name, {*registry.settings.pipelines, *agents}, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"{name!r} is no file, no saved pipeline and no agent{hint}"


def _given(registry: Registry, file: Path | None, have: tuple[str, ...]) -> dict[str, JsonValue]:
    given: dict[str, JsonValue] = {}
    if file is not None:
        schema = schema_of_file(registry.catalog, file)
        given[schema] = document_value(file, registry.catalog.schemas.definitions[schema])
    for text in have:
        name, value, is_value = parse_have(text)
        if not is_value:
            raise click.BadParameter(
                f"{name} has no value: write {name}=@FILE.json", param_hint="--have"
            )
        schema = registry.catalog.resolve_schema(name)
        given[schema] = completed(value, registry.catalog.schemas.definitions[schema])
    return given
