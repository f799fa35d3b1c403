"""``agentreg new``: begin a plugin."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click

from registry_core.cli.manifest import write_manifests
from registry_core.cli.rendering import Output
from registry_core.errors import InvalidNameError
from registry_core.names import PluginName

__all__ = ["command"]


@click.command("new")
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder to make the project's folder in; here unless given.",
)
@click.option(
    "--build-hook",
    is_flag=True,
    help="Let each build make the manifest, instead of committing it.",
)
def command(*, name: str, into: Path, build_hook: bool) -> None:
    """Begin a plugin called NAME: two agents, their manifest and their tests."""
    from registry_core.authoring.scaffold import new_plugin

    try:
        plugin = PluginName.parse(name)
        files = new_plugin(plugin, build_hook=build_hook)
    except InvalidNameError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from error
    project = into / plugin
    if project.exists() or project.is_symlink():
        message = f"{project} exists already; nothing was written"
        raise click.UsageError(message)
    into.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that what stops halfway leaves nothing behind.
    part = Path(tempfile.mkdtemp(prefix=f".{plugin}-", dir=into))
    try:
        for path, text in files.items():
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            (part / path).write_text(text, encoding="utf-8")
        if not build_hook:
            write_manifests(part)
        part.chmod(0o755)
        part.rename(project)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    Output().text(
        f"made {project}; now:\n  cd {project}\n  pip install --editable . pytest\n  pytest"
    )
