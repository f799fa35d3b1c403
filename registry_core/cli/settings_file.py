"""Which settings file a command changes, and whether it writes or only shows the change."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_core.cli.options import source_of
from registry_core.errors import ConfigError, Fault
from registry_core.settings.layers import file_layer
from registry_core.settings.reading import read_settings
from registry_core.settings.sources import (
    CONFIG_VARIABLE,
    FILE_NAME,
    environment,
    project_file,
    user_config_file,
)
from registry_core.settings.writing import change_file

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Change", "change_settings", "file_to_change", "of_project", "saves"]

of_project = click.option("--project", is_flag=True, help="The project's file, not the user's own.")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a settings file.

    Attributes:
        file: Which.
        text: The difference, line by line; empty when there is none.
        saved: Whether it was written.
    """

    file: Path
    text: str
    saved: bool


def file_to_change(ctx: click.Context, *, project: bool) -> Path:
    """Return the file that was named, else the user's own; with *project*, that of the project.

    Raises:
        ConfigError: If there is no home to have one in.
    """
    root = ctx.find_root().params
    named = root.get("config") or environment().get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    if project:
        return Path(project_file() or Path.cwd() / FILE_NAME)
    own = user_config_file()
    if not own:
        raise ConfigError("of the user", [Fault("", "has no place: there is no home folder")])
    return Path(own)


def saves(ctx: click.Context, choice: bool | None) -> bool:  # noqa: FBT001 -- what a flag said
    """Return whether to write: as a flag said, else as ``cli.auto_save`` says."""
    if choice is not None:
        return choice
    try:
        return read_settings(source_of(ctx)).cli.auto_save
    except ConfigError:
        return True  # a change may be what mends it


def change_settings(file: Path, change: Callable[[bytes], bytes], *, save: bool) -> Change:
    """Return what *change* does to *file*; done only when it is to be saved.

    Raises:
        ConfigError: If the file could not be used afterwards; then it is as it was.
        OSError: If it cannot be read or written.
    """
    seen: list[bytes] = []

    def checked(old: bytes) -> bytes:
        new = change(old)
        file_layer(str(file), new)
        seen[:] = [old, new]
        return new

    if save:
        change_file(file, checked)
    else:
        checked(file.read_bytes() if file.exists() else b"")
    old, new = (part.decode("utf-8-sig").splitlines() for part in seen)
    lines = difflib.unified_diff(old, new, str(file), str(file), lineterm="", n=1)
    return Change(file, "\n".join(lines), save and old != new)
