"""Records of discovery as plain values, and back: what the cache keeps.

A value of a known class becomes ``(class name, field, field, …)``, the name as bytes, and nothing
else becomes a tuple with bytes in front. So what is read back can only ever be one of these
classes: a cache holds facts, and no way to say which code to run. Lists and objects are JSON and
stay as they are, and so does a tuple of what stays. The text of a manifest becomes its number.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias, cast

from registry_core.definitions.agent import AgentDefinition, Example, InputDefinition
from registry_core.definitions.capability import CapabilityClaim, CapabilityDefinition
from registry_core.definitions.collector import CollectorDefinition
from registry_core.definitions.manifest import Manifest
from registry_core.definitions.middleware import MiddlewareDefinition
from registry_core.definitions.resources import Resources
from registry_core.definitions.schema import SchemaDefinition
from registry_core.definitions.validating import recall_manifest
from registry_core.discovery.compatibility import Metadata
from registry_core.discovery.discover import Answer, Remembered
from registry_core.discovery.entry_points import PluginEntry
from registry_core.discovery.inspection import Flaw, Inspection, PluginFiles
from registry_core.discovery.probe import Probed
from registry_core.discovery.report import Conflict, PluginRecord
from registry_core.names import AgentName, CapabilityName, SchemaId, SchemaName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["SHAPE", "Plain", "from_plain", "set_aside", "to_plain"]

Plain: TypeAlias = object
"""None, a number, text, a tuple of these, or a JSON list or object."""

_RECORDS: Mapping[bytes, type] = {
    cls.__name__.encode(): cls
    for cls in (
        AgentDefinition,
        Answer,
        CapabilityClaim,
        CapabilityDefinition,
        CollectorDefinition,
        Conflict,
        Example,
        Flaw,
        InputDefinition,
        Inspection,
        Manifest,
        Metadata,
        MiddlewareDefinition,
        PluginEntry,
        PluginFiles,
        PluginRecord,
        Probed,
        Remembered,
        Resources,
        SchemaDefinition,
    )
}
_NAMES: Mapping[bytes, type[str]] = {
    cls.__name__.encode(): cls for cls in (AgentName, CapabilityName, SchemaId, SchemaName)
}
_LEAVES = frozenset({str, int, float, bool, type(None), list, dict})
_STORED = _LEAVES | {bytes}
_TEXT = b"text"
_SEALED = b"sealed manifest"
_CLASSES: Mapping[bytes, Callable[..., object]] = {
    **_RECORDS,
    **_NAMES,
    _SEALED: recall_manifest,
}
_TAGS: Mapping[type, bytes] = {cls: tag for tag, cls in (*_RECORDS.items(), *_NAMES.items())}
_FIELDS: Mapping[type, tuple[str, ...]] = {
    cls: tuple(field.name for field in fields(cls))
    if is_dataclass(cls)
    else tuple(cls.__annotations__)
    for cls in _RECORDS.values()
}

_PARTS: Mapping[type, Callable[[object], tuple[object, ...]]] = {
    cls: attrgetter(*names) for cls, names in _FIELDS.items()
}

SHAPE = tuple((_TAGS[cls], *names) for cls, names in _FIELDS.items())
"""The classes with their fields: what was written under another shape cannot be read."""


def to_plain(value: object, shared: dict[int, Plain] | None = None) -> Plain:
    """Return *value* without any class of ours.

    Args:
        value: A record, or what a record's field may hold.
        shared: Manifests and texts that were seen, by identity; one of them is given out again.

    >>> to_plain((CapabilityClaim(CapabilityName("validation"), 0.5),))
    ((b'CapabilityClaim', (b'CapabilityName', 'validation'), 0.5),)
    """
    kind = type(value)
    if kind in _LEAVES:
        return value
    if kind is tuple:
        # Most parts are leaves, and a call for each would take twice the time of all the rest.
        parts = cast("tuple[object, ...]", value)
        return parts if _LEAVES.issuperset(map(type, parts)) else tuple(_plain(parts, shared))
    if kind is bytes:
        return shared.get(id(value), value) if shared else value
    if kind not in _PARTS:
        return (_TAGS[kind], str(value)) if kind in _TAGS else str(value)
    if shared is None or kind is not Manifest:
        return (_TAGS[kind], *_plain(_PARTS[kind](value), shared))
    if id(value) not in shared:
        shared[id(value)] = to_plain(value)
    return shared[id(value)]


def _plain(parts: tuple[object, ...], shared: dict[int, Plain] | None) -> list[Plain]:
    return [part if type(part) in _LEAVES else to_plain(part, shared) for part in parts]


def set_aside(texts: Mapping[int, bytes]) -> dict[int, Plain]:
    """Return what stands for texts that are stored by themselves, and for what was read from them.

    Args:
        texts: Texts that were read and are right, by the identity of the manifest in each.
    """
    numbers = {id(text): (_TEXT, number) for number, text in enumerate(texts.values())}
    return {
        **numbers,
        **{manifest: (_SEALED, numbers[id(text)]) for manifest, text in texts.items()},
    }


def from_plain(plain: Plain, texts: Sequence[bytes] = ()) -> object:
    """Return the value that :func:`to_plain` made *plain* of.

    Args:
        plain: A plain value.
        texts: The texts that were set aside.

    Raises:
        LookupError: If a class is not one of ours, or a text is not there.
        TypeError: If the fields are not those of its class.
    """
    if type(plain) is not tuple:
        return plain
    parts = cast("tuple[Plain, ...]", plain)
    values = [part if type(part) in _STORED else from_plain(part, texts) for part in parts]
    if values and isinstance(tag := values[0], bytes):
        return texts[cast("int", values[1])] if tag == _TEXT else _CLASSES[tag](*values[1:])
    return tuple(values)
