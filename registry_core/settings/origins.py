"""Every decision, and who decided it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from registry_core.settings.keys import key_text, leaves, part_at
from registry_core.settings.layers import layers_of, merged
from registry_core.settings.references import is_reference, overlaid
from registry_core.settings.values import Settings
from registry_core.text.toml import TomlValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from registry_core.settings.layers import Layer
    from registry_core.settings.sources import SettingsSource
    from registry_core.text.toml import TomlTable

__all__ = ["Decision", "decisions"]

_DEFAULT = "default"
_ADDED_UP = ("plugins", "block")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a key is set to.

    Attributes:
        key: As it is written.
        value: What it is; a reference as it is written, never what it stands for.
        origin: ``FILE:LINE``, the variable, the flag, or ``default``; several where they add up.
    """

    key: str
    value: TomlValue
    origin: str


def decisions(source: SettingsSource) -> tuple[Decision, ...]:
    """Return a decision for each key that there is, the defaults too, in the order of the page.

    Raises:
        ConfigError: If the sources cannot be used as they stand; all faults at once.
    """
    layers = layers_of(source)
    document = overlaid(_defaults(), merged(layers))
    return tuple(
        Decision(key_text(steps), value, _origin(layers, steps))
        for steps, value in _values(document)
    )


def _defaults() -> TomlTable:
    """Return the defaults as the document that somebody would have to write."""
    document: TomlTable = json.loads(json.dumps(asdict(Settings(), dict_factory=_said)))
    return document


def _said(items: list[tuple[str, object]]) -> dict[str, object]:
    """Return a table of *items* without those that TOML has no word for."""
    return {key: value for key, value in items if value is not None}


def _values(document: TomlTable) -> Iterator[tuple[tuple[str, ...], TomlValue]]:
    """Yield each value with its key; a reference is a value, a table that is empty is none."""
    for steps, value in leaves(document):
        around = part_at(document, steps[:-1])
        if around is not None and is_reference(around):
            yield steps[:-1], around
        elif value != {}:
            yield steps, value


def _origin(layers: Sequence[Layer], steps: tuple[str, ...]) -> str:
    saying = [layer for layer in layers if part_at(layer.document, steps) is not None]
    heard = saying if steps == _ADDED_UP else saying[-1:]
    return ", ".join(layer.place_of(steps) for layer in heard) or _DEFAULT
