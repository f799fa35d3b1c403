"""What runs depend on, and who conducts one when something happens."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from registry_core.pipeline.pipeline import Pipeline
from registry_core.results.durable import EarlierRun, RunKeeper
from registry_core.runtime.agents import Blueprints
from registry_core.runtime.clock import Clock, SystemClock
from registry_core.runtime.conductor import Conductor
from registry_core.runtime.crew import Crew
from registry_core.runtime.journal import Journal
from registry_core.runtime.middleware import ActiveMiddleware, layers_of
from registry_core.runtime.observing import ObserverFeed
from registry_core.runtime.scope import RunOptions, RunScope
from registry_core.runtime.threads import AgentThreads

__all__ = ["Terms"]


@dataclass(eq=False, slots=True)  # not frozen: that costs a microsecond a run
class Terms:
    """What runs of one pipeline depend on; see :func:`~registry_core.runtime.engine.execute`."""

    pipeline: Pipeline
    blueprints: Blueprints
    middleware: Sequence[ActiveMiddleware]
    feeds: Sequence[ObserverFeed]
    options: RunOptions
    clock: Clock = field(default_factory=SystemClock)
    draw: Callable[[], float] = random.random  # noqa: S311 -- it spreads pauses, it keeps no secret
    threads: AgentThreads | None = None
    keeper: RunKeeper | None = None
    earlier: EarlierRun | None = None
    is_measured: bool = False

    def conductor(self, values: Mapping[str, object], run: str, deadline: float) -> Conductor:
        """Return who conducts the run with the id *run*, whose time is up at *deadline*.

        Args:
            values: What the caller gives, by name of the pipeline's inputs.
            run: Its id.
            deadline: A moment on the monotonic clock.
        """
        options, clock = self.options, self.clock
        journal = Journal(run, self.feeds, clock)
        crew = Crew(
            self.blueprints,
            self.threads or self.blueprints.host.threads,
            journal=journal,
            clock=clock,
            load_seconds=options.attempt_seconds,
            grace_seconds=options.grace_seconds,
        )
        scope = RunScope(
            run_id=run,
            options=options,
            clock=clock,
            draw=self.draw,
            crew=crew,
            host=self.blueprints.host,
            journal=journal,
            run_layers=layers_of(self.middleware, "run"),
            stage_layers=layers_of(self.middleware, "stage"),
            attempt_layers=layers_of(self.middleware, "attempt"),
            deadline=deadline,
            keeper=self.keeper,
            is_measured=self.is_measured,
        )
        return Conductor(self.pipeline, values, scope, self.earlier)
