"""What came out of a run, as the command line says it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from registry_core.cli.values import written_output

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.cli.rendering import Output
    from registry_core.definitions.schema import JsonValue
    from registry_core.results.run import RunResult

__all__ = ["deliver", "explain", "show_result"]


def show_result(output: Output, result: RunResult) -> None:
    """Print a line for each stage, and one for the run."""
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


def deliver(output: Output, result: RunResult, out: Path | None, *, as_json: bool) -> None:
    """Print the output, or write it to the file *out*."""
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


def explain(result: RunResult) -> None:
    """Say on standard error why a run did not succeed."""
    error = result.error
    if error is not None:
        stage = f"stage {error.stage_id}: " if error.stage_id else ""
        kind = f"{error.type}: " if error.type else ""
        click.echo(f"error: {stage}{kind}{error.message} ({error.code})", err=True)
        for cause in error.cause:
            click.echo(f"  caused by {cause}", err=True)
