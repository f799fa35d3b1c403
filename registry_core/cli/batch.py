"""``agentreg batch``."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_core.cli.batch_lines import lines_of, row_of
from registry_core.cli.batch_progress import BatchDisplay, summary_line
from registry_core.cli.options import discovered
from registry_core.cli.rendering import shielded
from registry_core.cli.saved import open_ready
from registry_core.cli.stopping import TERMINATED, cancel_when_terminated
from registry_core.cli.values import completed
from registry_core.errors import Fault, ManifestError, PipelineError, RegistryError
from registry_core.names import SchemaId
from registry_core.pipeline.pipeline import Pipeline
from registry_core.results.batch import Outcome
from registry_core.results.outcomes import ErrorRecord

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from registry_core.cli.batch_lines import Line, Lines
    from registry_core.definitions.schema import JsonValue
    from registry_core.registry import Registry
    from registry_core.results.batch import BatchResult
    from registry_core.results.run import RunResult
    from registry_core.runtime.batching_options import BatchOptions
    from registry_core.runtime.scope import RunOptions

__all__ = ["command", "work_of"]

_PARTIAL = 3


@click.command("batch")
@click.argument("what", metavar="PIPELINE|AGENT")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--concurrency", type=click.IntRange(min=1), default=8, show_default=True, help="Most at once."
)
@click.option("--ordered/--as-completed", default=True, help="Results as in FILE, or as items end.")
@click.option("--max-failures", type=click.IntRange(min=1), help="Begin no more after so many.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for the whole batch."
)
@click.option(
    "--item-timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for each item."
)
@click.option(
    "--success-threshold",
    type=click.FloatRange(min=0, max=1),
    default=1.0,
    show_default=True,
    help="Share of the items that has to succeed.",
)
@click.option("--key", metavar="FIELD", help="Name each item by this field of its line.")
@click.option("--output", type=click.Path(path_type=Path), help="Where to write the results.")
@click.option("--progress/--no-progress", default=True, help="Show how far it is.")
@click.pass_context
def command(  # noqa: PLR0913 -- one parameter an option
    ctx: click.Context,
    *,
    what: str,
    file: Path,
    concurrency: int,
    ordered: bool,
    max_failures: int | None,
    timeout: float | None,
    item_timeout: float | None,
    success_threshold: float,
    key: str | None,
    output: Path | None,
    progress: bool,
) -> None:
    """Run a saved pipeline or an AGENT on every line of FILE.

    FILE may be -, which is standard input. A line is the JSON value of the one input; where several
    inputs are needed, an object of them by name. For each line that is not blank there is one line
    of JSON, as soon as it is known.
    """
    from registry_core.runtime.batching_options import BatchOptions
    from registry_core.runtime.scope import RunOptions

    registry = discovered(ctx)
    options = BatchOptions(
        max_concurrency=concurrency,
        ordered=ordered,
        max_failures=max_failures,
        timeout_seconds=timeout,
        success_threshold=success_threshold,
        blocking_source=True,
    )
    each = RunOptions(
        timeout_seconds=item_timeout,
    )
    work = work_of(registry, _found(registry, what), each)
    lines = lines_of(file)
    with ExitStack() as stack:
        write = _writer(stack, output)
        display = stack.enter_context(BatchDisplay(quiet=not progress))
        try:
            result = asyncio.run(_run(lines, work, options, key, write, display))
        except asyncio.CancelledError:
            ctx.exit(TERMINATED)
    click.echo(summary_line(result), err=True)
    if not result.ok:
        ctx.exit(_PARTIAL if result.summary.succeeded else 1)


async def _run(
    lines: Lines,
    work: Callable[[Line], Awaitable[Outcome]],
    options: BatchOptions,
    key: str | None,
    write: Callable[[str], None],
    display: BatchDisplay,
) -> BatchResult:
    from dataclasses import replace

    from registry_core.runtime.batch import stream_batch

    cancel_when_terminated(lambda: None)
    stream = stream_batch(
        lines,
        work,
        options=replace(options, progress_seconds=display.every_seconds),
        key=None if key is None else lambda line: line.key(key),
        progress=display,
    )
    try:
        async with stream:
            async for record in stream:
                write(row_of(record))
    except asyncio.CancelledError:
        # What is done was paid for, also behind an item that is not.
        for record in stream.rest():
            write(row_of(record))
        click.echo(summary_line(stream.result), err=True)
        raise
    return stream.result


def work_of(
    registry: Registry, what: Pipeline | str, options: RunOptions
) -> Callable[[Line], Awaitable[Outcome]]:
    """Return what runs one line.

    Args:
        registry: What is installed.
        what: A bound pipeline, or the id of an agent.
        options: Limits of each run.
    """
    inputs = _inputs(registry, what)

    async def work(line: Line) -> Outcome:
        try:
            values = _values(registry, inputs, line.value())
            result = await registry.run(what, inputs=values, options=options)
            value = _as_json(result)
        except ManifestError as error:
            return _refused(f"line {line.number}: {'; '.join(map(str, error.faults))}")
        except RegistryError as error:
            return _refused(str(error))
        attempts = sum(len(stage.attempts) for stage in result.stages)
        return Outcome(result.ok, value, attempts, result.error)

    return work


def _found(registry: Registry, what: str) -> Pipeline | str:
    file = Path(what)
    if not file.exists() and what in registry.settings.pipelines:
        file = Path(registry.settings.pipelines[what])
    if file.suffix in {".toml", ".json"} or file.is_file():
        return open_ready(registry, file, None, frozen=False)
    return registry.resolve(what)


def _inputs(registry: Registry, what: Pipeline | str) -> Mapping[str, SchemaId]:
    """Return the inputs that have to be given, by name."""
    if isinstance(what, Pipeline):
        return {declared.name: SchemaId(declared.schema) for declared in what.inputs}
    declared = registry.catalog.definition(registry.resolve(what)).inputs
    return {one.name: one.schema for one in declared if one.required}


def _values(
    registry: Registry, inputs: Mapping[str, SchemaId], value: JsonValue
) -> dict[str, JsonValue]:
    if len(inputs) == 1:
        ((name, schema),) = inputs.items()
        return {name: completed(value, registry.catalog.schemas.definitions[schema])}
    if not isinstance(value, dict):
        message = f"must be an object with {', '.join(inputs) or 'no inputs'}"
        raise PipelineError("of a line", [Fault("", message)])
    return value


def _as_json(result: RunResult) -> JsonValue:
    found: JsonValue = json.loads(result.to_json())["output"] if result.ok else None
    return found


def _refused(message: str) -> Outcome:
    return Outcome(ok=False, attempts=0, error=ErrorRecord("invalid_input", "", message))


def _writer(stack: ExitStack, output: Path | None) -> Callable[[str], None]:
    """Return what writes one line, so that it can be read at once."""
    shown = stack.enter_context(shielded(plain=True))
    if output is None:
        return shown.text
    try:
        stream = stack.enter_context(output.open("w", encoding="utf-8"))
    except OSError as error:
        raise click.BadParameter(f"{output}: {error.strerror}", param_hint="--output") from error

    def write(line: str) -> None:
        stream.write(f"{line}\n")
        stream.flush()

    return write
