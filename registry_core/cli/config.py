"""``agentreg config``."""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from registry_core.cli.options import as_json, discovered, plain, source_of
from registry_core.cli.rendering import Output
from registry_core.cli.settings_file import change_settings, file_to_change, of_project, saves
from registry_core.errors import ConfigError, Fault
from registry_core.settings.editing import with_value, without_value
from registry_core.settings.keys import key_of, key_text
from registry_core.settings.layers import file_layer, layers_of, merged, value_of
from registry_core.settings.origins import Decision, decisions
from registry_core.settings.sources import (
    SettingsSource,
    content_of,
    project_file,
    trusted_folders_file,
    user_config_file,
)
from registry_core.settings.writing import change_file, set_aside
from registry_core.text.inline import inline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from registry_core.definitions.schema import JsonValue
    from registry_core.settings.layers import Layer

__all__ = ["command"]

_save = click.option(
    "--save/--no-save", default=None, help="Write the file, whatever cli.auto_save says."
)


@click.group("config")
def command() -> None:
    """Show, check and change the settings, and who decided what."""


@command.command("show")
@click.option("--origin", is_flag=True, help="Say of each key who decided it.")
@as_json
@plain
@click.pass_context
def show(ctx: click.Context, *, origin: bool, as_json: bool, plain: bool) -> None:
    """Show every key with its value. What a reference stands for is not looked up."""
    found = decisions(source_of(ctx))
    output = Output(plain=plain)
    if as_json:
        output.json([_decision_value(decision) for decision in found])
        return
    rows = [(d.key, inline(d.value), d.origin) for d in found]
    columns = ("key", "value", "origin")
    width = len(columns) if origin else 2
    output.table(columns[:width], [row[:width] for row in rows])


@command.command("get")
@click.argument("key")
@as_json
@click.pass_context
def get(ctx: click.Context, *, key: str, as_json: bool) -> None:
    """Show what KEY is set to, such as run.timeout_seconds; of a section, all of it."""
    asked = key_text(key_of(key))
    found = decisions(source_of(ctx))
    exact = [decision for decision in found if decision.key == asked]
    below = [decision for decision in found if decision.key.startswith(f"{asked}.")]
    output = Output()
    if not exact and not below:
        close = difflib.get_close_matches(asked, [d.key for d in found], n=1)
        hint = f"; did you mean {close[0]}?" if close else "; see: agentreg config show"
        raise click.BadParameter(f"{asked} is not set{hint}", param_hint="KEY")
    if as_json:
        values = [_decision_value(decision) for decision in exact or below]
        output.json(values[0] if exact else [*values])
    elif exact:
        value = exact[0].value
        output.text(value if isinstance(value, str) else inline(value))
    else:
        output.text("\n".join(f"{d.key} = {inline(d.value)}" for d in below))


@command.command("set")
@click.argument("key")
@click.argument("value")
@of_project
@_save
@as_json
@click.pass_context
def set_(
    ctx: click.Context, *, key: str, value: str, project: bool, save: bool | None, as_json: bool
) -> None:
    """Set KEY to VALUE: TOML, plain text, or words with commas for a list.

    Only the value changes; comments and layout stay. A secret is never set: name the variable
    that holds it, as in: agentreg config set providers.openai.api_key '{env = "OPENAI_API_KEY"}'
    """
    steps = key_of(key)
    given = value_of(steps, value)
    file = file_to_change(ctx, project=project)
    _change(ctx, file, lambda old: with_value(str(file), old, steps, given), save, as_json=as_json)


@command.command("unset")
@click.argument("key")
@of_project
@_save
@as_json
@click.pass_context
def unset(ctx: click.Context, *, key: str, project: bool, save: bool | None, as_json: bool) -> None:
    """Take KEY, and what is below it, out of the file."""
    steps = key_of(key)
    file = file_to_change(ctx, project=project)
    _change(ctx, file, lambda old: without_value(str(file), old, steps), save, as_json=as_json)


