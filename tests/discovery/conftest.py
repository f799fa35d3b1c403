"""Fixtures of discovery's tests: a site directory of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """What stands in for site-packages; not on the path of this process."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder
