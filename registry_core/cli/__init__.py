"""The command line: one file per command, one module that prints."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run ``agentreg`` and exit with its code."""
    from registry_core.cli.app import run
    from registry_core.settings.sources import switch_off_pydantic_plugins

    switch_off_pydantic_plugins()
    try:
        run()
    except SystemExit as leaving:
        _leave(leaving.code)
        raise


def _leave(code: object) -> None:
    """End the process here when a thread of a plugin would keep it for ever."""
    threading = sys.modules.get("threading")
    if threading is None:
        return
    others = [t for t in threading.enumerate() if t is not threading.main_thread()]
    if all(thread.daemon for thread in others):
        return
    import os

    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
    os._exit(code if isinstance(code, int) else 0)
