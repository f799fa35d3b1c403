"""Every hook, setting, error and command stands in the reference."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields, is_dataclass
from typing import get_args

import click
import pytest

from registry_core import errors
from registry_core.cli.app import COMMANDS, command_line
from registry_core.hooks import specs
from registry_core.results.outcomes import ErrorCode
from registry_core.settings import Settings
from registry_core.settings.layers import file_layer
from tests.docs.pages import ROOT

REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    """Return the text of a page of the reference."""
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def options_of(name: str) -> list[str]:
    """Return the options of a command and of its subcommands."""
    context = click.Context(command_line)
    command = command_line.get_command(context, name)
    assert command is not None
    commands = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    parameters = [parameter for one in commands for parameter in one.params]
    options = [one for one in parameters if isinstance(one, click.Option)]
    return [max(option.opts, key=len) for option in options]


class TestHooks:
    @pytest.mark.parametrize("name", specs.__all__)
    def test_each_hook_is_a_heading_with_its_arguments(self, name: str) -> None:
        """A hook nobody can read about is a hook nobody implements."""
        parameters = ", ".join(inspect.signature(getattr(specs, name)).parameters)

        assert f"## {name}({parameters})" in page("hooks")

    @pytest.mark.parametrize("name", specs.__all__)
    def test_each_specification_answers_the_four_questions(self, name: str) -> None:
        """Strangers build on it: when, in what order, what if I fail, since when."""
        text = inspect.getdoc(getattr(specs, name)) or ""

        assert all(f"{word}:" in text for word in ("When", "Order", "Failure", "Since"))


class TestErrors:
    @pytest.mark.parametrize("name", [name for name in errors.__all__ if name.endswith("Error")])
    def test_each_error_is_a_row_and_a_branch_of_the_tree(self, name: str) -> None:
        """Errors are part of what is promised."""
        assert f"| `{name}` |" in page("errors")
        assert name in (errors.__doc__ or "")


class TestCommands:
    @pytest.mark.requirement("R3")
    @pytest.mark.parametrize("name", sorted(COMMANDS))
    def test_each_command_is_a_heading_and_each_option_is_named(self, name: str) -> None:
        """Somebody automates with this page open."""
        text = page("commands")

        assert re.search(rf"^## {name}\b", text, flags=re.MULTILINE)
        missing = [option for option in options_of(name) if f"{option}" not in text]
        assert missing == []


class TestSettings:
    @pytest.mark.requirement("R81")
    @pytest.mark.parametrize("table", [field.name for field in fields(Settings)])
    def test_each_setting_is_named_with_its_default(self, table: str) -> None:
        """A setting that is not written down is a guess."""
        text = page("settings")
        todo = [(table, getattr(Settings(), table))]

        while todo:
            key, value = todo.pop()
            if is_dataclass(value) or "." not in key:
                assert f"`[{key}]`" in text or f"\n{key} = " in text
            if is_dataclass(value):
                names = [field.name for field in fields(value)]
                todo += [(f"{key}.{name}", getattr(value, name)) for name in names]
            elif "." in key:
                section, _, name = key.rpartition(".")
                (own,) = re.findall(
                    rf"^## `\[{section}\]`.*?(?=^## )", text, re.MULTILINE | re.DOTALL
                )
                (row,) = re.findall(rf"^\| `{name}` \| (?:`([^`]*)`|([^|]*)) \|", own, re.MULTILINE)
                written = json.dumps(value).strip('"') if value not in {(), "", None} else ""
                assert not written or written in row

    def test_the_example_can_be_used(self) -> None:
        """It is what people start from."""
        (example,) = re.findall(r"^```toml\n(.*?)^```", page("settings"), re.MULTILINE | re.DOTALL)

        assert file_layer("settings.md", example.encode()).document["format"] == 1


class TestErrorCodes:
    def test_each_code_of_a_record_is_a_row(self) -> None:
        """Programs decide by them."""
        text = page("registry")

        assert [code for code in get_args(ErrorCode) if f"| `{code}` |" not in text] == []
