"""What one discovery leaves to the next: the part of the index that is read on demand."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple, cast

from registry_core.discovery.allocating import Allocating
from registry_core.discovery.codec import SHAPE, Plain, from_plain, set_aside, to_plain
from registry_core.discovery.conflicts import agent_ids
from registry_core.discovery.discover import Discovery, Remembered, search
from registry_core.discovery.packing import CorruptError, pack, unpack
from registry_core.discovery.report import Conflict, DiscoveryReport, PluginRecord
from registry_core.discovery.rows import AgentRow, plugin_row_of, row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from registry_core.discovery.places import Mark
    from registry_core.settings.choosing import Choosing

__all__ = ["Compiled", "compiled", "listed", "recalled_report"]


class Compiled(NamedTuple):
    """A discovery, ready to be stored.

    Attributes:
        ids: The ids of all agents, sorted, one a line; ``!`` stands before a contested one.
        rows: Each agent as the list shows it, sorted by id, packed.
        plugins: Each plugin as the list shows it, packed.
        tail: Report and memory as bytes, in pieces.
        watched: Files outside of the searched folders on which they depend.
        began_ns: When the first file was looked at, in ns since 1970.
        lasting: Whether all that the report depends on is watched.
        read: How many distributions were read anew.
    """

    ids: str
    rows: bytes
    plugins: bytes
    tail: tuple[bytes, ...]
    watched: tuple[Mark, ...]
    began_ns: int
    lasting: bool
    read: int


def compiled(
    settings: Choosing, *, path: Iterable[str] | None, tail: bytes, remembered_ns: int
) -> Compiled:
    """Return a new discovery that reads only what changed since the one in *tail*."""
    memory = _recalled_memory(tail)
    found = search(settings, path=path, memory=memory, remembered_ns=remembered_ns)
    ids, rows, plugins = listed(found.brief)
    return Compiled(
        ids=ids,
        rows=rows,
        plugins=plugins,
        tail=_tail(found),
        watched=found.watched,
        began_ns=found.began_ns,
        lasting=found.lasting,
        read=found.read,
    )


def recalled_report(tail: bytes, *, otherwise: Callable[[], DiscoveryReport]) -> DiscoveryReport:
    """Return the report in *tail*, or what *otherwise* returns when it cannot be read."""
    try:
        with Allocating():
            records, conflicts, _, texts = _parts(tail)
            return DiscoveryReport(
                plugins=cast("tuple[PluginRecord, ...]", from_plain(records, texts)),
                conflicts=cast("tuple[Conflict, ...]", from_plain(conflicts)),
            )
    except CorruptError:
        return otherwise()


def _recalled_memory(tail: bytes) -> Mapping[str, Remembered]:
    try:
        _, _, memory, texts = _parts(tail)
        return {
            place: cast("Remembered", from_plain(item, texts)) for place, item in memory.items()
        }
    except CorruptError:
        return {}


def _parts(tail: bytes) -> tuple[Plain, Plain, dict[str, Plain], list[bytes]]:
    """Return records, conflicts and memory as plain values, and the texts of manifests.

    Raises:
        CorruptError: If another release of this host wrote them.
    """
    shape, *parts = cast("tuple[Plain, ...]", unpack(tail)) if tail else (None,)
    if shape != SHAPE:
        raise CorruptError
    records, conflicts, memory, kept = parts
    sizes = cast("tuple[int, ...]", kept)
    ends = accumulate(sizes, initial=len(tail) - sum(sizes))
    texts = [tail[begin:end] for begin, end in pairwise(ends)]
    return records, conflicts, cast("dict[str, Plain]", memory), texts


def _tail(found: Discovery) -> tuple[bytes, ...]:
    # The texts are most of it: they are written from where they are, and copied nowhere.
    texts = found.texts
    shared = set_aside(texts)
    packed = pack(
        (
            SHAPE,
            to_plain(found.brief.plugins, shared),
            to_plain(found.brief.conflicts, shared),
            {place: to_plain(item, shared) for place, item in found.memory.items()},
            tuple(map(len, texts.values())),
        )
    )
    return packed, *texts.values()


def listed(report: DiscoveryReport) -> tuple[str, bytes, bytes]:
    """Return the ids of all agents and what lists show of agents and plugins, as an index does."""
    rows = tuple(sorted(_rows(report)))
    ids = "\n".join([f"!{row[0]}" if row[-1] else row[0] for row in rows])
    return ids, pack(rows), pack(tuple([tuple(plugin_row_of(record)) for record in report.plugins]))


def _rows(report: DiscoveryReport) -> Iterator[AgentRow]:
    for record in report.plugins:
        if offered := record.offered:
            contested = record.state == "conflict"
            for full, agent in zip(agent_ids(record), offered.agents, strict=True):
                yield row_of(full, agent, contested=contested)
