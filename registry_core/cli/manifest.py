"""``agentreg manifest``: build a plugin's manifest, or check it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from registry_core.cli.options import as_json, discovered
from registry_core.cli.rendering import Output

__all__ = ["command"]


@click.group("manifest")
def command() -> None:
    """Build a plugin's manifest from its code, or check that the two are equal."""


@command.command("build")
@click.argument("module")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write it.")
def build(*, module: str, out: Path | None) -> None:
    """Write the manifest of the plugin MODULE, such as web_agents.plugin.

    Imports the module, in a process of its own.
    """
    text = _from_code(module)
    if out is None:
        Output().text(text.removesuffix("\n"))
        return
    part = out.with_name(f".{out.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(out)
    Output().text(f"wrote {out}")


@command.command("check")
@click.argument("module")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def check(*, module: str, file: Path) -> None:
    """Exit with 1 unless FILE is the manifest of the plugin MODULE as its code is now."""
    import difflib

    old, new = file.read_text(encoding="utf-8"), _from_code(module)
    if old == new:
        Output().text(f"{file} equals the code of {module}")
        return
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), str(file), f"code of {module}", lineterm="", n=2
    )
    for line in lines:
        click.echo(line, err=True)
    click.echo(f"build it again: agentreg manifest build {module} --out {file}", err=True)
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


def _from_code(module: str) -> str:
    from registry_core.authoring.manifest import manifest_text
    from registry_core.discovery.probe import probe
    from registry_core.errors import DefinitionError, Fault

    answer = probe(module)
    if answer.manifest is None:
        raise DefinitionError(f"plugin {module}", [Fault(answer.code, answer.reason)])
    return manifest_text(answer.manifest)
