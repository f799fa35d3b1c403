"""``agentreg pipelines``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_core.cli.artefacts import open_pipeline
from registry_core.cli.options import as_json, plain, source_of
from registry_core.cli.rendering import Output
from registry_core.errors import ConfigError
from registry_core.settings.reading import read_settings

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue

__all__ = ["command"]


@click.command("pipelines")
@as_json
@plain
@click.pass_context
def command(ctx: click.Context, *, as_json: bool, plain: bool) -> None:
    """List the pipelines that were saved by name. Runs nothing, and looks nobody up."""
    saved = read_settings(source_of(ctx)).pipelines
    rows = [(name, file, *_stages(Path(file))) for name, file in sorted(saved.items())]
    output = Output(plain=plain)
    if as_json:
        values: list[JsonValue] = [
            {"name": name, "file": file, "stages": [*agents], "fault": fault}
            for name, file, agents, fault in rows
        ]
        output.json(values)
        return
    columns = ("name", "stages", "file")
    output.table(columns, [(n, fault or " > ".join(agents), f) for n, f, agents, fault in rows])


def _stages(file: Path) -> tuple[tuple[str, ...], str]:
    """Return the agents of the pipeline in *file*, or what is wrong with it."""
    try:
        pipeline = open_pipeline(file).pipeline
    except ConfigError as error:
        return (), f"cannot be read: {error.faults[0]}"
    return tuple(stage.agent for stage in pipeline.stages), ""
