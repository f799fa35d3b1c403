"""A value on its way from who gives it to the agent that takes it.

The same class on both sides: the object itself. Anything else crosses as JSON, dumped by
the giver's codec and loaded strictly by the taker's. No error repeats a value.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from registry_core.errors import DefinitionError, Fault, InvalidInputError, InvalidOutputError
from registry_core.runtime.settled import Raised, Returned
from registry_core.schemas.codec import Codec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registry_core.definitions.middleware import Values
    from registry_core.definitions.schema import JsonValue
    from registry_core.runtime.settled import Settled

__all__ = [
    "Arrival",
    "Offer",
    "accept",
    "check_output",
    "convert",
    "own_copies",
    "settled_output",
    "take",
]

_JSON = (dict, list, str, int, float, bool, type(None))
_UNCHANGEABLE = frozenset({str, int, float, bool, bytes, complex, type(None)})


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that can be had.

    Attributes:
        value: The live object.
        codec: Of the type it was given as; None for a value of the caller's.
        origin: Who gives it, for messages.
        shared: Whether somebody else may read the object later.
        size_bytes: How large it is, where that has been measured.
    """

    value: object
    codec: Codec | None
    origin: str
    shared: bool
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A value as the agent takes it, and whether the object is anybody else's too."""

    value: object
    shared: bool


def accept(offers: Mapping[str, Offer], codecs: Mapping[str, Codec]) -> dict[str, Arrival]:
    """Return each offer as the agent whose *codecs* these are takes it.

    Raises:
        InvalidInputError: If one does not fit; names the input, the giver and the place.
    """
    return {name: _accept(name, offer, codecs) for name, offer in offers.items()}


def own_copies(arrivals: Mapping[str, Arrival], *, again: bool) -> Values:
    """Return values that may be changed without anybody else noticing.

    Args:
        arrivals: What the agent takes.
        again: Whether the same arrivals may be needed once more.

    Raises:
        InvalidInputError: If one cannot be copied.
    """
    return {
        name: _copy(name, arrival.value) if arrival.shared or again else arrival.value
        for name, arrival in arrivals.items()
    }


def check_output(value: object, codec: Codec) -> None:
    """Return quietly if *value* is of the type that the agent gives.

    A value of the right class is believed to be right inside as well.

    Raises:
        InvalidOutputError: If it is not.
    """
    if codec.holds(value):
        return
    try:
        codec.load(codec.dump(value))
    except DefinitionError as error:
        raise InvalidOutputError(f"it gave {type(value).__qualname__}", error.faults) from None


def settled_output(value: object, codec: Codec) -> Settled[object]:
    """Return what an agent's answer means, of which :func:`check_output` is the judge."""
    try:
        check_output(value, codec)
    except InvalidOutputError as error:
        return Raised(error)
    return Returned(value)


def convert(value: object, given: Codec, taken: Codec) -> object:
    """Return *value* as the other type.

    Raises:
        DefinitionError: If it does not fit.
    """
    if given is taken or given.annotation == taken.annotation:
        return value
    return taken.load(given.dump(value))


def _accept(name: str, offer: Offer, codecs: Mapping[str, Codec]) -> Arrival:
    try:
        codec = codecs[name]
        if offer.codec is not None:
            value = convert(offer.value, offer.codec, codec)
        else:
            value = take(offer.value, codec)
    except KeyError:
        raise InvalidInputError(f"input {name!r}", (Fault("", "the agent has none"),)) from None
    except DefinitionError as error:
        subject = f"{offer.origin} does not fit input {name!r}"
        raise InvalidInputError(subject, error.faults) from None
    return Arrival(value, offer.shared and value is offer.value)


def take(value: object, codec: Codec) -> object:
    """Return what a caller gave as the type: JSON is checked, an object of the class passes.

    Raises:
        DefinitionError: If it does not fit.
    """
    if type(value) in {str, int, bool} and codec.annotation is type(value):
        return value
    if not isinstance(value, _JSON) and codec.holds(value):
        return value
    return codec.take(cast("JsonValue", value))


def _copy(name: str, value: object) -> object:
    if type(value) in _UNCHANGEABLE:
        return value
    try:
        return copy.deepcopy(value)
    except Exception as error:
        fault = Fault("", "cannot be copied; declare mutates=False if the agent leaves it alone")
        raise InvalidInputError(f"input {name!r}", (fault,)) from error
