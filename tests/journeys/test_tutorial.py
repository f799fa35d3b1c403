"""The tutorial, followed to the letter in a fresh environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.console import commands_of, matches
from tests.docs.pages import ROOT, fences_of
from tests.journeys.environment import new_environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.environment import Environment

TUTORIALS = sorted((ROOT / "docs" / "tutorial").glob("*.md"))


@pytest.mark.requirement("R5", "R100")
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_reader_who_types_everything_sees_what_the_page_shows(
    page: Path, installed: Environment, tmp_path: Path
) -> None:
    """The first hour with a project decides, and it is spent on this page."""
    environment = new_environment(tmp_path / "venv", on_top_of=installed)
    folder = tmp_path / "project"
    folder.mkdir()
    commands = 0

    for fence in fences_of(page):
        if fence.title:
            file = folder / fence.title
            file.parent.mkdir(parents=True, exist_ok=True)
            before = file.read_text(encoding="utf-8") if fence.appended else ""
            file.write_text(before + ("\n" if before else "") + fence.text, encoding="utf-8")
        elif fence.language == "console":
            for command in commands_of(fence):
                done = environment.shell(command.line, cwd=folder)
                printed = done.stdout + (done.stderr if done.returncode else "")
                assert done.returncode == 0, f"{command.place}: $ {command.line}\n{printed}"
                assert matches(command.expected, printed), f"{command.place}:\n{printed}"
                commands += 1

    assert commands > 3
