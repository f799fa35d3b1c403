"""What pytest gets from this package: fixtures, and ``--agent-conformance``.

pytest imports this module in every project of an environment that has registry-core, so it
imports nothing until a fixture or the option is used.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from registry_core.registry import Registry
    from registry_core.testing.clock import FakeClock
    from registry_core.testing.site import AgentSite

__all__ = [
    "agent_site",
    "fake_clock",
    "isolated_registry",
    "no_discovery",
    "pytest_addoption",
    "pytest_configure",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the conformance run."""
    group = parser.getgroup("agents", "plugins of registry-core")
    group.addoption(
        "--agent-conformance",
        action="append",
        nargs="?",
        const="",
        metavar="PLUGIN",
        help="also check that PLUGIN keeps what it promises; the project's own unless given",
    )
    group.addoption(
        "--agent-import-limit",
        type=float,
        metavar="SECONDS",
        help="most CPU time that importing a plugin may take in the conformance run",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Join in when the conformance run was asked for."""
    config.addinivalue_line(
        "markers", "agent_conformance: a check of --agent-conformance; deselect with -m"
    )
    if config.getoption("--agent-conformance") is not None:
        from registry_core.testing.collection import ConformanceRun

        config.pluginmanager.register(ConformanceRun(config), "agent-conformance-run")


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that passes only when something sleeps on it or the test says so."""
    from registry_core.testing.clock import FakeClock

    return FakeClock()


@pytest.fixture
def no_discovery(monkeypatch: pytest.MonkeyPatch) -> None:
    """``Registry.discover()`` finds nothing, whatever is installed and configured here."""
    from registry_core.registry import Registry

    def nothing(**_: object) -> Registry:
        return Registry()

    monkeypatch.setattr(Registry, "discover", nothing)


@pytest.fixture
def isolated_registry(no_discovery: None) -> Registry:
    """An empty registry; give it agents with ``with_agents``. Discovery is blocked."""
    del no_discovery
    from registry_core.registry import Registry

    return Registry()


@pytest.fixture
def agent_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AgentSite]:
    """A folder to install real distributions into; what is in it can be imported."""
    from registry_core.testing.site import AgentSite

    folder = tmp_path / "agent-site"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    known = set(sys.modules)
    yield AgentSite(folder)
    for name in set(sys.modules) - known:
        file: object = getattr(sys.modules[name], "__file__", None)
        if isinstance(file, str) and file.startswith(f"{folder}/"):
            del sys.modules[name]
