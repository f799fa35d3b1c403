"""The facade is the part of the package that strangers learn by heart."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import registry_core

FACADE = Path(registry_core.__file__)
OWNERS = {
    alias.asname or alias.name: node.module
    for node in ast.walk(ast.parse(FACADE.read_text(encoding="utf-8")))
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("registry_core.")
    for alias in node.names
}


class TestFacade:
    def test_names_are_sorted(self) -> None:
        """A sorted list is searched by eye."""
        assert list(registry_core.__all__) == sorted(registry_core.__all__)

    def test_type_checkers_see_the_same_names(self) -> None:
        """A name that only one of interpreter and editor knows is a riddle."""
        assert sorted(OWNERS) == sorted(registry_core.__all__)

    def test_completion_shows_only_promises(self) -> None:
        """What completion offers gets used, and must then be kept for ever."""
        assert sorted(dir(registry_core)) == sorted(registry_core.__all__)

    @pytest.mark.parametrize("name", registry_core.__all__)
    def test_a_name_is_the_very_thing_its_owner_has(self, name: str) -> None:
        """Two classes of one name would not compare equal."""
        owner = importlib.import_module(f"{OWNERS[name]}")

        assert getattr(registry_core, name) is getattr(owner, name)
        assert name in owner.__all__

    def test_every_class_and_function_explains_itself(self) -> None:
        """Help on a public name is the documentation at hand."""
        values = {name: getattr(registry_core, name) for name in registry_core.__all__}
        documentable = {
            name: value
            for name, value in values.items()
            if inspect.isroutine(value) or inspect.isclass(value)
        }

        assert [name for name, value in documentable.items() if not inspect.getdoc(value)] == []

    def test_an_unknown_name_is_an_attribute_error(self) -> None:
        """Feature tests by hasattr must work."""
        assert not hasattr(registry_core, "no_such_name")

    def test_importing_it_imports_nothing(self) -> None:
        """A command that lists agents must not pay for one that runs them."""
        code = (
            "import sys; before = set(sys.modules); import registry_core;"
            "print(sorted(set(sys.modules) - before - {'registry_core', '__future__'}))"
        )

        printed = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            text=True,
            cwd=FACADE.parents[1],
        )

        assert printed.stdout.strip() == "[]"
