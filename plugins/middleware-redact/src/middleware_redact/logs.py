"""The same for logs: a filter for handlers of the program that runs the host.

Agents log what they like, through the loggers they like, so only a handler sees everything.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from middleware_redact.secrets import Redaction

__all__ = ["RedactingFilter"]


class RedactingFilter(logging.Filter):
    """Takes secrets out of messages, tracebacks and stacks; lets every record pass.

    >>> from middleware_redact.secrets import Redaction
    >>> record = logging.makeLogRecord({"msg": "key %s", "args": ("AKIAABCDEFGHIJKLMNOP",)})
    >>> RedactingFilter(Redaction()).filter(record), record.getMessage()
    (True, 'key [redacted]')
    """

    def __init__(self, redaction: Redaction) -> None:
        """Replace what *redaction* finds."""
        super().__init__()
        self._redaction = redaction
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Change *record* in place, for every handler that comes after; return True."""
        clean = self._redaction.text
        record.msg, record.args = clean(_message(record)), None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            # Whoever formats the exception anew would bring the secret back.
            record.exc_text, record.exc_info = clean(record.exc_text), None
        if record.stack_info:
            record.stack_info = clean(record.stack_info)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 -- wrong arguments are logging's to report, and not a secret's way out
        return f"{record.msg} (its arguments do not fit)"
