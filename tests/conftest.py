"""What all suites share: numbered marks, and a record of what every test did."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

from tests.outcomes import OutcomeRecorder, check_marks

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run leave a record behind, which ``python -m tests.matrix`` reads."""
    parser.addoption(
        "--outcomes",
        type=Path,
        metavar="FILE",
        help="write the outcome of each test, with the numbers it carries, as JSON",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Record from a plugin of its own: hooks of this file do not see other suites' tests."""
    # A shell that starts this in the background has it ignored, and every child would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    record: Path | None = config.getoption("--outcomes")
    if record is not None:
        config.pluginmanager.register(OutcomeRecorder(record, config), "outcomes")


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Refuse marks with numbers that do not exist."""
    check_marks(items)
