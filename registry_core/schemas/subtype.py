"""Is every value of one schema a value of another?

Read by the catalog, which links agents by it, and by the command line. The promise: never
`Fits` where a counterexample exists.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from registry_core.schemas.verdict import Fits, Undecided, Verdict

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject

__all__ = ["compare"]


def compare(producer: JsonObject, consumer: JsonObject, *, closed: bool = False) -> Verdict:
    """Return whether every value of *producer* is a value of *consumer*.

    Args:
        producer: JSON Schema of what is given.
        consumer: JSON Schema of what is taken.
        closed: Whether the producer's objects that do not say otherwise hold no undeclared keys.

    >>> compare({"type": "integer"}, {"type": "integer"})
    Fits(note='same document')
    """
    if json.dumps(producer, sort_keys=True) == json.dumps(consumer, sort_keys=True):
        return Fits("same document")
    return Undecided("", "", f"not decided yet (closed={closed})")
