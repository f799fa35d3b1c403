"""Whether a failed attempt may be followed by another: only as far as successes pay for it.

Retries help against a passing fault and finish off whoever is down: three layers of three
attempts make 27 calls of one. So each agent has tokens. A failed attempt takes one, a success
gives a part of one back, and only with more than half of them may there be a retry. Against
an agent that is down the tokens run out and every call is one attempt, at any depth.

A healthy agent has all its tokens, and then a success writes nothing::

    if not budget.is_full:
        budget.succeeded()
    ...
    may_retry = budget.failed()     # an attempt failed that the policy would repeat

Several event loops and threads may share one.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_core.names import AgentId
    from registry_core.settings.limits import RetryBudgetPolicy

__all__ = ["RetryBudget", "RetryBudgets"]


class RetryBudget:
    """The tokens of one agent; full at first.

    Attributes:
        is_full: Whether a success has nothing to give back.

    Source:
        gRPC proposal A6, "gRPC Retry Design", section "Throttling Retry Attempts and Hedged
        RPCs".

    >>> from registry_core.settings.limits import RetryBudgetPolicy
    >>> budget = RetryBudget(RetryBudgetPolicy(max_tokens=4))
    >>> [budget.failed() for _ in range(4)]
    [True, False, False, False]
    """

    __slots__ = ("_lock", "_max", "_ratio", "_tokens", "is_full")

    def __init__(self, policy: RetryBudgetPolicy) -> None:
        """Begin with all tokens."""
        self._lock = threading.Lock()
        self._max = float(policy.max_tokens)
        self._ratio = policy.token_ratio
        self._tokens = self._max
        self.is_full = True

    @property
    def tokens(self) -> float:
        """How many are left."""
        return self._tokens

    @property
    def allows_retry(self) -> bool:
        """Whether a retry may be made at this moment."""
        return self._tokens > self._max / 2

    def succeeded(self) -> None:
        """Give back what a success is worth."""
        with self._lock:
            self._tokens = min(self._max, self._tokens + self._ratio)
            self.is_full = self._tokens == self._max

    def failed(self) -> bool:
        """Take a token for an attempt that failed; return whether a retry may be made.

        To be called once for each failed attempt that its policy would repeat, the last one
        included; what would not be repeated says nothing about retries.
        """
        with self._lock:
            self._tokens = max(0.0, self._tokens - 1.0)
            self.is_full = False
            return self._tokens > self._max / 2


class RetryBudgets:
    """The budgets of all agents of one host, each made when first asked for."""

    __slots__ = ("_budgets", "_policy")

    def __init__(self, policy: RetryBudgetPolicy) -> None:
        """Prepare to make budgets with *policy*."""
        self._policy = policy
        self._budgets: dict[AgentId, RetryBudget] = {}

    def of(self, agent: AgentId) -> RetryBudget:
        """Return the one budget of *agent*; keep it, asking each time costs a look-up."""
        found = self._budgets.get(agent)
        if found is None:
            found = self._budgets.setdefault(agent, RetryBudget(self._policy))
        return found
