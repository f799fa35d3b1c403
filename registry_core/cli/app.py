"""``agentreg``: finds the command, imports it, and turns errors into exit codes.

0    what was asked was done
1    it could not be done, or something is wrong
2    wrong usage or configuration; nothing was run
3    some of a batch was done, and some was not
130  interrupted
143  terminated, with what was done by then said
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

import click

from registry_core.cli.options import JSON_WANTED
from registry_core.errors import ConfigError, RegistryError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "command_line", "run"]

COMMANDS = {
    "agents": "List the agents of all plugins.",
    "audit": "Verify the files of installed plugins.",
    "batch": "Run a saved pipeline or an AGENT on every line of FILE.",
    "compose": "Plan a pipeline from FILE, or from what --have says, and say why.",
    "config": "Show, check and change the settings, and who decided what.",
    "diff": "Show what an upgrade changed for the saved pipeline in FILE, and what to run instead.",
    "doctor": "Explain every plugin that is not ok, and every contested name.",
    "lock": "Lock saved pipelines to what is installed, or check that it is still what was locked.",
    "manifest": "Build a plugin's manifest from its code, or check that the two are equal.",
    "new": "Begin a plugin called NAME: two agents, their manifest and their tests.",
    "pipelines": "List the pipelines that were saved by name.",
    "plugins": "List all installed plugins, the failed too.",
    "resume": "Go on with RUN, an interrupted or failed one.",
    "run": "Plan a pipeline from FILE, or from the values of --have, and run it.",
    "runs": "List the runs that were kept, the newest first.",
    "show": "Show what AGENT declares, and who it goes together with.",
    "status": "Show how far RUN got, or what runs now and what was interrupted.",
    "suggest": "Show chains of agents from the capability START to the capability END.",
}


class _Commands(click.Group):
    """Commands that are imported when they are called; listing them imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"registry_core.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in sorted(COMMANDS)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else " See: agentreg --help"
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 it could not be done, 2 wrong usage or configuration, "
    "3 a part of a batch was done, 130 interrupted, 143 terminated.",
)
@click.version_option(package_name="registry-core", prog_name="agentreg")
@click.option("--config", metavar="FILE", help="The project's settings, over the user's own.")
@click.option("--set", "assign", multiple=True, metavar="KEY=VALUE", help="Over all settings.")
@click.option("--allow", multiple=True, metavar="NAME", help="Only these plugins or agents.")
@click.option("--block", multiple=True, metavar="NAME", help="Not these plugins or agents.")
@click.option("--trust", type=click.Choice(["installed", "locked"]), help="Who may take part.")
@click.option("--lock", metavar="FILE", help="The lock that --trust locked goes by.")
@click.option(
    "--log-level",
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], case_sensitive=False),
    help="Least of what is told on standard error.",
)
@click.option("--format", type=click.Choice(["text", "json"]), help="What answers come as.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def command_line(**_: object) -> None:
    """Find, plan with and run the agents that are installed here.

    Listing, planning and explaining execute nothing of a plugin.
    """


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Args:
        arguments: What was typed after ``agentreg``; the process's own unless given.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    json_wanted = "--json" in given
    try:
        # Not click's own main: it ends with 1 when the reader of a pipe goes away.
        with command_line.make_context("agentreg", given[:]) as ctx:
            try:
                command_line.invoke(ctx)
            finally:
                json_wanted = json_wanted or bool(ctx.meta.get(JSON_WANTED))
        sys.stdout.flush()
        sys.exit(0)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        _close_quietly()
        sys.exit(0)
    except RegistryError as error:
        _report(error, given, as_json=json_wanted)
        sys.exit(2 if isinstance(error, ConfigError) else 1)
    except OSError as error:
        _report(error, given, as_json=json_wanted)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 -- the last place where a fault can be told
        _report(
            error,
            given,
            as_json=json_wanted,
            lead="this is a fault of agentreg itself; see it with --debug: ",
        )
        sys.exit(1)


def _report(error: Exception, given: Sequence[str], *, as_json: bool, lead: str = "") -> None:
    from registry_core.cli.rendering import report_error

    if "--debug" in given:
        import traceback

        traceback.print_exception(error)
    report_error(error, as_json=as_json, lead=lead)


def _close_quietly() -> None:
    # The reader went away; the interpreter would complain once more while it exits.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
