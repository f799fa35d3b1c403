"""``agentreg run``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_core.cli.compose import plan_value
from registry_core.cli.options import as_json, discovered, goal_options, plain
from registry_core.cli.rendering import Output, Progress, shielded
from registry_core.cli.values import (
    completed,
    document_value,
    parse_have,
    schema_of_file,
    written_output,
)
from registry_core.errors import UnknownNameError

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue
    from registry_core.pipeline.plan import Objective, Plan
    from registry_core.registry import Registry
    from registry_core.results.run import RunResult

__all__ = ["command"]


@click.command("run")
@click.argument("file", metavar="[FILE|AGENT]", required=False, type=click.Path(path_type=Path))
@goal_options
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the result.")
@click.option("--middleware", multiple=True, metavar="NAME", help="Wrap it around each stage.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for the run.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
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
    out: Path | None,
    middleware: tuple[str, ...],
    timeout: float | None,
    quiet: bool,
    as_json: bool,
    plain: bool,
) -> None:
    """Plan a pipeline from FILE, or from the values of --have, and run it.

    The schema of FILE is the one that declares its media type. In place of a file an AGENT may
    stand: then the plan uses it, and what it gives is wanted. The code of the plugins that the
    plan names is imported now, and none other.
    """
    registry = discovered(ctx)
    if file is not None and not file.exists() and (agent := _agent_named(registry, str(file))):
        file, require = None, (*require, agent)
        want = want or (registry.catalog.definition(agent).output,)
    if not want and not capabilities:
        raise click.UsageError("say what must come out: --want SCHEMA, or --capability NAME")
    given = _given(registry, file, have)
    plan = registry.plan(
        have=list(given),
        want=want,
        capabilities=capabilities,
        exclude=exclude,
        require=require,
        max_stages=max_stages,
        objective=objective,
    )
    with shielded(plain=plain) as output:
        if not as_json and not quiet:
            output.text(plan.explain())
        result = _run(registry, plan, given, middleware, timeout, quiet=quiet or as_json)
        if as_json:
            output.json({"plan": plan_value(plan), "result": json.loads(result.to_json())})
        else:
            _print(output, result)
        if result.ok:
            _deliver(output, result, out, as_json=as_json)
    if not result.ok:
        _explain(result)
        ctx.exit(1)


def _agent_named(registry: Registry, name: str) -> str:
    try:
        return registry.resolve(name)
    except UnknownNameError:
        return ""


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


def _run(
    registry: Registry,
    plan: Plan,
    given: dict[str, JsonValue],
    middleware: tuple[str, ...],
    timeout: float | None,
    *,
    quiet: bool,
) -> RunResult:
    from registry_core.runtime.scope import RunOptions

    options = RunOptions(
        timeout_seconds=timeout,
        attempt_timeout_seconds=registry.settings.run.timeout_seconds,
    )
    with Progress(total=len(plan.pipeline.stages), quiet=quiet) as progress:
        return registry.run_sync(
            plan,
            *given.values(),
            middleware=middleware,
            observers=[progress],
            options=options,
        )


def _print(output: Output, result: RunResult) -> None:
    output.text()
    output.table(
        ("stage", "agent", "status", "attempts", "ms", "note"),
        (
            (
                stage.stage_id,
                stage.agent,
                stage.status,
                str(len(stage.attempts)),
                f"{stage.seconds * 1000:.0f}",
                f"from {stage.answered_by}" if stage.answered_by else "",
            )
            for stage in result.stages
        ),
    )
    output.text(f"run {result.run_id}: {result.status} in {result.seconds * 1000:.0f} ms")


def _deliver(output: Output, result: RunResult, out: Path | None, *, as_json: bool) -> None:
    found: JsonValue = json.loads(result.to_json())["output"]
    if out is None:
        if not as_json:
            output.text(_shortened(found))
        return
    data = written_output(found)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.part")
    part.write_bytes(data)
    part.replace(out)
    if not as_json:
        output.text(f"wrote {out} ({len(data)} bytes)")


def _shortened(value: JsonValue, limit: int = 4000) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit]}\n... cut; write it all: --out FILE"


def _explain(result: RunResult) -> None:
    error = result.error
    if error is not None:
        stage = f"stage {error.stage_id}: " if error.stage_id else ""
        kind = f"{error.type}: " if error.type else ""
        click.echo(f"error: {stage}{kind}{error.message} ({error.code})", err=True)
        for cause in error.cause:
            click.echo(f"  caused by {cause}", err=True)
