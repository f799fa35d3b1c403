"""Fixtures of the command line's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from tests.cli.command import Typed, typing_in

if TYPE_CHECKING:
    from pathlib import Path


class Agentreg(Protocol):
    """``agentreg``, called with words."""

    def __call__(self, *words: str) -> Typed:
        """Return what the command left behind."""
        ...


@pytest.fixture
def agentreg(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Agentreg:
    """The command in this process, with settings and caches of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("AGENTREG_CONFIG", raising=False)
    return lambda *words: typing_in(capfd, *words)
