"""Plain values as bytes, and back: the one place that uses marshal.

Of the formats in the standard library it is the only one that starts in no time. It may
crash on bytes that it did not write, so whoever unpacks has compared a checksum before.
"""

from __future__ import annotations

import marshal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["CorruptError", "pack", "unpack"]


class CorruptError(Exception):
    """The bytes hold nothing that was packed. Stays inside discovery."""


def pack(value: object) -> bytes:
    """Return *value*, made of numbers, text, bytes, tuples, lists and dicts, as bytes.

    >>> unpack(pack(("web-agents", 1.5, [None])))
    ('web-agents', 1.5, [None])
    """
    return marshal.dumps(value)  # type: ignore[arg-type]  # the stub cannot say "plain"


def unpack(data: ReadableBuffer) -> object:
    """Return the value in *data*.

    Raises:
        CorruptError: If there is none.
    """
    try:
        # Only our own cache is read so, after its owner and its checksum were compared.
        return marshal.loads(data)  # noqa: S302 -- see above
    except (ValueError, TypeError, EOFError) as error:
        raise CorruptError from error
