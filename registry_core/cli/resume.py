"""``agentreg resume``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from registry_core.cli.execution import Execution, go_on
from registry_core.cli.options import as_json, discovered, plain
from registry_core.cli.outcome import deliver, explain, show_result
from registry_core.cli.rendering import shielded

__all__ = ["command"]


@click.command("resume")
@click.argument("run", metavar="RUN")
@click.option(
    "--retry-in-doubt", is_flag=True, help="Run stages again that may have had an effect."
)
@click.option("--accept-drift", is_flag=True, help="Go on although the plan's agents changed.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the result.")
@click.option("--middleware", multiple=True, metavar="NAME", help="Wrap it around each stage.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for the rest."
)
@click.option("--quiet", is_flag=True, help="Show no progress.")
@as_json
@plain
@click.pass_context
def command(  # noqa: PLR0913 -- one parameter an option
    ctx: click.Context,
    *,
    run: str,
    retry_in_doubt: bool,
    accept_drift: bool,
    out: Path | None,
    middleware: tuple[str, ...],
    timeout: float | None,
    quiet: bool,
    as_json: bool,
    plain: bool,
) -> None:
    """Go on with RUN, an interrupted or failed one.

    RUN is an id, its beginning, or "last". Stages that were kept are not run again. One that was
    cut is, if its agent says that calling it twice does no harm; if not, somebody has to look first
    whether it had its effect.
    """
    registry = discovered(ctx)
    how = Execution(middleware=middleware, timeout_seconds=timeout, quiet=quiet or as_json)
    with shielded(plain=plain) as output:
        ended = go_on(registry, run, how, retry_in_doubt=retry_in_doubt, accept_drift=accept_drift)
        result = ended.result
        if as_json:
            output.json({"result": json.loads(result.to_json())})
        else:
            show_result(output, result)
        if result.ok:
            deliver(output, result, out, as_json=as_json)
    if not result.ok:
        explain(result)
        ctx.exit(ended.code)
