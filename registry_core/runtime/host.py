"""What all runs of one registry share: who is asked how often, what there is room for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from registry_core.runtime.admission import Admission
from registry_core.runtime.breaker import Breakers
from registry_core.runtime.budget import RetryBudgets
from registry_core.runtime.metrics import Metrics
from registry_core.runtime.stepping import Spares
from registry_core.runtime.threads import AgentThreads
from registry_core.runtime.watchdog import Watchdog
from registry_core.settings.limits import (
    BreakerPolicy,
    HostCapacity,
    IsolationPolicy,
    RetryBudgetPolicy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.runtime.breaker import BreakerEvent
    from registry_core.runtime.isolated_pool import WorkerPool

__all__ = ["Host"]

_log = logging.getLogger("registry_core.runtime")


class Host:
    """The state that outlives a run.

    Attributes:
        breakers: Of each agent, whether it is asked at all.
        budgets: Of each agent, whether it is asked again.
        admission: Whether there is room for an attempt.
        metrics: What ran so far.
        threads: Where agents run that are not async.
        spares: Tasks that runs did not need.
        watchdog: Names who keeps an event loop from turning.
    """

    __slots__ = (
        "_capacity",
        "_isolation",
        "_workers",
        "admission",
        "breakers",
        "budgets",
        "metrics",
        "spares",
        "threads",
        "watchdog",
    )

    def __init__(
        self,
        breaker: BreakerPolicy | None = None,
        retries: RetryBudgetPolicy | None = None,
        capacity: HostCapacity | None = None,
        isolation: IsolationPolicy | None = None,
        *,
        on_breaker: Callable[[BreakerEvent], None] | None = None,
    ) -> None:
        """Begin with nothing running; starts no thread."""
        self.breakers = Breakers(breaker or BreakerPolicy(), on_breaker or _log_change)
        self.budgets = RetryBudgets(retries or RetryBudgetPolicy())
        self.admission = Admission(capacity or HostCapacity())
        self.metrics = Metrics()
        self.threads = AgentThreads()
        self.watchdog = Watchdog()
        self.spares = Spares()
        self._capacity = capacity
        self._isolation = isolation or IsolationPolicy()
        self._workers: dict[str, WorkerPool] = {}

    def workers_of(self, plugin: str) -> WorkerPool:
        """Return where the agents of an isolated *plugin* run; starts nothing."""
        from registry_core.runtime.isolated_pool import WorkerPool

        pool = self._workers.get(plugin)
        if pool is not None:
            return pool
        # Of two threads that come here at once, both get the first one's.
        pool = WorkerPool(plugin, self._isolation, self._capacity)
        return self._workers.setdefault(plugin, pool)


def _log_change(event: BreakerEvent) -> None:
    level = logging.WARNING if event.after == "open" else logging.INFO
    _log.log(level, "breaker of %s: %s, was %s", event.agent, event.after, event.before)
