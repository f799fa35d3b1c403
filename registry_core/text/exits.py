"""How a process ended, in words."""

from __future__ import annotations

__all__ = ["exit_name"]


def exit_name(code: int) -> str:
    """Return what the exit *code* of a child means; below zero it is the signal that ended it.

    >>> exit_name(3), exit_name(-11), exit_name(-1000)
    ('exit 3', 'SIGSEGV', 'signal 1000')
    """
    if code >= 0:
        return f"exit {code}"
    import signal

    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
