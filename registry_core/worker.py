"""The process that an isolated agent is called in: where plugins' code meets the runtime there.

Started by the host and by nobody else. Before anything else is imported it takes on the limits
that it was given, and makes sure that it does not outlive its host.
"""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import sys

__all__ = ["main"]


def main() -> None:
    """Serve the socket whose number stands first in the arguments, until the host hangs up."""
    end, lifeline, memory_mib = map(int, sys.argv[1:])
    del sys.argv[1:]
    for descriptor in (end, lifeline):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 -- as it is called
    _die_with(lifeline)
    _limit(resource.RLIMIT_CORE, 0)
    # Data, not address space: large libraries map files that take no memory.
    _limit(resource.RLIMIT_DATA, memory_mib << 20)

    import asyncio
    import socket

    from registry_core.discovery.loading import load_place
    from registry_core.runtime.isolated_child import serve
    from registry_core.settings.pydantic_start import start_pydantic

    start_pydantic()
    asyncio.run(serve(socket.socket(fileno=end), load_place))


def _die_with(lifeline: int) -> None:
    """Let the kernel kill the group of this process when nobody holds the other end any more.

    Unlike a thread that waits for it, that needs nothing of an interpreter which is busy; and
    unlike ``PR_SET_PDEATHSIG``, it means the process that holds the end, not one of its threads.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
    if hasattr(fcntl, "F_SETSIG"):  # else it is SIGIO, which ends whoever does not ignore it
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(kind, (most, most))
