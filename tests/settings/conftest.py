"""Fixtures of the settings' tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_core.settings.sources import environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable and no file of whoever runs the tests."""
    for name in [name for name in environment() if name.startswith("AGENTREG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The user's own file, not there yet, in a folder that is."""
    file = tmp_path / "config" / "agentreg" / "agentreg.toml"
    file.parent.mkdir(parents=True)
    return file


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a project, not there yet; the current directory is two folders below it."""
    file = tmp_path / "project" / "agentreg.toml"
    (file.parent / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(file.parent / "deep" / "down")
    return file
