"""The command line: one file per command, one module that prints."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run ``agentreg`` and exit with its code."""
    from registry_core.cli.app import run

    run()
