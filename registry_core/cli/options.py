"""Options that several commands have, and what they need to start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict, TypeVar

import click

if TYPE_CHECKING:
    from registry_core.pipeline.plan import Objective
    from registry_core.registry import Registry

__all__ = ["GoalOptions", "as_json", "discovered", "goal_options", "plain", "rescan"]

_RESCAN = "registry_core.rescan"

CommandT = TypeVar("CommandT", bound=Callable[..., object])

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
plain = click.option("--plain", is_flag=True, help="Print plain text on a terminal too.")


class PlanLimits(TypedDict):
    """What a plan must heed, as it was typed."""

    exclude: tuple[str, ...]
    require: tuple[str, ...]
    max_stages: int | None
    objective: Objective


class GoalOptions(PlanLimits):
    """What :func:`goal_options` gives a command."""

    want: tuple[str, ...]
    have: tuple[str, ...]
    capabilities: tuple[str, ...]


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


def rescan(command: CommandT) -> CommandT:
    """Return *command* with the option that distrusts the cache."""
    option = click.option(
        "--rescan",
        is_flag=True,
        expose_value=False,
        callback=_remember,
        help="Read every installed plugin's files again.",
    )
    return option(command)


def discovered(ctx: click.Context) -> Registry:
    """Return the registry of what is installed, under the settings that were named.

    Raises:
        ConfigError: If they cannot be used.
    """
    from registry_core.registry import Registry
    from registry_core.settings.sources import SettingsSource

    named = ctx.find_root().params
    source = SettingsSource(
        named.get("config"),
        allow=named.get("allow") or (),
        block=named.get("block") or (),
        trust=named.get("trust") or "",
        lock=named.get("lock") or "",
    )
    return Registry.discover(settings=source, rescan=ctx.meta.get(_RESCAN, False))


def _remember(ctx: click.Context, _: click.Parameter, value: object) -> None:
    ctx.meta[_RESCAN] = value
