"""Fixtures of the store's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_core.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place for a store; nothing is there yet."""
    return tmp_path / "state" / "agentreg"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """An empty store."""
    with Store(folder) as opened:
        yield opened
