"""A pipeline run from the command line: kept while it runs, unless that is not wanted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from registry_core.cli.kept import own_store
from registry_core.cli.rendering import Progress
from registry_core.cli.stopping import Ended, run_to_its_end
from registry_core.errors import StoreError
from registry_core.pipeline.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from registry_core.definitions.schema import JsonValue
    from registry_core.pipeline.plan import Plan
    from registry_core.registry import Registry
    from registry_core.results.run import RunResult
    from registry_core.running import RunTerms
    from registry_core.settings.values import MonitoringSettings
    from registry_core.store.store import Store

__all__ = ["Execution", "go_on", "run_now"]

_log = logging.getLogger("registry_core.store")

_HEARD_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Execution:
    """How a pipeline is run.

    Attributes:
        middleware: Names of what is wrapped around each stage, beside what the settings say.
        timeout_seconds: Longest run; None for no limit.
        quiet: Whether to show no progress.
        keeps: Whether the run is kept, so that it can be looked at and gone on with.
    """

    middleware: tuple[str, ...] = ()
    timeout_seconds: float | None = None
    quiet: bool = False
    keeps: bool = True

    def terms(self, progress: Progress) -> RunTerms:
        """Return that as the registry takes it."""
        from registry_core.runtime.scope import RunOptions

        options = RunOptions(
            timeout_seconds=self.timeout_seconds,
        )
        return {"middleware": self.middleware, "observers": [progress], "options": options}


def run_now(
    registry: Registry, what: Plan | Pipeline, values: Mapping[str, JsonValue], how: Execution
) -> Ended:
    """Return what came out of a plan, or of a pipeline that is bound.

    Raises:
        AgentLoadError: If one of its agents is in quarantine; nothing was run.
        StoreError: If the run is to be kept and cannot be.
    """
    stages = (what if isinstance(what, Pipeline) else what.pipeline).stages
    with Progress(total=len(stages), quiet=how.quiet) as progress:
        run = partial(registry.run, what, inputs=values, **how.terms(progress))
        if not how.keeps:
            return _ended(registry, run)
        with own_store() as store:
            try:
                ended = _ended(registry, lambda: run(store=store))
            except StoreError as error:
                reason = f"{error.reason}; run without keeping it: --no-store"
                raise StoreError(error.place, reason) from error
            _look_after(store, registry.settings.monitoring)
    return ended


def go_on(
    registry: Registry, run: str, how: Execution, *, retry_in_doubt: bool, accept_drift: bool
) -> Ended:
    """Return what came out of a kept run that was cut or failed, once it has gone on.

    Raises:
        UnknownNameError: If no kept run begins so.
        ResumeError: If it is not to go on, and why.
        StoreError: If it cannot be kept any more.
    """
    with own_store() as store:
        name = store.find(run)
        stages = store.report(name).stages
        with Progress(total=len(stages), quiet=how.quiet) as progress:
            ended = _ended(
                registry,
                lambda: registry.resume(
                    store,
                    name,
                    retry_in_doubt=retry_in_doubt,
                    accept_drift=accept_drift,
                    **how.terms(progress),
                ),
            )
        _look_after(store, registry.settings.monitoring)
    return ended


def _ended(registry: Registry, run: Callable[[], Coroutine[object, object, RunResult]]) -> Ended:
    try:
        return run_to_its_end(run)
    finally:
        registry.runner.collectors().wait(_HEARD_SECONDS)


def _look_after(store: Store, monitoring: MonitoringSettings) -> None:
    """Say which agents are beyond the limits, and remove what is too old to be kept."""
    from registry_core.store.alerts import alerts_of

    for alert in alerts_of(store.evidence().values(), monitoring):
        _log.warning("alert: %s", alert)
    store.purge(older_than_days=monitoring.metrics_retention_days)
