"""A saved pipeline made ready to run: checked against its lock, bound, and given its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry_core.cli.values import (
    completed,
    document_value,
    media_type_of,
    parse_have,
    schema_of_file,
)
from registry_core.errors import DriftError, Fault
from registry_core.names import SchemaId
from registry_core.schemas.verdict import Fits

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.catalog.catalog import Catalog
    from registry_core.definitions.schema import JsonValue, SchemaDefinition
    from registry_core.pipeline.pipeline import Pipeline, PipelineInput
    from registry_core.registry import Registry

__all__ = ["open_ready", "values_for"]


def open_ready(registry: Registry, file: Path, lock_file: Path | None, *, frozen: bool) -> Pipeline:
    """Return the pipeline in *file*, bound to what is installed.

    Args:
        registry: What is installed.
        file: Where the pipeline was saved.
        lock_file: Its lock, if that does not lie beside it.
        frozen: Whether to refuse what is not as locked; otherwise that is only said.

    Raises:
        ConfigError: If a file cannot be read, or the pipeline is not valid here; all faults at
            once, each with its line.
        DriftError: If *frozen* and something drifted; everything that did.
    """
    from registry_core.cli.artefacts import beside, drift_of, name_in, open_lock, open_pipeline

    found, place = open_pipeline(file), beside(file, lock_file)
    if frozen or lock_file is not None or place.exists():
        lock = open_lock(place)
        drifts = drift_of(registry, lock, name_in(place, file), found.pipeline)
        if drifts and frozen:
            faults = [Fault(f"{drift.kind} {drift.name}", drift.reason) for drift in drifts]
            raise DriftError(str(file), faults)
        for drift in drifts:
            click.echo(f"drifted: {drift}", err=True)
    return found.bound(registry.catalog)


def values_for(
    catalog: Catalog, pipeline: Pipeline, file: Path | None, have: tuple[str, ...]
) -> dict[str, JsonValue]:
    """Return what was given as values of the inputs of *pipeline*, by name.

    Args:
        catalog: What is installed.
        pipeline: Bound to it.
        file: A document, for the input that takes its media type.
        have: ``NAME=VALUE``, where the name is that of an input or of a schema.

    Raises:
        click.BadParameter: If something has no value, or no input takes it.
        NameLookupError: If a name is neither an input nor a schema.
    """
    values: dict[str, JsonValue] = {}
    if file is not None:
        declared = _input_for_file(catalog, pipeline, file)
        values[declared.name] = document_value(file, _definition(catalog, declared))
    for text in have:
        name, value, is_value = parse_have(text)
        if not is_value:
            message = f"{name} has no value: write {name}=@FILE.json"
            raise click.BadParameter(message, param_hint="--have")
        free = [one for one in pipeline.inputs if one.name not in values]
        named = next((one for one in free if one.name == name), None)
        declared = named or _taking(catalog, pipeline, free, catalog.resolve_schema(name))
        values[declared.name] = completed(value, _definition(catalog, declared))
    return values


def _input_for_file(catalog: Catalog, pipeline: Pipeline, file: Path) -> PipelineInput:
    # Its inputs decide, so that a schema of the same media type, installed later, does not.
    media_type = media_type_of(file)
    fitting = [i for i in pipeline.inputs if _definition(catalog, i).media_type == media_type]
    if fitting:
        return fitting[0]
    return _taking(catalog, pipeline, list(pipeline.inputs), schema_of_file(catalog, file))


def _taking(
    catalog: Catalog, pipeline: Pipeline, free: list[PipelineInput], schema: SchemaId
) -> PipelineInput:
    """Return the first of the inputs still *free* that *schema* is given to, or fits."""
    exact = [declared for declared in free if declared.schema == schema]
    fits = (d for d in free if isinstance(catalog.fits(schema, SchemaId(d.schema)), Fits))
    found = next(iter(exact), None) or next(fits, None)
    if found is None:
        takes = ", ".join(f"{i.name} ({SchemaId(i.schema).name})" for i in pipeline.inputs)
        message = f"{schema.name} is taken by no input that is left; the inputs are: {takes}"
        raise click.BadParameter(message, param_hint="--have")
    return found


def _definition(catalog: Catalog, declared: PipelineInput) -> SchemaDefinition:
    return catalog.schemas.definitions[SchemaId(declared.schema)]
