"""What each place says, checked, with where it says so: the layers that settings are made of."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from registry_core.errors import ConfigError, Fault
from registry_core.settings.checking import dangling, faults_in
from registry_core.settings.keys import key_of, key_text, nested, part_at
from registry_core.settings.references import overlaid
from registry_core.text.lines import Lines, line_of
from registry_core.text.toml import TomlTable, read_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from registry_core.settings.sources import SettingsSource
    from registry_core.text.lines import Steps
    from registry_core.text.toml import TomlValue

__all__ = ["Layer", "file_layer", "layers_of", "merged", "value_of"]

_ADDED_UP = ("plugins", "block")


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says.

    Attributes:
        name: The file, the variable or the flag.
        document: What it says; paths in it are absolute.
        lines: Where in the file; none for the others.
    """

    name: str
    document: TomlTable
    lines: Lines | None = None

    def place_of(self, steps: Steps) -> str:
        """Return where it says what it says about *steps*."""
        return self.name if self.lines is None else f"{self.name}:{line_of(self.lines, steps)}"


def layers_of(source: SettingsSource) -> tuple[Layer, ...]:
    """Return the layers of *source*, the lowest first; each could be settings, and so they all.

    Raises:
        ConfigError: If one could not; all faults at once.
    """
    layers: list[Layer] = []
    errors: list[ConfigError] = []
    readers: list[Callable[[], Layer]] = [partial(file_layer, *file) for file in source.files]
    readers += [partial(_said_layer, *said) for said in source.said]
    for read in readers:
        try:
            layers.append(read())
        except ConfigError as error:
            errors.append(error)
    if not errors:
        errors += _dangling(layers)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        faults = [
            Fault(f"{error.subject}: {fault.path}", fault.message)
            for error in errors
            for fault in error.faults
        ]
        raise ConfigError(f"from {len(errors)} places", faults)
    return tuple(layers)


def file_layer(file: str, content: bytes) -> Layer:
    """Return what *file* says.

    Raises:
        ConfigError: If it cannot be used as it stands; all faults at once, with their lines.
    """
    toml = read_toml(file, content)
    faults = [
        Fault(f"line {line_of(toml.lines, steps)}: {key_text(steps)}", message)
        for steps, message in faults_in(toml.document)
    ]
    if faults:
        raise ConfigError(file, faults)
    return Layer(file, _anchored(toml.document, Path(file).absolute().parent), toml.lines)


def value_of(key: tuple[str, ...], word: str) -> TomlValue:
    """Return what somebody means who gives *word* to *key*: TOML, text, or words of a list.

    Raises:
        ConfigError: If none of these can be the key's value.

    >>> value_of(("run", "timeout_seconds"), "5"), value_of(("pins", "echo"), "5")
    (5, '5')
    >>> value_of(("plugins", "allow"), "a, b")
    ['a', 'b']
    """
    failed: list[Fault] = []
    for value in _readings(word):
        faults = list(faults_in(nested(key, value)))
        if not faults:
            return value
        failed = failed or [Fault(key_text(steps), message) for steps, message in faults]
    raise ConfigError("as typed", failed)


def merged(layers: Iterable[Layer]) -> TomlTable:
    """Return what *layers* say together: a later one goes over an earlier one, table by table.

    What is blocked adds up: whoever forbids something is heard, wherever it is said.
    """
    document: TomlTable = {}
    blocked: dict[str, None] = {}
    for layer in layers:
        blocks = part_at(layer.document, _ADDED_UP)
        blocked.update((str(name), None) for name in (blocks if isinstance(blocks, list) else ()))
        document = overlaid(document, layer.document)
    return overlaid(document, nested(_ADDED_UP, [*blocked])) if blocked else document


def _readings(word: str) -> Iterator[TomlValue]:
    with contextlib.suppress(ConfigError, UnicodeEncodeError):
        yield read_toml("", f"value = {word}".encode()).document["value"]
    yield word
    yield [*word.replace(",", " ").split()]


def _said_layer(name: str, key: str, said: str | tuple[str, ...]) -> Layer:
    try:
        steps = key_of(key)
        words: list[TomlValue] = [*said]
        value = value_of(steps, said) if isinstance(said, str) else words
    except ConfigError as error:
        raise ConfigError(f"of {name}", error.faults) from None
    return Layer(name, _anchored(nested(steps, value), Path.cwd()))


def _anchored(document: TomlTable, folder: Path) -> TomlTable:
    """Return *document* with the paths in it meant from *folder*."""
    lock, pipelines = part_at(document, ("plugins", "lock")), document.get("pipelines")
    if isinstance(lock, str) and lock:
        document = overlaid(document, nested(("plugins", "lock"), str(folder / lock)))
    if isinstance(pipelines, dict):
        paths: TomlTable = {name: str(folder / str(path)) for name, path in pipelines.items()}
        document = overlaid(document, {"pipelines": paths})
    return document


def _dangling(layers: list[Layer]) -> Iterator[ConfigError]:
    for steps, message in dangling(merged(layers)):
        said = [layer for layer in layers if part_at(layer.document, _keys(steps)) is not None]
        where = said[-1].place_of(steps) if said else key_text(steps)
        yield ConfigError(where, [Fault(key_text(steps), message)])


def _keys(steps: Steps) -> tuple[str, ...]:
    keys: list[str] = []
    for step in steps:
        if isinstance(step, int):
            break
        keys.append(step)
    return tuple(keys)