@command.command("validate")
@click.argument("file", required=False)
@as_json
@click.pass_context
def validate(ctx: click.Context, *, file: str | None, as_json: bool) -> None:
    """Check FILE, or all that is in force; exits with 2 and every fault with its line.

    An agent that is written about and not installed here is no fault, and only said.
    """
    one = () if file is None else (file_layer(file, content_of(file)),)
    layers = one or layers_of(source_of(ctx))
    absent = [*_absent_agents(ctx, layers)]
    output = Output()
    if as_json:
        checked: list[JsonValue] = [layer.name for layer in layers]
        output.json({"ok": True, "checked": checked, "absent": [*absent]})
        return
    output.text("\n".join(f"{layer.name}: ok" for layer in layers) or "nothing is set: ok")
    for agent in absent:
        click.echo(f"note: agent {agent} is not installed here", err=True)


@command.command("path")
@as_json
@plain
@click.pass_context
def path(ctx: click.Context, *, as_json: bool, plain: bool) -> None:
    """Show which files there may be, and which of them are read, the lowest first."""
    try:
        source = source_of(ctx)
    except ConfigError:
        source = SettingsSource(os.devnull)
    read = [file for file, _ in source.files if file != os.devnull]
    own, project = user_config_file(), project_file()
    rows = [("user", own, "read" if own in read else "not there")]
    rows += [("project", file, "read") for file in read if file != own]
    if project and project not in read:
        rows.append(("project", project, "not trusted" if source.untrusted else "not named"))
    output = Output(plain=plain)
    if as_json:
        output.json([{"layer": layer, "file": file, "state": state} for layer, file, state in rows])
    else:
        output.table(("layer", "file", "state"), rows)


@command.command("trust")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--forget", is_flag=True, help="Trust it no longer.")
@as_json
def trust(*, folder: Path | None, forget: bool, as_json: bool) -> None:
    """Read the agentreg.toml of FOLDER from now on, wherever below it one stands.

    Without FOLDER, that of the nearest agentreg.toml upwards. The file may unblock plugins, pin
    names and give agents the values of your variables: read it first.
    """
    found = project_file()
    given = folder or (Path(found).parent if found else Path())
    line = os.fsencode(os.path.realpath(given))
    place = trusted_folders_file()
    if b"\n" in line or not place:
        raise ConfigError("of the user", [Fault("", "has no place for such a folder")])

    def change(old: bytes) -> bytes:
        others = [known for known in old.split(b"\n") if known not in {b"", line}]
        return b"".join(known + b"\n" for known in (others if forget else [*others, line]))

    change_file(place, change)
    output = Output()
    if as_json:
        output.json({"folder": os.fsdecode(line), "trusted": not forget})
    else:
        word = "no longer trusted" if forget else "trusted"
        output.text(f"{word}: {os.fsdecode(line)}")


@command.command("reset")
@of_project
@as_json
@click.pass_context
def reset(ctx: click.Context, *, project: bool, as_json: bool) -> None:
    """Begin the file anew, whatever is in it; what was in it is kept beside it."""
    file = file_to_change(ctx, project=project)
    if not file.exists():
        raise ConfigError(str(file), [Fault("", "there is no such file")])
    kept = set_aside(file)
    output = Output()
    if as_json:
        output.json({"file": str(file), "kept": str(kept)})
    else:
        output.text(f"{file} is empty now; what was in it is in {kept}")


def _absent_agents(ctx: click.Context, layers: Iterable[Layer]) -> Iterator[str]:
    agents = merged(layers).get("agents")
    if not isinstance(agents, dict) or not agents:
        return
    here = discovered(ctx).agents
    known = {name for agent in here for name in (agent, agent.partition("@")[0])}
    yield from sorted(set(agents) - known)


def _change(
    ctx: click.Context,
    file: Path,
    change: Callable[[bytes], bytes],
    save: bool | None,  # noqa: FBT001 -- what a flag said
    *,
    as_json: bool,
) -> None:
    done = change_settings(file, change, save=saves(ctx, save))
    output = Output()
    if as_json:
        output.json({"file": str(file), "difference": done.text, "saved": done.saved})
    elif not done.text:
        output.text(f"{file} says so already")
    elif done.saved:
        output.text(f"wrote {file}")
    else:
        output.text(f"{done.text}\nnot saved: --save writes it")


def _decision_value(decision: Decision) -> dict[str, JsonValue]:
    value = cast("JsonValue", json.loads(json.dumps(decision.value)))
    return {"key": decision.key, "value": value, "origin": decision.origin}
