"""What one run depends on, and who conducts it when something happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from registry_core.pipeline.pipeline import Pipeline
from registry_core.results.durable import EarlierRun, RunKeeper
from registry_core.runtime.agents import Blueprints
from registry_core.runtime.clock import Clock
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
    """What a run depends on; see :func:`~registry_core.runtime.engine.execute`."""

    pipeline: Pipeline
    values: Mapping[str, object]
    blueprints: Blueprints
    middleware: Sequence[ActiveMiddleware]
    feeds: Sequence[ObserverFeed]
    options: RunOptions
    clock: Clock
    draw: Callable[[], float]
    threads: AgentThreads | None
    keeper: RunKeeper | None = None
    earlier: EarlierRun | None = None

    def conductor(self, run: str, deadline: float) -> Conductor:
        """Return who conducts the run with the id *run*, whose time is up at *deadline*."""
        options, clock = self.options, self.clock
        journal = Journal(run, self.feeds, clock)
        crew = Crew(
            self.blueprints,
            self.threads or self.blueprints.host.threads,
            journal=journal,
            clock=clock,
            load_seconds=options.attempt_timeout_seconds,
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
        )
        return Conductor(self.pipeline, self.values, scope, self.earlier)
