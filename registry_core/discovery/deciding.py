"""What was decided of schemas, from one process to the next: beside the index, in its cache.

A verdict depends on two structures and on the code that compares them, so the file says by which
code it was written. Whatever else it is, corrupt, foreign or not ours, it is no file.
"""
# What reads the cache keeps clear of pathlib, as the index does.
# ruff: noqa: PTH120, PTH123, PTH208

from __future__ import annotations

import os
import sys
import weakref
import zlib
from typing import TYPE_CHECKING, cast

from registry_core.catalog.fitting import Verdicts
from registry_core.discovery.index import is_ours, write_whole
from registry_core.discovery.packing import CorruptError, pack, unpack
from registry_core.discovery.places import marks_of
from registry_core.schemas import subtype
from registry_core.schemas.verdict import Fits, Misfit, Undecided, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registry_core.catalog.fitting import Pair

__all__ = ["keep", "keeping", "recalled"]

_FORMAT = b"agentreg-verdicts-1\n"
_CHECK_BYTES = 4
_START = len(_FORMAT) + _CHECK_BYTES
_MAX_BYTES = 1 << 24
_KINDS: Mapping[str, type[Verdict]] = {cls.__name__: cls for cls in (Fits, Misfit, Undecided)}


def keeping(cache: str) -> Verdicts:
    """Return what was decided before; what is decided now is kept when nobody uses it any more.

    Args:
        cache: Folder of the index.
    """
    verdicts = Verdicts(recalled(cache))
    weakref.finalize(verdicts, keep, cache, verdicts.known, more_than=len(verdicts.known))
    return verdicts


def recalled(cache: str) -> dict[Pair, Verdict]:
    """Return what the file in *cache* holds, which is nothing when it cannot be trusted."""
    try:
        with open(_file(cache), "rb") as stream:
            content = stream.read(_MAX_BYTES + 1) if is_ours(os.fstat(stream.fileno())) else b""
        packed = content[_START:]
        if len(content) > _MAX_BYTES or content[:_START] != _preamble(packed):
            return {}
        written_by, rows = cast("tuple[object, dict[Pair, tuple[str, ...]]]", unpack(packed))
        if written_by != _writer():
            return {}
        return {pair: _KINDS[kind](*facts) for pair, (kind, *facts) in rows.items()}
    except (OSError, CorruptError):
        return {}


def keep(cache: str, known: Mapping[Pair, Verdict], *, more_than: int = 0) -> None:
    """Write what is *known* into *cache*, unless it is no *more_than* what stands there."""
    verdicts = dict(known)
    if len(verdicts) <= more_than:
        return
    rows = {pair: (type(v).__name__, *_facts(v)) for pair, v in verdicts.items()}
    try:
        packed = pack((_writer(), rows))
    except (OSError, ValueError):  # no files of ours to mark, or a witness that nests too deeply
        return
    if len(packed) <= _MAX_BYTES - _START:
        write_whole(_file(cache), _preamble(packed) + packed)


def _facts(verdict: Verdict) -> tuple[object, ...]:
    return tuple(getattr(verdict, field) for field in verdict.__slots__)


def _file(cache: str) -> str:
    return f"{cache}/schemas.verdicts"


def _preamble(packed: bytes) -> bytes:
    return _FORMAT + zlib.crc32(packed).to_bytes(_CHECK_BYTES, "big")


def _writer() -> tuple[object, ...]:
    """Return what compares schemas here: an edit of it may decide otherwise."""
    folder = os.path.dirname(subtype.__file__)
    sources = sorted(name for name in os.listdir(folder) if name.endswith(".py"))
    return (sys.version, marks_of(f"{folder}/{name}" for name in sources))
