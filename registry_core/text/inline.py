"""One value as TOML on one line, and one step of a key."""

from __future__ import annotations

import json
import re
from typing import cast

__all__ = ["inline", "key_word"]

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def inline(value: object) -> str:
    """Return a value that JSON has as TOML on one line.

    Raises:
        ValueError: If it holds a null, which TOML does not have.

    >>> inline({"env": "KEY", "limits": [1, 2.5, True]})
    '{ env = "KEY", limits = [1, 2.5, true] }'
    """
    match value:
        case None:
            message = "TOML has no null"
            raise ValueError(message)
        case dict():
            items = cast("dict[str, object]", value).items()
            parts = ", ".join(f"{key_word(key)} = {inline(part)}" for key, part in items)
            return f"{{ {parts} }}" if parts else "{}"
        case list() | tuple():
            return f"[{', '.join(map(inline, cast('list[object]', value)))}]"
        case str():
            return _quoted(value)
        case _:
            return json.dumps(value, allow_nan=False)


def key_word(step: str) -> str:
    """Return one step of a key, in quotes where it needs them.

    >>> key_word("run"), key_word("text-agents/summarise")
    ('run', '"text-agents/summarise"')
    """
    return step if _BARE.fullmatch(step) else _quoted(step)


def _quoted(text: str) -> str:
    # What JSON escapes, TOML reads alike; of what TOML forbids, JSON leaves one letter as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
