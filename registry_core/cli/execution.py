"""A pipeline run from the command line: kept while it runs, unless that is not wanted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_core.cli.kept import own_store
from registry_core.cli.rendering import Progress
from registry_core.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registry_core.definitions.schema import JsonValue
    from registry_core.pipeline.pipeline import Pipeline
    from registry_core.registry import Registry
    from registry_core.results.durable import EarlierRun, RunKeeper
    from registry_core.results.run import RunResult
    from registry_core.settings.values import MonitoringSettings
    from registry_core.store.store import Store

__all__ = ["RunTerms", "go_on", "run_now"]

_log = logging.getLogger("registry_core.store")


@dataclass(frozen=True, slots=True)
class RunTerms:
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


def run_now(
    registry: Registry, pipeline: Pipeline, values: Mapping[str, JsonValue], terms: RunTerms
) -> RunResult:
    """Return what came out of *pipeline*, which is bound.

    Raises:
        AgentLoadError: If one of its agents is in quarantine; nothing was run.
        StoreError: If the run cannot be kept.
    """
    from registry_core.runtime.clock import SystemClock
    from registry_core.runtime.ids import run_id
    from registry_core.store.resuming import head_of_run

    registry.installed.refuse_quarantined(*(stage.agent for stage in pipeline.stages))
    if not terms.keeps:
        return _executed(registry, pipeline, values, terms)
    moment = SystemClock().utc_now()
    head = head_of_run(
        pipeline,
        values,
        registry.catalog,
        run_id=run_id(moment),
        started_at=moment.isoformat(),
        metadata={},
    )
    with own_store() as store:
        try:
            with store.begin(head) as keeper:
                result = _executed(
                    registry, pipeline, values, terms, run_id=head.run_id, keeper=keeper
                )
        except StoreError as error:
            reason = f"{error.reason}; run without keeping it: --no-store"
            raise StoreError(error.place, reason) from error
        _look_after(store, registry.settings.monitoring)
    return result


def go_on(
    registry: Registry,
    beginning: str,
    terms: RunTerms,
    *,
    retry_in_doubt: bool,
    accept_drift: bool,
) -> RunResult:
    """Return what came out of a kept run that was cut or failed, once it has gone on.

    Raises:
        UnknownNameError: If no kept run begins so.
        ResumeError: If it is not to go on, and why.
        StoreError: If it cannot be kept any more.
    """
    from registry_core.store.resuming import resume

    with own_store() as store:
        run_id = store.find(beginning)
        found = resume(
            store,
            run_id,
            registry.catalog,
            retry_in_doubt=retry_in_doubt,
            accept_drift=accept_drift,
        )
        with found.keeper as keeper:
            result = _executed(
                registry,
                found.pipeline,
                found.values,
                terms,
                run_id=run_id,
                keeper=keeper,
                earlier=found.earlier,
            )
        _look_after(store, registry.settings.monitoring)
    return result


def _executed(
    registry: Registry,
    pipeline: Pipeline,
    values: Mapping[str, JsonValue],
    terms: RunTerms,
    *,
    run_id: str = "",
    keeper: RunKeeper | None = None,
    earlier: EarlierRun | None = None,
) -> RunResult:
    from registry_core.runtime.engine import execute, run_blocking
    from registry_core.runtime.scope import RunOptions

    settings = registry.settings.run
    options = RunOptions(
        timeout_seconds=terms.timeout_seconds,
        attempt_timeout_seconds=settings.timeout_seconds,
        run_id=run_id,
    )
    layers = registry.active_middleware(terms.middleware)
    collectors = registry.loader().observers(settings.collectors)
    with Progress(total=len(pipeline.stages), quiet=terms.quiet) as progress:
        return run_blocking(
            lambda: execute(
                pipeline,
                values,
                agents=registry.blueprints(),
                middleware=layers,
                observers=(*collectors, progress),
                options=options,
                keeper=keeper,
                earlier=earlier,
            )
        )


def _look_after(store: Store, monitoring: MonitoringSettings) -> None:
    """Say which agents are beyond the limits, and remove what is too old to be kept."""
    from registry_core.store.alerts import alerts_of

    for alert in alerts_of(store.evidence().values(), monitoring):
        _log.warning("alert: %s", alert)
    store.purge(older_than_days=monitoring.metrics_retention_days)
