"""The manifests of a wheel that is being built, whichever back end builds it.

A manifest that is committed must equal the code, or the build fails; one that is not is made.
Either way this runs ``agentreg manifest build``, the command that an author types, in a process
of its own: the back end's process stays free of the plugin's code.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from registry_core.authoring.project import source_folder

__all__ = ["BuildFailedError", "BuiltManifest", "build_manifests"]

_COMMAND = "from registry_core.cli import main; main()"


class BuildFailedError(Exception):
    """Why there is no wheel. Back ends have their own errors; this is turned into one."""


@dataclass(frozen=True, slots=True)
class BuiltManifest:
    """One manifest of the wheel.

    Attributes:
        file: Where it is now.
        place: Where the wheel has it, such as ``note_agents/agents.json``.
        committed: Whether it stands in the source tree.
    """

    file: Path
    place: str
    committed: bool


def build_manifests(
    project: Path, into: Path, *, module: str = "", manifest: str = ""
) -> tuple[BuiltManifest, ...]:
    """Return the manifests of *project*, each equal to its code.

    Args:
        project: The source tree, with its ``pyproject.toml``.
        into: Folder for those that are made.
        module: The plugin's module, where the entry points of ``pyproject.toml`` do not say.
        manifest: Where the wheel has its manifest; given with *module*.

    Raises:
        BuildFailedError: If the code cannot be read, or a committed manifest differs from it.
    """
    if bool(module) != bool(manifest):
        message = "module and manifest are given together, or neither is"
        raise BuildFailedError(message)
    if module:
        (into / manifest).parent.mkdir(parents=True, exist_ok=True)
        _agentreg("build", module, "--out", str(into / manifest), "--project", str(project))
    else:
        _agentreg("build", "--into", str(into), "--project", str(project))
    made = sorted(file for file in into.rglob("*") if file.is_file())
    return tuple(_held(project, file, file.relative_to(into).as_posix()) for file in made)


def _held(project: Path, made: Path, place: str) -> BuiltManifest:
    """Return the committed manifest for *place* if there is one, else the one just *made*."""
    folder = source_folder(project, place.partition("/")[0])
    committed = (folder or project) / place
    if not committed.is_file():
        return BuiltManifest(made, place, committed=False)
    if committed.read_bytes() != made.read_bytes():
        message = f"{committed} differs from the code; make it again: agentreg manifest build"
        raise BuildFailedError(message)
    return BuiltManifest(committed, place, committed=True)


def _agentreg(*words: str) -> None:
    done = subprocess.run(  # noqa: S603 -- our own interpreter and our own code
        [sys.executable, "-P", "-c", _COMMAND, "manifest", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BuildFailedError(done.stderr.strip())
