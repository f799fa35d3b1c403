"""Options that several commands have, and what they need to start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.composer.terms import GoalTerms
    from registry_core.pipeline.plan import Objective
    from registry_core.registry import Registry
    from registry_core.settings.sources import SettingsSource

__all__ = ["JSON_WANTED", "GoalOptions", "as_json", "check_asked", "discovered", "goal_options"]
__all__ += ["plain", "rescan", "source_of", "terms_of"]

JSON_WANTED = "registry_core.json"
_BEGUN = "registry_core.begun"
_RESCAN = "registry_core.rescan"
_SOURCE = "registry_core.source"

_NUMBER = click.FloatRange(min=0)

CommandT = TypeVar("CommandT", bound=Callable[..., object])


def as_json(command: CommandT) -> CommandT:
    """Return *command* with the option that asks for JSON, which the settings may ask for too."""
    option = click.option(
        "--json", "as_json", is_flag=True, callback=_wants_json, help="Print one JSON value."
    )
    return option(command)


plain = click.option("--plain", is_flag=True, help="Print plain text on a terminal too.")


class PlanLimits(TypedDict):
    """What a plan must heed, as it was typed."""

    exclude: tuple[str, ...]
    require: tuple[str, ...]
    max_stages: int | None
    max_cost: float | None
    max_memory_mib: int | None
    max_latency_seconds: float | None
    objective: tuple[Objective, ...]


class GoalOptions(PlanLimits):
    """What :func:`goal_options` gives a command."""

    want: tuple[str, ...]
    have: tuple[str, ...]
    capabilities: tuple[str, ...]
    any_order: tuple[str, ...]
    first: str | None
    last: str | None


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
            help="Pass through it: a stage for each, in this order, others between them.",
        ),
        click.option(
            "--any-order", multiple=True, metavar="NAME", help="Have a stage with this capability."
        ),
        click.option("--first", metavar="NAME", help="Capability of the first stage of the way."),
        click.option("--last", metavar="NAME", help="Capability of the last stage of the way."),
        click.option("--exclude", multiple=True, metavar="AGENT", help="Do not use it."),
        click.option("--require", multiple=True, metavar="AGENT", help="Use it."),
        click.option("--max-stages", type=click.IntRange(min=1), help="Most stages."),
        click.option("--max-cost", type=_NUMBER, help="Most that the costs may add up to."),
        click.option(
            "--max-memory",
            "max_memory_mib",
            type=click.IntRange(min=0),
            metavar="MIB",
            help="Most memory that stages which may run at once may need.",
        ),
        click.option(
            "--max-latency",
            "max_latency_seconds",
            type=_NUMBER,
            metavar="SECONDS",
            help="Longest time that a run is expected to take.",
        ),
        click.option(
            "--objective",
            multiple=True,
            type=click.Choice(["stages", "depth", "latency", "cost", "reliability", "score"]),
            default=("stages",),
            show_default=True,
            help="What to make as small as possible; of two, what is not worse in both.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def check_asked(options: GoalOptions) -> None:
    """Refuse a goal that asks for nothing, or for more than can be weighed.

    Raises:
        click.UsageError: If it does.
    """
    asked = (options[name] for name in ("want", "capabilities", "any_order", "first", "last"))
    if not any(asked):
        raise click.UsageError("say what must come out: --want SCHEMA, or --capability NAME")
    if len(options["objective"]) > 2:  # noqa: PLR2004 -- a front has two sides
        raise click.UsageError("plans are weighed by one --objective, or by two")


def terms_of(options: GoalOptions, have: Iterable[str]) -> GoalTerms:
    """Return the goal that was typed, with the schemas of what is at hand."""
    one, *others = options["objective"]
    return {
        "have": have,
        "want": options["want"],
        "capabilities": options["capabilities"],
        "any_order": options["any_order"],
        "first": options["first"],
        "last": options["last"],
        "exclude": options["exclude"],
        "require": options["require"],
        "max_stages": options["max_stages"],
        "max_cost": options["max_cost"],
        "max_memory_mib": options["max_memory_mib"],
        "max_latency_seconds": options["max_latency_seconds"],
        "objective": (one, others[0]) if others else one,
    }


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

    source, root = source_of(ctx), ctx.find_root()
    if not root.meta.get(_BEGUN):
        root.meta[_BEGUN] = True
        if source.untrusted:
            _hint(source.untrusted)
        _begin_logging(ctx, source)
    return Registry.discover(settings=source, rescan=ctx.meta.get(_RESCAN, False))


def source_of(ctx: click.Context) -> SettingsSource:
    """Return what was written where settings are; gathered once a command, not yet read.

    Raises:
        ConfigError: If a file cannot be opened, or a flag is no assignment.
    """
    from registry_core.settings.sources import SettingsSource

    root = ctx.find_root()
    if _SOURCE not in root.meta:
        named = root.params
        flags = {"--log-level": "cli.log_level", "--format": "cli.output_format"}
        given = {flag: named.get(flag.strip("-").replace("-", "_")) for flag in flags}
        root.meta[_SOURCE] = SettingsSource(
            named.get("config"),
            allow=named.get("allow") or (),
            block=named.get("block") or (),
            trust=named.get("trust") or "",
            lock=named.get("lock") or "",
            assign=(
                *(named.get("assign") or ()),
                *(f"{flags[flag]}={value}" for flag, value in given.items() if value),
            ),
        )
    source: SettingsSource = root.meta[_SOURCE]
    return source


def _hint(file: str) -> None:
    """Tell of the project's file that is not read."""
    import shlex

    # Who made the folder may have put letters into its name that a terminal obeys.
    name = file if file.isprintable() else ascii(file)
    folder = shlex.quote(name[: -len("/agentreg.toml")]) if name is file else "FOLDER"
    click.echo(f"note: {name} is not read; trust it: agentreg config trust {folder}", err=True)


def _begin_logging(ctx: click.Context, source: SettingsSource) -> None:
    # What nobody wrote about is at its default, which is how Python starts.
    decided = source.mentions("log_level")
    # What discovery does not depend on, it does not check either.
    if not decided and not any("__" in who or who == "--set" for who, *_ in source.said):
        return
    from registry_core.settings.reading import read_settings

    settings = read_settings(source)
    if decided:
        from registry_core.cli.logs import logging_at

        ctx.find_root().with_resource(logging_at(settings.cli.log_level))


def _wants_json(ctx: click.Context, _: click.Parameter, value: bool) -> bool:  # noqa: FBT001 -- click calls it
    wanted = value or _format_of(ctx) == "json"
    ctx.find_root().meta[JSON_WANTED] = wanted
    return wanted


def _format_of(ctx: click.Context) -> str:
    from registry_core.errors import ConfigError

    try:
        source = source_of(ctx)
        if not source.mentions("output_format"):
            return "text"
        from registry_core.settings.reading import read_settings

        return read_settings(source).cli.output_format
    except ConfigError:
        return "text"  # whoever needs the settings says what is wrong with them


def _remember(ctx: click.Context, _: click.Parameter, value: object) -> None:
    ctx.meta[_RESCAN] = value
