"""How often which agents may be called, as a user writes it: ``web-agents/fetch=5/s``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_core import RegistryError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Rate", "RateSettings", "RateSettingsError"]

_WRITTEN = re.compile(r"(?P<agent>[^=\s]+)=(?P<calls>[0-9]{1,9})/(?P<unit>s|min|h)")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_WAIT_SECONDS = 10.0


class RateSettingsError(RegistryError, TypeError):
    """A rate cannot be read; a ``TypeError``, so it is not retried."""

    def __init__(self, variable: str, given: str, expected: str) -> None:
        """Keep the *variable*, the word *given* and the form *expected*."""
        self.variable = variable
        self.given = given
        self.expected = expected
        super().__init__(f"${variable}: {given!a} is not of the form {expected}")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds; all of them may come at once.

    Attributes:
        agent: Whose: ``distribution/agent``, ``distribution`` for all of it together, or ``*``
            for all agents together.
        calls: How many calls.
        seconds: In how many seconds.
    """

    agent: str
    calls: int
    seconds: float

    def covers(self, agent: str) -> bool:
        """Return whether it is about *agent*, which may have a version.

        >>> Rate("web-agents", 5, 1).covers("web-agents/fetch@1.0.0")
        True
        """
        name = agent.partition("@")[0]
        return self.agent in {"*", name, name.partition("/")[0]}


@dataclass(frozen=True, slots=True)
class RateSettings:
    """What a user asks for.

    Attributes:
        rates: All of them; a call keeps to each that covers its agent.
        wait_seconds: How long a call waits for its turn at most; 0 refuses it at once.
    """

    rates: tuple[Rate, ...] = ()
    wait_seconds: float = _WAIT_SECONDS

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> RateSettings:
        """Return what *environment* asks for.

        Raises:
            RateSettingsError: If it cannot be read: a limit that is ignored is none.

        >>> RateSettings.of({"AGENTREG_RATES": "web-agents/fetch=90/min"}).rates
        (Rate(agent='web-agents/fetch', calls=90, seconds=60.0),)
        """
        words = environment.get("AGENTREG_RATES", "").replace(",", " ").split()
        wait = environment.get("AGENTREG_RATE_WAIT_SECONDS", "") or str(_WAIT_SECONDS)
        if not _NUMBER.fullmatch(wait):
            raise RateSettingsError("AGENTREG_RATE_WAIT_SECONDS", wait, "2.5")
        return cls(tuple(map(_rate, words)), float(wait))


def _rate(word: str) -> Rate:
    found = _WRITTEN.fullmatch(word)
    if found is None or int(found["calls"]) == 0:
        raise RateSettingsError("AGENTREG_RATES", word, "web-agents/fetch=5/s, or /min or /h")
    return Rate(found["agent"], int(found["calls"]), _SECONDS[found["unit"]])
