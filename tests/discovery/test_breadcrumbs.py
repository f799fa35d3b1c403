"""Tests of naming the plugin that took its process along."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from registry_core.discovery.breadcrumbs import cut_imports, noting_import

if TYPE_CHECKING:
    from pathlib import Path


def importing(cache: Path, then: str) -> int:
    """Return the number of a process that ended while it imported a plugin."""
    program = (
        "import os, sys\n"
        "from registry_core.discovery.breadcrumbs import noting_import\n"
        "with noting_import(sys.argv[1], 'words:words'):\n"
        f"    {then}\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(cache)])
    process.wait()
    return process.pid


@pytest.mark.fault("F3", "F4")
class TestCutImports:
    @pytest.mark.parametrize(
        "end", ["os._exit(0)", "os.kill(os.getpid(), 9)", "__import__('ctypes').string_at(0)"]
    )
    def test_a_process_that_ended_in_an_import_leaves_a_name(
        self, tmp_path: Path, end: str
    ) -> None:
        """A crash without a word is the hardest to report."""
        process = importing(tmp_path, end)

        (cut,) = cut_imports(str(tmp_path))

        assert (cut.plugin, cut.process) == ("words:words", process)

    def test_an_import_that_came_to_an_end_leaves_nothing(self, tmp_path: Path) -> None:
        """Well or badly: an exception speaks for itself."""
        importing(tmp_path, "pass")
        with pytest.raises(ValueError, match="no"), noting_import(str(tmp_path), "words:words"):
            raise ValueError("no")

        assert cut_imports(str(tmp_path)) == ()
        assert list((tmp_path / "importing").iterdir()) == []

    def test_a_later_import_that_works_takes_the_old_name_away(self, tmp_path: Path) -> None:
        """What was mended must not be told for ever."""
        importing(tmp_path, "os._exit(0)")

        with noting_import(str(tmp_path), "words:words"):
            assert cut_imports(str(tmp_path))

        assert cut_imports(str(tmp_path)) == ()

    def test_an_import_that_still_runs_is_not_cut(self, tmp_path: Path) -> None:
        """Another shell may be in the middle of it."""
        with noting_import(str(tmp_path), "words:words"):
            assert cut_imports(str(tmp_path)) == ()

    @pytest.mark.fault("F95")
    def test_without_a_place_to_write_imports_go_on(self, tmp_path: Path) -> None:
        """It is a help, not a condition."""
        (tmp_path / "file").write_text("", encoding="utf-8")

        with noting_import("", "words:words"), noting_import(str(tmp_path / "file"), "a:b"):
            assert cut_imports(str(tmp_path / "file")) == cut_imports("") == ()
