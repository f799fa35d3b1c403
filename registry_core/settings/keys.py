"""Keys of settings, as people write them: ``run.timeout_seconds``, ``agents."a/b".config``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.errors import ConfigError, Fault
from registry_core.text.inline import key_word
from registry_core.text.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.text.lines import Steps
    from registry_core.text.toml import TomlTable, TomlValue

__all__ = ["key_of", "key_text", "leaves", "nested", "part_at"]


def key_of(text: str) -> tuple[str, ...]:
    """Return the steps of a key.

    Raises:
        ConfigError: If *text* is not one key.

    >>> key_of('agents."text-agents/summarise".config.max_words')
    ('agents', 'text-agents/summarise', 'config', 'max_words')
    """
    try:
        document = {} if "\n" in text else read_toml("", f"{text} = 1".encode()).document
    except (ConfigError, UnicodeEncodeError):
        document = {}
    found = list(leaves(document))
    # A quoted key may hold what looks like the end of one: "a = 1 # ".
    if len(found) == 1 and found[0][1] == 1 and "#" not in text:
        return found[0][0]
    raise ConfigError("as typed", [Fault("key", 'is none: write SECTION.KEY, or pins."a name"')])


def key_text(steps: Steps) -> str:
    """Return a key as it is written.

    >>> key_text(("agents", "a/b", "config", "limits", 0))
    'agents."a/b".config.limits[0]'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{key_word(step)}" for step in steps)
    return text.removeprefix(".")


def leaves(
    document: TomlTable, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], TomlValue]]:
    """Yield the key of each value that is no table, with the value; of an empty table its own."""
    for key, value in document.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


def nested(steps: tuple[str, ...], value: TomlValue) -> TomlTable:
    """Return the document that holds *value* alone.

    >>> nested(("run", "timeout_seconds"), 5)
    {'run': {'timeout_seconds': 5}}
    """
    first, *rest = steps
    return {first: nested(tuple(rest), value) if rest else value}


def part_at(document: TomlTable, steps: tuple[str, ...]) -> TomlValue | None:
    """Return the value at *steps*, or None where there is none."""
    value: TomlValue = document
    for step in steps:
        if not isinstance(value, dict) or step not in value:
            return None
        value = value[step]
    return value
