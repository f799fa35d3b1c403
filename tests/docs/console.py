"""Commands with the output they show: read from a page, run, compared.

Used by whatever replays a page's ``console`` blocks. A line ``...`` stands for any lines,
and ``...`` within a line for any text.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.docs.pages import Fence

__all__ = ["Command", "assert_shown", "commands_of", "matches", "run"]


@dataclass(frozen=True, slots=True)
class Command:
    """A command line and what a page shows below it.

    Attributes:
        place: Page and line, for messages.
        line: What is typed, continuation lines joined.
        expected: Output shown, with ``...`` for what may vary.
    """

    place: str
    line: str
    expected: str


def commands_of(fence: Fence) -> tuple[Command, ...]:
    """Return the commands of a ``console`` block; a command begins with ``$``.

    Raises:
        ValueError: If the block shows output before any command.
    """
    text = fence.text.replace("\\\n", "")
    before, *parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    if before.strip():
        message = f"{fence}: output before the first command"
        raise ValueError(message)
    splits = (part.partition("\n") for part in parts)
    return tuple(Command(str(fence), line, expected) for line, _, expected in splits)


def matches(expected: str, actual: str) -> bool:
    r"""Return whether *actual* is what *expected* shows; blanks at line ends do not count.

    >>> matches("found ... agents\n...\ndone\n", "found 12 agents\na\nb\ndone\n")
    True
    """
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else _pattern_of(line) + r"\n"
        for line in _lines(expected)
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(actual))) is not None


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def _pattern_of(line: str) -> str:
    return ".*".join(map(re.escape, line.split("...")))


def run(
    command: Command,
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float = 60,
) -> str:
    """Return what *command* prints, both streams together, run by a shell in *folder*.

    Programs are found beside this Python first; output is 100 columns wide and plain.
    """
    inherited = os.environ if environment is None else environment  # noqa: TID251 -- handed down
    search = os.pathsep.join((str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)))
    plain = {"PATH": search, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    completed = subprocess.run(
        ["sh", "-c", command.line],  # noqa: S607 -- whichever shell the reader has
        cwd=folder,
        env={**inherited, **plain},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_seconds,
        check=False,
    )
    return completed.stdout.decode("utf-8")


def assert_shown(commands: Iterable[Command], *, folder: Path) -> None:
    """Run *commands* one after another in *folder* and compare each with what is shown."""
    for command in commands:
        actual = run(command, folder=folder)
        assert matches(command.expected, actual), (
            f"{command.place}: $ {command.line}\n--- shown\n{command.expected}--- printed\n{actual}"
        )
