"""Tests of the command line as a whole."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from registry_core.cli.app import COMMANDS
from registry_core.errors import UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Agentreg


class TestHelp:
    @pytest.mark.requirement("R3")
    def test_help_lists_every_command_and_the_exit_codes(self, agentreg: Agentreg) -> None:
        """A newcomer types --help first and should not have to type anything second."""
        typed = agentreg("--help")

        assert typed.code == 0
        assert all(f"  {name} " in typed.out for name in COMMANDS)
        assert "Exit codes" in typed.out

    @pytest.mark.requirement("R77")
    @pytest.mark.parametrize("name", sorted(COMMANDS))
    def test_each_command_has_help_that_begins_as_the_listing_says(
        self, agentreg: Agentreg, name: str
    ) -> None:
        """Two descriptions of one command would drift apart."""
        typed = agentreg(name, "--help")

        assert typed.code == 0
        assert COMMANDS[name] in " ".join(typed.out.split())

    def test_help_imports_no_command(self) -> None:
        """Help must come at once, whatever the commands need."""
        code = (
            "import sys\n"
            "from registry_core.cli.app import run\n"
            "try: run(['--help'])\n"
            "except SystemExit: pass\n"
            "print([m for m in ('pydantic', 'pluggy', 'packaging', 'rich', 'asyncio')"
            " if m in sys.modules], file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )

        assert done.stderr.strip() == "[]"


class TestHints:
    @pytest.mark.requirement("R77")
    @pytest.mark.parametrize(
        "kind", ["agent", "capability", "schema", "run", "plugin", "middleware", "collector"]
    )
    def test_what_a_hint_says_to_type_can_be_typed(self, agentreg: Agentreg, kind: str) -> None:
        """A hint that ends in another error is worse than none."""
        _, _, hint = str(UnknownNameError(kind, "none")).partition("list them: agentreg ")

        typed = agentreg(*hint.split())

        assert typed.code == 0


class TestUsage:
    @pytest.mark.requirement("R77")
    def test_an_unknown_command_exits_with_2_and_offers_the_near_one(
        self, agentreg: Agentreg
    ) -> None:
        """A typo is the most common mistake there is."""
        typed = agentreg("agent")

        assert typed.code == 2
        assert "'agents'" in typed.err

    def test_a_wrong_option_exits_with_2(self, agentreg: Agentreg) -> None:
        """Scripts tell wrong usage from a failed run by the exit code."""
        assert agentreg("plugins", "--nope").code == 2

    @pytest.mark.requirement("R83")
    @pytest.mark.fault("F91")
    def test_a_corrupt_configuration_exits_with_2_names_the_place_and_is_left_alone(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """Silently falling back to defaults would run with the wrong plugins."""
        file = tmp_path / "agentreg.toml"
        file.write_bytes(b"[plugins]\nalow = ['x']\n")

        typed = agentreg("--config", str(file), "plugins")

        assert typed.code == 2
        assert "line 2: plugins.alow" in typed.err
        assert "'allow'" in typed.err
        assert file.read_bytes() == b"[plugins]\nalow = ['x']\n"

    def test_a_missing_configuration_that_was_named_exits_with_2(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """A name that leads nowhere is a mistake, not a wish for defaults."""
        assert agentreg("--config", str(tmp_path / "none.toml"), "plugins").code == 2


class TestErrors:
    @pytest.mark.fault("F95")
    def test_with_json_an_error_is_one_json_value_too(self, agentreg: Agentreg) -> None:
        """A script reads one format, whatever happens."""
        typed = agentreg("show", "nobody", "--json")

        assert typed.code == 1
        assert typed.facts()["error"] == {
            "type": "UnknownNameError",
            "message": typed.err.removeprefix("error: ").strip(),
        }

    @pytest.mark.fault("F65")
    def test_a_reader_that_goes_away_causes_no_traceback(self) -> None:
        """`agentreg agents | head -1` is how people look at lists."""
        line = f"{sys.executable} -m registry_core agents --json | head -c 1"

        done = subprocess.run(
            ["/bin/bash", "-c", f"set -o pipefail; {line}"],
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode in {0, 141}
        assert "Traceback" not in done.stderr

    @pytest.mark.fault("F95")
    def test_a_poor_environment_is_no_obstacle(self) -> None:
        """Build machines have no terminal, no locale and no home."""
        environment = {"LC_ALL": "C", "TERM": "dumb", "COLUMNS": "40", "HOME": "/nonexistent"}

        done = subprocess.run(
            [sys.executable, "-m", "registry_core", "agents", "--json"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            check=False,
        )

        assert done.returncode == 0
        assert done.stdout.startswith(b"[")
