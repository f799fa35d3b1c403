"""Broken in the way the table says, and in no other."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parents[1]
SOURCES = sorted(path.parent.name for path in HERE.glob("*/pyproject.toml"))


@pytest.fixture(scope="module")
def dist_info() -> ModuleType:
    """Return the module, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("dist_info", HERE / "dist_info.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["dist_info"] = module
    spec.loader.exec_module(module)
    return module


class TestTable:
    @pytest.mark.parametrize("name", SOURCES)
    def test_every_distribution_stands_in_the_readme(self, name: str) -> None:
        """A fault nobody can look up is a riddle in somebody's test run."""
        assert f"`{name}`" in (HERE / "README.md").read_text(encoding="utf-8")


class TestWriting:
    @pytest.mark.parametrize("name", SOURCES)
    def test_a_source_is_laid_down_with_its_record(
        self, name: str, dist_info: ModuleType, tmp_path: Path
    ) -> None:
        """Hosts check that a plugin's files are in its record; the fault must be the only one."""
        folder = dist_info.write(dist_info.from_source(name), tmp_path)

        record = (folder / "RECORD").read_text(encoding="utf-8")
        listed = {line.split(",")[0] for line in record.splitlines()}
        written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
        assert {path for path in written if (tmp_path / path).is_file()} <= listed

    def test_all_hostile_metadata_fits_into_one_directory(
        self, dist_info: ModuleType, tmp_path: Path
    ) -> None:
        """They are found together, as they would be in a shared environment."""
        hostile = (*dist_info.UNREADABLE_ENTRY_POINTS, *dist_info.CONFUSABLE_NAMES)

        folders = {dist_info.write(one, tmp_path) for one in hostile}

        assert len(folders) == len(hostile) == 18
