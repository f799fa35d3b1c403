"""A newcomer's first hour is spent with these files; they must agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
BROKEN = ROOT / "sample_agents" / "broken-agents" / "pyproject.toml"  # wrong on purpose
PROJECTS = [
    ROOT / "pyproject.toml",
    *sorted(ROOT.glob("plugins/*/pyproject.toml")),
    *sorted(set(ROOT.glob("sample_agents/*/pyproject.toml")) - {BROKEN}),
]
PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def wanted_by(project: Path) -> list[Requirement]:
    """Return what *project* needs to run, and to be worked on."""
    table = tomllib.loads(project.read_text(encoding="utf-8"))
    needs: list[str] = [
        *table["project"].get("dependencies", []),
        *table.get("dependency-groups", {}).get("dev", []),
    ]
    return [Requirement(need) for need in needs]


def own_names() -> set[str]:
    """Return the distributions that this workspace itself holds."""
    tables = (tomllib.loads(project.read_text(encoding="utf-8")) for project in PROJECTS)
    return {canonicalize_name(table["project"]["name"]) for table in tables}


class TestConstraints:
    @pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.parent.name)
    def test_whatever_is_needed_is_pinned_to_a_version_that_will_do(self, project: Path) -> None:
        """Two people who install on different days must get the same tools."""
        pinned = {canonicalize_name(pin.name): pin for pin in PINS}

        for need in wanted_by(project):
            name = canonicalize_name(need.name)
            if name not in own_names():
                assert name in pinned
                assert need.specifier.contains(str(pinned[name].specifier).removeprefix("=="))

    def test_a_pin_is_one_exact_version_from_wherever_pip_looks(self) -> None:
        """A URL would decide for everybody where packages come from."""
        assert [str(pin) for pin in PINS if pin.url] == []
        assert all(re.fullmatch(r"==[^,*]+", str(pin.specifier)) for pin in PINS)


class TestCommands:
    def test_every_target_is_explained(self) -> None:
        """A target that nobody mentions gets written a second time."""
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        phony = re.search(r"^\.PHONY: ([a-z -]+)", makefile, re.MULTILINE)
        assert phony is not None

        explained = re.findall(
            r"^\| `make ([\w-]+)` \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE
        )

        assert sorted(explained) == sorted(set(phony[1].split()) - {"venv"})

    def test_what_ci_runs_is_what_people_are_told_to_run(self) -> None:
        """A check that only a server can run is found broken one push too late."""
        script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

        assert re.findall(r"^make \w+", script, re.MULTILINE) == ["make check", "make test"]


class TestLicence:
    @pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.parent.name)
    def test_every_distribution_is_under_the_one_licence(self, project: Path) -> None:
        """Lawyers read pyproject.toml too."""
        table = tomllib.loads(project.read_text(encoding="utf-8"))

        assert table["project"]["license"] == "Apache-2.0"
        assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
