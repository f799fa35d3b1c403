"""A plugin project in a folder, as an author would have it, for any back end."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BackEnd", "build_wheel", "note_agents", "wheel_file"]

BackEnd: TypeAlias = Literal["hatchling", "setuptools"]

_REQUIRES = {"hatchling": "hatchling.build", "setuptools": "setuptools.build_meta"}
_PACKAGES = '[tool.hatch.build.targets.wheel]\npackages = ["src/note_agents"]\n'
_TABLES = {
    "hatchling": f"[tool.hatch.build.hooks.registry-core]\n\n{_PACKAGES}",
    "setuptools": "[tool.registry-core.manifest]\n",
}
_PROJECT = """
[build-system]
requires = ["{back_end}", "registry-core"]
build-backend = "{module}"

[project]
name = "note-agents"
version = "0.1.0"

[project.entry-points."registry_core.plugins"]
note-agents = "note_agents.plugin"

[project.entry-points."registry_core.manifests"]
note-agents = "note_agents:agents.json"

{tables}"""
_PLUGIN = '''"""One agent."""

from registry_core import agent, hookimpl


@agent(idempotent=True, mutates=False)
def shout(text: str) -> str:
    """Return the text in capitals."""
    return text.upper()


@hookimpl
def registry_agents():
    return [shout]
'''


def note_agents(folder: Path, *, back_end: BackEnd = "hatchling") -> Path:
    """Return a new project in *folder* whose build asks for manifests; none is committed."""
    project = folder / "note-agents"
    package = project / "src" / "note_agents"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "plugin.py").write_text(_PLUGIN)
    text = _PROJECT.format(back_end=back_end, module=_REQUIRES[back_end], tables=_TABLES[back_end])
    (project / "pyproject.toml").write_text(text)
    return project


def build_wheel(project: Path, *, editable: bool = False) -> subprocess.CompletedProcess[str]:
    """Let the project's back end make a wheel in ``dist``, as an installer would."""
    kind = "editable" if editable else "wheel"
    code = f"import sys, {{0}} as backend; print(backend.build_{kind}('dist'))"
    module = "hatchling.build" if "hatchling" in _text(project) else "setuptools.build_meta"
    (project / "dist").mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-c", code.format(module)],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def wheel_file(project: Path, name: str) -> str | None:
    """Return the file *name* of the one wheel in ``dist``, or None when it has none."""
    (wheel,) = project.glob("dist/*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name).decode() if name in archive.namelist() else None


def _text(project: Path) -> str:
    return (project / "pyproject.toml").read_text(encoding="utf-8")
