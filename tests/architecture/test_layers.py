"""Who may import whom, and that every part of the workspace is held to it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TypedDict

import pytest

ROOT = Path(__file__).parents[2]
PARTS = sorted(
    path.parent
    for pattern in ("plugins/*/pyproject.toml", "sample_agents/*/pyproject.toml")
    for path in ROOT.glob(pattern)
    if path.parent.name != "broken-agents"
)


class Contract(TypedDict):
    """What we read of an import contract; each kind has some of it."""

    name: str
    allowed_importers: list[str]
    source_modules: list[str]


class Linting(TypedDict):
    """What we read of import-linter's settings."""

    root_packages: list[str]
    contracts: list[Contract]


def packages_of(part: Path) -> set[str]:
    """Return the names of the packages that *part* ships."""
    return {path.parent.name for path in part.glob("src/*/__init__.py")}


@pytest.fixture(scope="module")
def linting() -> Linting:
    """Return import-linter's settings."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    read: Linting = settings["tool"]["importlinter"]
    return read


@pytest.mark.parametrize("part", PARTS, ids=lambda path: path.name)
class TestParts:
    def test_its_imports_are_watched(self, part: Path, linting: Linting) -> None:
        """A part that no contract knows could reach into the host unseen."""
        held = {contract["name"]: contract for contract in linting["contracts"]}
        surface = held["parts use the published surface"]["source_modules"]
        facade = held["inside, import the owner and not the facade"]["allowed_importers"]

        for package in packages_of(part):
            assert package in linting["root_packages"]
            assert package in surface
            assert {package, f"{package}.**"} <= set(facade)

    def test_it_can_be_installed_and_understood_alone(self, part: Path) -> None:
        """It is published by itself, so it brings its page, its types and its tests."""
        (package,) = packages_of(part)

        wanted = ["README.md", "tests", f"src/{package}/py.typed"]
        assert [name for name in wanted if not (part / name).exists()] == []


def test_every_import_keeps_the_contracts() -> None:
    """Layers that are only drawn are gone in a month."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]

    kept = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    if kept.returncode != 0:
        pytest.fail(kept.stdout, pytrace=False)
