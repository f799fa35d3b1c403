"""Changes the process around it when it is imported; its manifest is in order."""

from __future__ import annotations

import locale
import logging
import os
import signal
import sys
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

from registry_core import agent, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

os.chdir("/")
os.umask(0)
sys.path.insert(0, "/nowhere")
sys.setrecursionlimit(5_000)
warnings.simplefilter("error")
logging.basicConfig(level=logging.DEBUG, force=True)
with suppress(locale.Error):
    locale.setlocale(locale.LC_ALL, "C")
with suppress(ValueError):  # only the main thread may
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@agent(idempotent=True, mutates=False)
def echo(text: str) -> str:
    """Return the text as it is."""
    return text


@hookimpl
def registry_agents() -> list[Callable[..., object]]:
    """Offer the agent."""
    return [echo]
