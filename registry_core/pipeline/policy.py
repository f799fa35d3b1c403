"""What a stage does about time and failure."""

from __future__ import annotations

import math
from dataclasses import InitVar, dataclass, field
from typing import Literal, TypeAlias, cast

from registry_core.definitions.schema import JsonValue
from registry_core.errors import Fault, PipelineError

__all__ = ["STRICT", "AfterRetries", "Backoff", "OnError", "Policy", "Substitute"]

OnError: TypeAlias = Literal["stop", "skip", "retry", "fallback"]
AfterRetries: TypeAlias = Literal["stop", "skip", "fallback"]

# What pydantic looks for in a class when it reads a document: a field that nobody knows is a
# fault, since a misspelt policy must not be a forgotten one.
STRICT = {"extra": "forbid"}

_NEVER_RETRIED = (
    "AssertionError",
    "AttributeError",
    "ImportError",
    "MemoryError",
    "NameError",
    "NotImplementedError",
    "PermissionError",
    "RecursionError",
    "TypeError",
    "ValidationError",
)


class _Unsaid(int):
    """A default that can be told, by its identity, from an equal number that somebody gave."""

    __slots__ = ()


_MAX_ATTEMPTS = _Unsaid(3)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pause before a retry: exponential up to a ceiling, then a random share of it.

    Attributes:
        first_seconds: Pause before the first retry.
        factor: How much each pause grows.
        ceiling_seconds: Longest pause.
        jitter: Draw the pause evenly from 0 to its value, so that callers spread out.

    Source:
        M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    __pydantic_config__ = STRICT

    first_seconds: float = 0.2
    factor: float = 2.0
    ceiling_seconds: float = 30.0
    jitter: bool = True

    def longest_seconds(self, retry: int) -> float:
        """Return the pause before retry number *retry* (from 1), before jitter.

        >>> [Backoff().longest_seconds(n) for n in (1, 2, 3, 9, 5000)]
        [0.2, 0.4, 0.8, 30.0, 30.0]
        """
        try:
            pause = self.first_seconds * self.factor ** (retry - 1)
        except OverflowError:
            return self.ceiling_seconds
        return min(pause, self.ceiling_seconds)


@dataclass(frozen=True, slots=True)
class Substitute:
    """The JSON value that stands in for a skipped stage's output; checked at build."""

    __pydantic_config__ = STRICT

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Policy:
    """How a stage treats time and failure; validated whenever one is made.

    Attributes:
        on_error: What a failed attempt leads to.
        then: What follows the last failed attempt when *on_error* is ``retry``.
        max_attempts: Calls at most, the first included; counts only with ``retry``.
        timeout_seconds: Longest attempt; None takes the agent's own, else the host's default.
        backoff: Pauses between attempts.
        retry_on: Names of exception classes to retry, matched against all bases.
        give_up_on: Names of exception classes that are never retried; wins over *retry_on*.
        substitute: Stands in for the output when the stage is skipped; required by ``skip``.
        fallback: Agent to try instead; required by ``fallback``.
        retry_count: What others call *max_attempts*, for policies that were written for them;
            read as ``max(retry_count, 1)`` calls, and not kept.

    Raises:
        PipelineError: If a value is out of range or two of them contradict; all faults at once.

    >>> [Policy(retry_count=count).max_attempts for count in (0, 1, 3)]
    [1, 1, 3]
    """

    __pydantic_config__ = STRICT

    on_error: OnError = "retry"
    then: AfterRetries = "stop"
    max_attempts: int = _MAX_ATTEMPTS
    timeout_seconds: float | None = None
    backoff: Backoff = field(default_factory=Backoff)
    retry_on: tuple[str, ...] = ("Exception",)
    give_up_on: tuple[str, ...] = _NEVER_RETRIED
    substitute: Substitute | None = None
    fallback: str = ""
    retry_count: InitVar[int | None] = None

    def __post_init__(self, retry_count: int | None) -> None:
        """Refuse what could not be carried out."""
        faults = _faults(self)
        if retry_count is not None:
            faults += _alias_faults(self, retry_count)
        if faults:
            raise PipelineError("policy", faults)
        if self.max_attempts is _MAX_ATTEMPTS:
            said = int(_MAX_ATTEMPTS) if retry_count is None else max(retry_count, 1)
            object.__setattr__(self, "max_attempts", said)

    @property
    def attempts(self) -> int:
        """How many calls this policy allows."""
        return self.max_attempts if self.on_error == "retry" else 1

    @property
    def last_resort(self) -> AfterRetries:
        """What happens when no attempt is left."""
        return self.then if self.on_error == "retry" else self.on_error

    def retries(self, error: BaseException) -> bool:
        """Return whether *error* is worth another attempt.

        >>> Policy().retries(OSError()), Policy().retries(TypeError())
        (True, False)
        """
        names = {cls.__name__ for cls in type(error).__mro__}
        return names.isdisjoint(self.give_up_on) and not names.isdisjoint(self.retry_on)


def _faults(policy: Policy) -> list[Fault]:
    faults: list[Fault] = []
    choices = {
        "on_error": ("stop", "skip", "retry", "fallback"),
        "then": ("stop", "skip", "fallback"),
    }
    faults.extend(
        Fault(name, f"must be one of {', '.join(allowed)}")
        for name, allowed in choices.items()
        if getattr(policy, name) not in allowed
    )
    if not _is_count(policy.max_attempts):
        faults.append(Fault("max_attempts", "must be a whole number, at least 1"))
    if policy.timeout_seconds is not None and not _is_positive(policy.timeout_seconds):
        faults.append(Fault("timeout_seconds", "must be a positive, finite number"))
    backoff = policy.backoff
    faults.extend(
        Fault(f"backoff.{name}", "must be a finite number, at least 0")
        for name, pause in (
            ("first_seconds", backoff.first_seconds),
            ("ceiling_seconds", backoff.ceiling_seconds),
        )
        if not (_is_positive(pause) or pause == 0)
    )
    if not _is_positive(backoff.factor) or backoff.factor < 1:
        faults.append(Fault("backoff.factor", "must be a finite number, at least 1"))
    faults.extend(
        Fault(name, "must be a tuple of names of exception classes")
        for name in ("retry_on", "give_up_on")
        if not _is_names(getattr(policy, name))
    )
    if policy.last_resort == "skip" and policy.substitute is None:
        faults.append(Fault("substitute", "is required when a stage may be skipped"))
    if policy.last_resort == "fallback" and not policy.fallback:
        faults.append(Fault("fallback", "must name an agent"))
    return faults


def _alias_faults(policy: Policy, retry_count: object) -> list[Fault]:
    faults: list[Fault] = []
    if not _is_count(retry_count, least=0):
        faults.append(Fault("retry_count", "must be a whole number, at least 0"))
    if policy.max_attempts is not _MAX_ATTEMPTS:
        faults.append(Fault("retry_count", "is another name of max_attempts: give one of them"))
    return faults


def _is_count(value: object, *, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_names(value: object) -> bool:
    items = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
    return isinstance(value, tuple) and all(isinstance(item, str) for item in items)


def _is_positive(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value > 0
