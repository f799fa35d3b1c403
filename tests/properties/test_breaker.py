"""Laws of the breaker: whatever happens in whatever order, it does what a simple one would."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from registry_core.names import AgentId
from registry_core.runtime.breaker import Breaker, Permit, Refused
from registry_core.settings.limits import BreakerPolicy

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from registry_core.runtime.breaker import BreakerEvent

Given: TypeAlias = tuple[int, Permit]
"""In which spell of the model a permit was given."""
AGENT = AgentId("web-agents/fetch@1.0.0")
ALLOWED = {
    ("closed", "open"),
    ("open", "half-open"),
    ("half-open", "open"),
    ("half-open", "closed"),
}


def policies() -> SearchStrategy[BreakerPolicy]:
    """Return policies small enough for every state to be reached."""
    return st.builds(
        BreakerPolicy,
        failure_rate=st.sampled_from((0.2, 0.5, 1.0)),
        minimum_calls=st.integers(1, 4),
        window_calls=st.integers(4, 6),
        open_seconds=st.sampled_from((2.0, 5.0)),
        probes=st.integers(1, 3),
        probe_seconds=st.sampled_from((1.0, 4.0)),
    )


class Breaking(RuleBasedStateMachine):
    """A breaker beside a list of what happened, counted anew at every step."""

    permits = Bundle["Given"]("permits")

    @initialize(policy=policies())
    def begin(self, policy: BreakerPolicy) -> None:
        """Start closed, at no time."""
        self.policy = policy
        self.told: list[BreakerEvent] = []
        self.breaker = Breaker(policy, AGENT, self.told.append)
        self.now = 0.0
        self.state = "closed"
        self.spell = 0  # of the model: a permit counts only in the spell it was given in
        self.outcomes: list[bool] = []
        self.opened_at = 0.0
        self.passed = 0
        self.probes: dict[Permit, float] = {}

    @rule(seconds=st.sampled_from((0.5, 1.0, 3.0)))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @rule(target=permits)
    def ask(self) -> Given | MultipleResults[Given]:
        """Ask for leave; both give it or neither does."""
        if self.state == "open" and self.now >= self.opened_at + self.policy.open_seconds:
            self._enter("half-open")
            self.passed, self.probes = 0, {}
        if self.state == "half-open":
            self.probes = {one: until for one, until in self.probes.items() if until > self.now}
        free = self.policy.probes - self.passed - len(self.probes)
        expected = self.state == "closed" or (self.state == "half-open" and free > 0)

        answer = self.breaker.admit(self.now)

        assert isinstance(answer, Refused) is not expected
        if isinstance(answer, Refused):
            assert answer.retry_in_seconds > 0
            nothing: MultipleResults[Given] = multiple()
            return nothing
        if self.state == "half-open":
            self.probes[answer] = self.now + self.policy.probe_seconds
        return (self.spell, answer)

    @rule(permit=permits)
    def succeed(self, permit: Given) -> None:
        """Bring back a success, or bring one back again."""
        spell, leave = permit
        self.breaker.succeeded(leave, self.now)

        if spell != self.spell:
            return
        if self.state == "closed":
            self.outcomes.append(True)
        elif self.probes.pop(leave, None) is not None:
            self.passed += 1
            if self.passed == self.policy.probes:
                self._enter("closed")
                self.outcomes = []

    @rule(permit=permits)
    def fail(self, permit: Given) -> None:
        """Bring back a failure."""
        spell, leave = permit
        self.breaker.failed(leave, self.now)

        if spell != self.spell:
            return
        if self.state == "closed":
            self.outcomes.append(False)
            recent = self.outcomes[-self.policy.window_calls :]
            enough = len(self.outcomes) >= self.policy.minimum_calls
            if enough and recent.count(False) / len(recent) >= self.policy.failure_rate:
                self._open()
        elif leave in self.probes:
            self._open()

    @rule(permit=permits)
    def cancel(self, permit: Given) -> None:
        """Give a call up."""
        spell, leave = permit
        self.breaker.forgotten(leave)

        if spell == self.spell:
            self.probes.pop(leave, None)

    @invariant()
    def both_agree(self) -> None:
        """Be in the same state, with no probe too many and no change untold."""
        assert self.breaker.state == self.state
        assert (self.breaker.permit is not None) == (self.state == "closed")
        assert len(self.probes) + self.passed <= self.policy.probes or self.state != "half-open"
        assert len(self.told) == self.spell
        assert all((event.before, event.after) in ALLOWED for event in self.told)

    def _open(self) -> None:
        self._enter("open")
        self.opened_at = self.now
        self.probes = {}

    def _enter(self, state: str) -> None:
        self.state = state
        self.spell += 1


TestBreaking = Breaking.TestCase
