"""What stands between a stage and its agent: its breaker, its gate, its retry budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.errors import AdmissionError
from registry_core.runtime.breaker import Permit, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.results.outcomes import ErrorCode
    from registry_core.runtime.agents import Blueprint
    from registry_core.runtime.host import Host

__all__ = ["Guard"]

# What speaks against an agent; a value that it cannot take or a full house does not.
_HELD_AGAINST: frozenset[ErrorCode] = frozenset(
    {"agent_error", "attempt_timeout", "invalid_output", "load_error"}
)


class Guard:
    """Lets the attempts of one stage through to one agent, one at a time."""

    __slots__ = ("_admission", "_agent", "_breaker", "_budget", "_gate", "_now", "_permit")

    def __init__(
        self,
        host: Host,
        blueprint: Blueprint,
        now: Callable[[], float],
        permit: Permit | None = None,
    ) -> None:
        """Find what guards the agent of *blueprint*.

        Args:
            host: Who has room, and knows the agent.
            blueprint: Of the agent.
            now: A clock that only goes forward.
            permit: Of an attempt that is through already.
        """
        self._agent = blueprint.id
        self._now = now
        self._breaker = host.breakers.of(blueprint.id)
        self._budget = host.budgets.of(blueprint.id)
        self._admission = host.admission
        self._gate = host.admission.gate(blueprint.id, blueprint.definition.resources)
        self._permit = permit

    async def enter(self, seconds: float) -> float:
        """Return when an attempt may begin, and how long it has queued.

        Args:
            seconds: How long it may queue.

        Raises:
            AdmissionError: If it may not begin; nothing was called.
            asyncio.CancelledError: If the caller is cancelled; nothing is held then.
        """
        retry_in = self._breaker.retry_in_seconds(self._now())
        if retry_in > 0:
            raise AdmissionError(self._agent, "open", retry_after_seconds=retry_in)
        waited = 0.0
        if self._gate is not None and not self._admission.try_enter(self._gate):
            began = self._now()
            await self._admission.enter(self._gate, seconds)
            waited = self._now() - began
        admitted = self._breaker.admit(self._now())
        if isinstance(admitted, Refused):
            self._give_back()
            raise AdmissionError(self._agent, "open", waited, admitted.retry_in_seconds)
        self._permit = admitted
        return waited

    def leave(self) -> None:
        """Count an attempt for nothing, which was cut off; what it held is free again."""
        self._give_back()
        if self._permit is not None:
            self._breaker.forgotten(self._permit)

    def ended(self, code: ErrorCode | None) -> None:
        """Count an attempt; what it held is free again.

        Args:
            code: How it failed, or None where it was answered.
        """
        self._give_back()
        if code is None and not self._budget.is_full:
            self._budget.succeeded()
        if self._permit is None:
            return
        if code is None:
            self._breaker.succeeded(self._permit, self._now())
        elif code in _HELD_AGAINST:
            self._breaker.failed(self._permit, self._now())
        else:
            self._breaker.forgotten(self._permit)

    def allows_retry(self) -> bool:
        """Return whether an attempt that failed, and might be repeated, may be repeated now."""
        return self._budget.failed()

    def _give_back(self) -> None:
        if self._gate is not None:
            self._admission.leave(self._gate)
