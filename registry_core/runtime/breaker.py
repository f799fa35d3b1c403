"""Whether an agent is asked at all: not while it keeps failing.

Closed, it lets every call through and counts; open, it refuses them for a while; half-open,
it lets exactly as many probes through as its policy says. All probes succeed and it closes, one
fails and it opens again. A pure state machine: whoever calls says what time it is, on a clock
that only goes forward.

A permit belongs to one spell of one state. What it brings back after that spell counts for
nothing: neither the success of a call that began before the trip nor its failure.

While closed nothing needs a call, so this is how an attempt that succeeds uses it::

    permit = breaker.permit                     # None unless closed
    if permit is None:
        answer = breaker.admit(now)             # Refused, or the permit of a probe
    ...
    if permit == breaker.permit:
        breaker.calls += 1
    else:
        breaker.succeeded(permit, now)

Several event loops and threads may share one. Reading the permit is one atomic load and every
change of state takes a lock, so no number of callers gets one probe too many. Only the count of
successes is unguarded: with the GIL no other thread gets in between, and without it an increment
may be lost, which makes the breaker a little more careful.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NewType, TypeAlias

from registry_core.names import AgentId

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.settings.limits import BreakerPolicy

__all__ = ["Breaker", "BreakerEvent", "BreakerState", "Breakers", "Permit", "Refused"]

BreakerState: TypeAlias = Literal["closed", "open", "half-open"]
Permit = NewType("Permit", int)
"""Leave to call once; whoever has one tells the breaker how the call ended."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The agent is not to be called.

    Attributes:
        retry_in_seconds: When to ask again at the earliest; while probes are on their way, when
            the first of them loses its place.
    """

    retry_in_seconds: float


@dataclass(frozen=True, slots=True)
class BreakerEvent:
    """A breaker went from one state to another.

    Attributes:
        agent: Whose breaker it is.
        before: The state it left.
        after: The state it is in.
        at: When, on the clock of whoever calls.
    """

    agent: AgentId
    before: BreakerState
    after: BreakerState
    at: float


class Breaker:
    """The breaker of one agent.

    Attributes:
        permit: The permit of every call while closed; None in the other states.
        calls: How many calls have ended since it closed, counted while closed.

    >>> from registry_core.names import AgentId
    >>> from registry_core.settings.limits import BreakerPolicy
    >>> breaker = Breaker(BreakerPolicy(minimum_calls=2), AgentId("web-agents/fetch@1.0"))
    >>> for second in (1.0, 2.0):
    ...     breaker.failed(breaker.admit(second), second)
    >>> breaker.state, breaker.admit(12.0)
    ('open', Refused(retry_in_seconds=20.0))
    """

    __slots__ = (
        "_failures",
        "_lock",
        "_on_change",
        "_opened_at",
        "_passed",
        "_policy",
        "_probes",
        "_serial",
        "_state",
        "agent",
        "calls",
        "permit",
    )

    def __init__(
        self,
        policy: BreakerPolicy,
        agent: AgentId,
        on_change: Callable[[BreakerEvent], None] | None = None,
    ) -> None:
        """Begin closed.

        Args:
            policy: When to open, and when to close again.
            agent: Whose it is.
            on_change: Hears of each change, in their order, from whichever thread causes it;
                must be quick and must not raise.
        """
        self.agent = agent
        self._policy = policy
        self._on_change = on_change
        self._lock = threading.RLock()  # whoever hears of a change may ask back
        self._state: BreakerState = "closed"
        self._serial = 0
        self._opened_at = 0.0
        self._failures: deque[int] = deque()
        self._probes: dict[Permit, float] = {}
        self._passed = 0
        self.calls = 0
        self.permit: Permit | None = self._next_permit()

    @property
    def state(self) -> BreakerState:
        """The state it is in; an open one is found half-open by the first call after its time."""
        return self._state

    def admit(self, now: float) -> Permit | Refused:
        """Return leave to call the agent, or when to ask again."""
        if (permit := self.permit) is not None:
            return permit
        with self._lock:
            if self.permit is not None:
                return self.permit
            if self._state == "open":
                remaining = self._opened_at + self._policy.open_seconds - now
                if remaining > 0:
                    return Refused(remaining)
                self._probes.clear()
                self._passed = 0
                self._enter("half-open", now)
            return self._probe(now)

    def retry_in_seconds(self, now: float) -> float:
        """Return how long calls will be refused, 0 when the next may go through; asks nothing."""
        with self._lock:
            if self._state != "open":
                return 0.0
            return max(0.0, self._opened_at + self._policy.open_seconds - now)

    def succeeded(self, permit: Permit, now: float) -> None:
        """Count a call that was answered."""
        if permit == self.permit:
            self.calls += 1
            return
        with self._lock:
            if self._probes.pop(permit, None) is None:
                return
            self._passed += 1
            if self._passed == self._policy.probes:
                self._close(now)

    def failed(self, permit: Permit, now: float) -> None:
        """Count a call that failed in a way that speaks against the agent."""
        with self._lock:
            if permit == self.permit:
                if self._is_too_much():
                    self._open(now)
            elif permit in self._probes:
                self._open(now)

    def forgotten(self, permit: Permit) -> None:
        """Count a call for nothing: it was cancelled, or never reached the agent.

        The place of a probe is free again.
        """
        with self._lock:
            self._probes.pop(permit, None)

    def _is_too_much(self) -> bool:
        """Count a failure; return whether the share is reached. A success never opens it."""
        policy, failures = self._policy, self._failures
        latest = failures[-1] if failures else 0
        self.calls = calls = max(self.calls, latest) + 1  # never back, whatever was lost
        failures.append(calls)
        while failures[0] <= calls - policy.window_calls:
            failures.popleft()
        share = len(failures) / min(calls, policy.window_calls)
        return calls >= policy.minimum_calls and share >= policy.failure_rate

    def _probe(self, now: float) -> Permit | Refused:
        probes = self._probes
        for permit in [permit for permit, until in probes.items() if until <= now]:
            del probes[permit]
        if len(probes) + self._passed >= self._policy.probes:
            return Refused(min(probes.values()) - now)
        permit = self._next_permit()
        probes[permit] = now + self._policy.probe_seconds
        return permit

    def _open(self, now: float) -> None:
        self.permit = None
        self._opened_at = now
        self._probes.clear()
        self._enter("open", now)

    def _close(self, now: float) -> None:
        self._probes.clear()
        self._failures.clear()
        self.calls = 0
        self.permit = self._next_permit()
        self._enter("closed", now)

    def _enter(self, state: BreakerState, now: float) -> None:
        before, self._state = self._state, state
        if self._on_change is not None:
            self._on_change(BreakerEvent(self.agent, before, state, now))

    def _next_permit(self) -> Permit:
        self._serial += 1
        return Permit(self._serial)


class Breakers:
    """The breakers of all agents of one host, each made when first asked for."""

    __slots__ = ("_breakers", "_on_change", "_policy")

    def __init__(
        self, policy: BreakerPolicy, on_change: Callable[[BreakerEvent], None] | None = None
    ) -> None:
        """Prepare to make breakers with *policy* that tell *on_change*."""
        self._policy = policy
        self._on_change = on_change
        self._breakers: dict[AgentId, Breaker] = {}

    def of(self, agent: AgentId) -> Breaker:
        """Return the one breaker of *agent*; keep it, asking each time costs a look-up."""
        found = self._breakers.get(agent)
        if found is None:
            made = Breaker(self._policy, agent, self._on_change)
            found = self._breakers.setdefault(agent, made)
        return found

    def refusing(self, now: float) -> tuple[AgentId, ...]:
        """Return the agents that would refuse every call at *now*, sorted."""
        known = list(self._breakers.values())
        return tuple(sorted(one.agent for one in known if one.retry_in_seconds(now) > 0))
