"""One environment with everything installed from wheels, shared by all journeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.environment import ROOT, Environment, build_wheels, new_environment

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = "broken-agents"


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Wheels of the host, its plugins and the samples."""
    parts = [*ROOT.glob("plugins/*/pyproject.toml"), *ROOT.glob("sample_agents/*/pyproject.toml")]
    projects = [part.parent for part in sorted(parts) if part.parent.name != BROKEN]
    return build_wheels(tmp_path_factory.mktemp("wheels"), ROOT, *projects)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, wheels: list[Path]) -> Environment:
    """A fresh environment into which pip installed all wheels."""
    environment = new_environment(tmp_path_factory.mktemp("installed") / "venv")
    environment.install(*wheels)
    return environment
