"""What a comparison of two schemas says: it fits, it does not, or nobody knows.

Three answers, because "no proof found" is neither yes nor no. A `Misfit` is never an opinion:
it carries a value that the producer may give and the consumer refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from registry_core.definitions.schema import JsonValue

__all__ = ["Fits", "Misfit", "Undecided", "Verdict"]


@dataclass(frozen=True, slots=True)
class Fits:
    """Every value of the producer is a value of the consumer; this was proved.

    Attributes:
        note: How it was seen, when that is worth saying; empty otherwise.
    """

    note: str = ""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Some value of the producer is refused by the consumer.

    Attributes:
        pointer: JSON pointer to the refused part of *witness*; empty for the whole of it.
        reason: What the consumer asks for at that place.
        witness: The value, checked against both documents. None is the JSON value ``null``.
    """

    pointer: str
    reason: str
    witness: JsonValue


@dataclass(frozen=True, slots=True)
class Undecided:
    """Neither a proof nor a counterexample was found.

    Attributes:
        keyword: The keyword that stopped the search, or the bound it ran into.
        pointer: JSON pointer to the place in the value, as far as known.
        reason: Why it could not be decided.
    """

    keyword: str
    pointer: str
    reason: str


Verdict: TypeAlias = Fits | Misfit | Undecided
