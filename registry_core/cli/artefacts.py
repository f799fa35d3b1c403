"""Saved pipelines and their lock on the disk, beside what is installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from registry_core.discovery.files import UnreadableError, read_bounded
from registry_core.discovery.integrity import damaged_files, seal
from registry_core.errors import ConfigError, Fault
from registry_core.names import AgentId
from registry_core.pipeline.diff import current_agent
from registry_core.pipeline.files import FORMS, PipelineFile, parse_pipeline
from registry_core.pipeline.lock import (
    LOCK_NAME,
    Drift,
    Lock,
    LockedPipeline,
    SealedDistribution,
    agents_of,
    digest_of,
    drift,
    locked_agent,
    parse_lock,
)
from registry_core.text.toml import MAX_FILE_BYTES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from registry_core.pipeline.pipeline import Pipeline
    from registry_core.registry import Registry

__all__ = ["beside", "check_form", "drift_of", "drifted_distributions", "lock_of", "name_in"]
__all__ += ["open_lock", "open_pipeline", "write"]


def beside(file: Path, lock: Path | None) -> Path:
    """Return *lock*, or where the lock of *file* lies unless somebody says otherwise."""
    return lock or file.with_name(LOCK_NAME)


def name_in(lock: Path, file: Path) -> str:
    """Return what *lock* calls *file*: its path from there.

    >>> name_in(Path("agentreg.lock"), Path("nightly/press.toml"))
    'nightly/press.toml'
    """
    return Path(os.path.relpath(file, lock.parent)).as_posix()


def check_form(file: Path) -> None:
    """Check that the name of *file* says what form a pipeline has there.

    Raises:
        ConfigError: If it does not.
    """
    if file.suffix not in FORMS:
        raise ConfigError(str(file), [Fault("", f"must end in {' or '.join(FORMS)}")])


def open_pipeline(file: Path) -> PipelineFile:
    """Return the pipeline in *file*.

    Raises:
        ConfigError: If it cannot be read as one; all faults at once, each with its line.
    """
    check_form(file)
    return parse_pipeline(str(file), _content(file))


def open_lock(file: Path) -> Lock:
    """Return the lock in *file*.

    Raises:
        ConfigError: If it cannot be read as one; all faults at once, each with its line.
    """
    return parse_lock(str(file), _content(file))


def write(*files: tuple[Path, str]) -> None:
    """Write each file whole or not at all; none when one could not be read again.

    Raises:
        ConfigError: If one is larger than what is read.
    """
    contents = [(file, text.encode()) for file, text in files]
    for file, content in contents:
        if len(content) > MAX_FILE_BYTES:
            raise ConfigError(str(file), [Fault("", "would be larger than 1 MiB")])
    for file, content in contents:
        part = file.with_name(f".{file.name}.part")
        part.write_bytes(content)
        part.replace(file)


def lock_of(
    registry: Registry, name: str, pipeline: Pipeline, agents: Iterable[str] | None = None
) -> Lock:
    """Return what a lock of one pipeline says when it is made now.

    Args:
        registry: What is installed.
        name: What the lock calls the pipeline.
        pipeline: As it was written.
        agents: The agents it leads to, in whichever version; its own unless given.
    """
    asked = agents_of(pipeline) if agents is None else tuple(agents)
    found = [current_agent(agent, registry.catalog) for agent in asked]
    here = {agent: registry.catalog.definition(agent) for agent in found if agent is not None}
    owners = {AgentId(agent).distribution for agent in (*asked, *here)}
    return Lock(
        distributions=_sealed(registry, owners),
        pipelines={
            name: LockedPipeline(
                digest_of(pipeline),
                {agent: locked_agent(definition) for agent, definition in here.items()},
            )
        },
    )


def drift_of(registry: Registry, lock: Lock, name: str, pipeline: Pipeline) -> tuple[Drift, ...]:
    """Return everything about one pipeline that is not as *lock* says, damaged files too."""
    if name not in lock.pipelines:
        return (Drift("pipeline", name, "is not in the lock"),)
    known = lock.only(name)
    now = lock_of(registry, name, pipeline, known.pipelines[name].agents)
    return (*drift(known, now), *_damaged(registry, known, now))


def drifted_distributions(registry: Registry, lock: Lock) -> tuple[Drift, ...]:
    """Return every distribution in *lock* that is not what was locked, damaged ones too."""
    known = Lock(distributions=lock.distributions)
    now = Lock(distributions=_sealed(registry, lock.distributions))
    return (*drift(known, now), *_damaged(registry, known, now))


def _sealed(registry: Registry, names: Collection[str]) -> dict[str, SealedDistribution]:
    sealed: dict[str, SealedDistribution] = {}
    for name, (version, location) in _places(registry, names).items():
        found = seal(Path(location), version)
        sealed[name] = SealedDistribution(version, found.record if found else "")
    return sealed


def _damaged(registry: Registry, known: Lock, now: Lock) -> tuple[Drift, ...]:
    """Return a drift for each file that was changed where the RECORD is the one locked."""
    same = [n for n, was in known.distributions.items() if now.distributions.get(n) == was]
    return tuple(
        Drift("distribution", name, f"has {file.path}, which is {file.what}")
        for name, (_, location) in _places(registry, same).items()
        for file in damaged_files(Path(location))
    )


def _places(registry: Registry, names: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return version and metadata folder of the distributions that are installed, by name."""
    return {
        record.distribution: (record.version, record.location)
        for record in registry.plugins
        if record.distribution in names
    }


def _content(file: Path) -> bytes:
    try:
        return read_bounded(file)
    except FileNotFoundError:
        raise ConfigError(str(file), [Fault("", "there is no such file")]) from None
    except UnreadableError as error:
        raise ConfigError(str(file), [Fault("", str(error))]) from None
