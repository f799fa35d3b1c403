"""Whether installed middleware can stand where it says: what cannot be had is a note."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from registry_core.definitions.middleware import MiddlewareDefinition, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from registry_core.discovery.report import PluginRecord

__all__ = ["settle_places"]


def settle_places(records: Sequence[PluginRecord]) -> tuple[PluginRecord, ...]:
    """Return the records, with a note for each name that *before* or *after* lead to in vain."""
    offers = {
        f"{record.distribution}/{item.name}": item
        for record in records
        if record.state == "ok" and record.manifest
        for item in record.manifest.middleware
    }
    if not any(item.before or item.after for item in offers.values()):
        return tuple(records)
    notes: defaultdict[str, list[str]] = defaultdict(list)
    for name, note in (*_vain(offers), *_circular(offers)):
        notes[name].append(note)
    return tuple(_noted(record, notes) for record in records)


def _noted(record: PluginRecord, notes: Mapping[str, Sequence[str]]) -> PluginRecord:
    if record.state != "ok" or record.manifest is None:
        return record
    names = (f"{record.distribution}/{item.name}" for item in record.manifest.middleware)
    added = tuple(note for name in names for note in notes.get(name, ()))
    return replace(record, notes=(*record.notes, *added)) if added else record


def _vain(offers: Mapping[str, MiddlewareDefinition]) -> Iterator[tuple[str, str]]:
    for name, item in offers.items():
        for side, others in (("before", item.before), ("after", item.after)):
            for other in dict.fromkeys(others):
                if other not in offers:
                    yield name, f"middleware {name} goes {side} {other}, which nobody offers"
                elif offers[other].scope != item.scope:
                    scope = offers[other].scope
                    yield name, f"middleware {name} goes {side} {other}, which is of scope {scope}"


def _circular(offers: Mapping[str, MiddlewareDefinition]) -> Iterator[tuple[str, str]]:
    from registry_core.definitions.layering import layering

    for scope in get_args(Scope):
        for circle in layering(o for o in offers.items() if o[1].scope == scope).circles:
            members = ", ".join(circle)
            for name in circle:
                yield name, f"before and after lead in a circle; order and name decide: {members}"
