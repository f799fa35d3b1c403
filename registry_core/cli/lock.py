"""``agentreg lock``."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_core.cli.artefacts import (
    beside,
    drift_of,
    drifted_distributions,
    lock_of,
    name_in,
    open_lock,
    open_pipeline,
    write,
)
from registry_core.cli.options import as_json, discovered
from registry_core.cli.rendering import Output
from registry_core.errors import ConfigError
from registry_core.names import SchemaId
from registry_core.pipeline.lock import LOCK_NAME, Drift, Lock, agents_of, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from registry_core.registry import Registry

__all__ = ["command"]


@click.command("lock")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when something drifted.")
@click.option("--lock", type=click.Path(path_type=Path), help="The lock, if not beside FILE.")
@as_json
@click.pass_context
def command(
    ctx: click.Context, *, files: tuple[Path, ...], check: bool, lock: Path | None, as_json: bool
) -> None:
    """Lock saved pipelines to what is installed, or check that it is still what was locked.

    Without FILE, all pipelines of the lock. Nothing of a plugin is executed.
    """
    place = beside(files[0] if files else Path(LOCK_NAME), lock)
    registry = discovered(ctx)
    if not check:
        _write(registry, place, files)
        click.echo(f"wrote {place}", err=True)
        return
    drifts = tuple(dict.fromkeys(_drifts(registry, place, files)))
    output = Output()
    if as_json:
        output.json([asdict(drift) for drift in drifts])
    else:
        for drift in drifts:
            output.text(str(drift))
        output.text(f"{len(drifts)} drifted from {place}")
    if drifts:
        ctx.exit(1)


def _drifts(registry: Registry, place: Path, files: Sequence[Path]) -> Iterator[Drift]:
    lock = open_lock(place)
    if not files and not lock.pipelines:
        yield from drifted_distributions(registry, lock)
    for file in files or _files(place, lock):
        name = name_in(place, file)
        if not files and not file.exists():
            yield Drift("pipeline", name, "is gone")
            continue
        try:
            found = open_pipeline(file)
        except ConfigError as error:  # one that cannot be read does not hide the others
            yield Drift("pipeline", name, f"cannot be read: {'; '.join(map(str, error.faults))}")
            continue
        yield from drift_of(registry, lock, name, found.pipeline)


def _write(registry: Registry, place: Path, files: Sequence[Path]) -> None:
    old = open_lock(place) if place.exists() or not files else Lock()
    # What a pipeline that is gone was made against must not stand in the way of the others.
    kept = {n: entry for n, entry in old.pipelines.items() if (place.parent / n).exists()}
    old = replace(old, pipelines=kept)
    new = Lock()
    for file in files or _files(place, old):
        new = joined(str(place), new, _locked(registry, name_in(place, file), file, old))
    write((place, joined(str(place), old, new).to_json()))


def _locked(registry: Registry, name: str, file: Path, old: Lock) -> Lock:
    """Return a new lock of the pipeline in *file*, whose goal is what it takes and gives."""
    found = open_pipeline(file)
    bound = found.bound(registry.catalog)
    agents = {stage.id: stage.agent for stage in bound.stages}
    outputs = (registry.catalog.definition(agents[stage]).output for stage in bound.outputs)
    fresh = lock_of(registry, name, found.pipeline, agents_of(bound))
    was, entry = old.pipelines.get(name), fresh.pipelines[name]
    entry = replace(
        was or entry,
        digest=entry.digest,
        agents=entry.agents,
        have=tuple(dict.fromkeys(SchemaId(declared.schema) for declared in bound.inputs)),
        want=tuple(dict.fromkeys(outputs)),
    )
    return replace(fresh, pipelines={name: entry})


def _files(place: Path, lock: Lock) -> list[Path]:
    return [place.parent / name for name in lock.pipelines]
