"""Options that several commands have, and what they need to start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

import click

if TYPE_CHECKING:
    from registry_core.registry import Registry

__all__ = ["as_json", "discovered", "goal_options", "plain"]

CommandT = TypeVar("CommandT", bound=Callable[..., object])

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
plain = click.option("--plain", is_flag=True, help="Print plain text on a terminal too.")


def goal_options(command: CommandT) -> CommandT:
    """Return *command* with the options that say what is wanted."""
    options = (
        click.option("--want", multiple=True, metavar="SCHEMA", help="What must come out."),
        click.option(
            "--have",
            multiple=True,
            metavar="SCHEMA[=VALUE]",
            help="What is at hand; for running with a value: JSON, or @FILE with JSON.",
        ),
        click.option(
            "--capability",
            "capabilities",
            multiple=True,
            metavar="NAME",
            help="Pass through it: one stage for each, in this order.",
        ),
        click.option("--exclude", multiple=True, metavar="AGENT", help="Do not use it."),
        click.option("--require", multiple=True, metavar="AGENT", help="Use it."),
        click.option("--max-stages", type=click.IntRange(min=1), help="Most stages."),
        click.option(
            "--objective",
            type=click.Choice(["stages", "depth", "latency", "cost"]),
            default="stages",
            show_default=True,
            help="What to make as small as possible.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def discovered(ctx: click.Context) -> Registry:
    """Return the registry of what is installed, under the settings that were named."""
    from registry_core.registry import Registry
    from registry_core.settings import load_settings

    state = cast("dict[str, str | None]", ctx.find_root().obj or {})
    return Registry.discover(settings=load_settings(state.get("config")))
