"""``agentreg manifest``: build the manifests of a project, check them, show one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_core.cli.options import as_json, discovered
from registry_core.cli.rendering import Output

if TYPE_CHECKING:
    from registry_core.discovery.report import PluginRecord

__all__ = ["command", "text_from_code", "write_manifests"]

_project = click.option(
    "--project",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the project, which need not be installed.",
)


@click.group("manifest")
def command() -> None:
    """Build a plugin's manifest from its code, or check that the two are equal."""


@command.command("build")
@click.argument("module", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="Where to write that of MODULE.")
@click.option("--into", type=click.Path(path_type=Path), help="Folder to write all of them below.")
@_project
def build(*, module: str | None, out: Path | None, into: Path | None, project: Path | None) -> None:
    """Write the manifest of the plugin MODULE, such as web_agents.plugin.

    Without MODULE, those of all plugins in the project's pyproject.toml, each in its place.
    Imports the modules, in processes of their own.
    """
    folder = project or Path()
    if module is None:
        if out is not None:
            raise click.UsageError("--out needs MODULE; without one say --into FOLDER")
        for file in write_manifests(folder, into):
            Output().text(f"wrote {file}")
        return
    if into is not None:
        raise click.UsageError("--into stands without MODULE; with one say --out FILE")
    text = text_from_code(module, folder)
    if out is None:
        Output().text(text.removesuffix("\n"))
    else:
        _write(out, text)
        Output().text(f"wrote {out}")


@command.command("check")
@click.argument("module", required=False)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@_project
@click.pass_context
def check(
    ctx: click.Context, *, module: str | None, file: Path | None, project: Path | None
) -> None:
    """Exit with 1 unless FILE is the manifest of the plugin MODULE as its code is now.

    Without both, check every plugin in the pyproject.toml of --project, or, without that too,
    every installed plugin that ships a manifest.
    """
    output = Output()
    if module is None:
        wrong = _check_project(project, output) if project else _check_installed(ctx, output)
    elif file is None:
        raise click.UsageError("MODULE needs FILE")
    else:
        wrong = _differs(file, text_from_code(module, project or Path()), module)
        if not wrong:
            output.text(f"{file} equals the code of {module}")
    if wrong:
        sys.exit(1)


@command.command("show")
@click.argument("plugin")
@as_json
@click.pass_context
def show(ctx: click.Context, *, plugin: str, as_json: bool) -> None:
    """Print the manifest that is known of an installed PLUGIN."""
    del as_json  # a manifest is JSON either way
    from registry_core.authoring.manifest import manifest_text
    from registry_core.errors import UnknownNameError

    records = discovered(ctx).plugins
    for record in records:
        if plugin in {record.name, record.full_name} and record.manifest is not None:
            Output().text(manifest_text(record.manifest).removesuffix("\n"))
            return
    raise UnknownNameError("plugin", plugin, [r.name for r in records if r.manifest])


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of manifests."""
    from registry_core.authoring.manifest_schema import manifest_schema

    Output().text(json.dumps(manifest_schema(), indent=2))


def text_from_code(module: str, project: Path) -> str:
    """Return the manifest of the plugin *module*, read from its code in a process of its own.

    Args:
        module: Dotted name.
        project: A project that may hold the module; else the installed one is meant.

    Raises:
        DefinitionError: If its code cannot be read, or what it declares is not valid.
    """
    from registry_core.authoring.manifest import manifest_text
    from registry_core.authoring.project import source_folder
    from registry_core.discovery.probe import probe
    from registry_core.errors import DefinitionError, Fault

    is_project = (project / "pyproject.toml").is_file()
    source = source_folder(project.resolve(), module) if is_project else None
    answer = probe(module, path=[str(source)] if source else [])
    if answer.manifest is None:
        raise DefinitionError(f"plugin {module}", [Fault(answer.code, answer.reason)])
    return manifest_text(answer.manifest)


def write_manifests(project: Path, into: Path | None = None) -> tuple[Path, ...]:
    """Write the manifest of each plugin of *project*, and return the files.

    Args:
        project: Folder with a ``pyproject.toml``.
        into: Folder to write below; the source tree itself unless given.

    Raises:
        ConfigError: If the ``pyproject.toml`` cannot be used.
        DefinitionError: If the code of a plugin cannot be read.
    """
    from registry_core.authoring.project import plugins_of, source_folder

    written: list[Path] = []
    for plugin in plugins_of(project):
        text = text_from_code(plugin.module, project)
        folder = into or source_folder(project, plugin.module) or project
        _write(folder / plugin.manifest, text)
        written.append(folder / plugin.manifest)
    return tuple(written)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def _check_project(project: Path, output: Output) -> bool:
    from registry_core.authoring.project import plugins_of, source_folder

    wrong = False
    for plugin in plugins_of(project):
        file = (source_folder(project, plugin.module) or project) / plugin.manifest
        differs = _differs(file, text_from_code(plugin.module, project), plugin.module)
        output.text(f"{plugin.name}: {_verdict(differs=differs)}")
        wrong = wrong or differs
    return wrong


def _check_installed(ctx: click.Context, output: Output) -> bool:
    from registry_core.authoring.manifest import manifest_text
    from registry_core.errors import DefinitionError

    wrong = False
    for record in discovered(ctx).plugins:
        if not _ships_manifest(record):
            continue
        if record.state == "blocked":
            output.text(f"{record.full_name}: not read, {record.reason}")
            continue
        if record.manifest is None:
            output.text(f"{record.full_name}: {record.reason}")
            wrong = True
            continue
        try:
            code = text_from_code(record.module, Path(record.location))
        except DefinitionError as error:
            output.text(f"{record.full_name}: {error}")
            wrong = True
            continue
        differs = _show_difference(manifest_text(record.manifest), code, record.full_name)
        output.text(f"{record.full_name}: {_verdict(differs=differs)}")
        wrong = wrong or differs
    return wrong


def _ships_manifest(record: PluginRecord) -> bool:
    from registry_core.discovery.entry_points import EntryPointError, parse_entry_points
    from registry_core.discovery.files import UnreadableError, read_bounded

    try:
        entries = parse_entry_points(read_bounded(f"{record.location}/entry_points.txt"))
    except (EntryPointError, UnreadableError, OSError):
        return False
    return any(entry.name == record.name and entry.manifest and entry.module for entry in entries)


def _differs(file: Path, code: str, module: str) -> bool:
    try:
        written = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        written = ""
    if not _show_difference(written, code, str(file)):
        return False
    click.echo(f"build it again: agentreg manifest build {module} --out {file}", err=True)
    return True


def _show_difference(old: str, new: str, label: str) -> bool:
    import difflib

    if old == new:
        return False
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), label, "code", lineterm="", n=2
    )
    for line in lines:
        click.echo(line, err=True)
    return True


def _verdict(*, differs: bool) -> str:
    return "manifest differs from its code" if differs else "manifest equals its code"
