"""Run a pipeline: every stage as soon as its sources are there, and one result at the end.

Whatever happens while it runs is in the result: a failing stage, a deadline, a fault of this
package. Only a cancellation by the caller is raised, and it carries the result along.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from typing import TYPE_CHECKING

from registry_core.errors import DefinitionError, Fault, PipelineError, StoreError
from registry_core.results.run import RunResult
from registry_core.runtime.agents import AgentSource, Blueprints
from registry_core.runtime.clock import Clock, SystemClock, utc_now
from registry_core.runtime.compiling import Chains
from registry_core.runtime.failures import carried_result
from registry_core.runtime.ids import run_id
from registry_core.runtime.observing import ObserverFeed
from registry_core.runtime.quick import QuickRun
from registry_core.runtime.scope import RunOptions
from registry_core.runtime.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from registry_core.pipeline.pipeline import Pipeline
    from registry_core.results.durable import EarlierRun, RunKeeper
    from registry_core.results.events import Observer
    from registry_core.runtime.chain import Chain
    from registry_core.runtime.middleware import ActiveMiddleware
    from registry_core.runtime.threads import AgentThreads


__all__ = ["execute", "quick_chain", "quick_run_of", "result_of", "run_blocking"]

_CLOCK = SystemClock()
_OPTIONS = RunOptions()

_log = logging.getLogger("registry_core.runtime")

_HEARD_SECONDS = 1.0


async def execute(  # noqa: PLR0913 -- the edge of the room: everything a run depends on
    pipeline: Pipeline,
    values: Mapping[str, object],
    *,
    agents: AgentSource | Blueprints | Chains,
    middleware: Sequence[ActiveMiddleware] = (),
    observers: Sequence[Observer] = (),
    feed: ObserverFeed | None = None,
    options: RunOptions = _OPTIONS,
    clock: Clock = _CLOCK,
    draw: Callable[[], float] = random.random,  # noqa: S311 -- it spreads pauses, it keeps no secret
    threads: AgentThreads | None = None,
    keeper: RunKeeper | None = None,
    earlier: EarlierRun | None = None,
) -> RunResult:
    """Return what came out of one run of a bound *pipeline*.

    Args:
        pipeline: Bound: full agent ids, a source for every required input, outputs named.
        values: What the caller gives, by name of the pipeline's inputs.
        agents: Where the agents come from; kept :class:`Blueprints` save reading them again,
            kept :class:`Chains` save compiling a pipeline again.
        middleware: Layers that this run asked for, in any order.
        observers: Hear each event in a thread of their own, all of it before this returns, if
            they are no more than a second behind.
        feed: Leads to others who listen, and is not waited for.
        options: Limits and facts of this run.
        clock: Tells time and makes pauses.
        draw: Gives numbers from 0 to 1, for jitter.
        threads: Where agents run that are not async; those kept with *agents* unless given.
        keeper: Keeps the run, so that another process can go on with it.
        earlier: What an interrupted run left; its stages are not run again.

    Raises:
        PipelineError: If *values* are not those that the pipeline takes; nothing was run.
        StoreError: If the run's end cannot be kept; :func:`result_of` gives the result.
        asyncio.CancelledError: If the caller is cancelled, once everything has ended;
            :func:`result_of` gives the result that goes with it.
    """
    if not isinstance(agents, Chains):
        agents = Chains(agents if isinstance(agents, Blueprints) else Blueprints(agents))
    own = ObserverFeed(observers) if observers else None
    feeds: tuple[ObserverFeed, ...] = ()
    if own or feed:
        feeds = tuple(one for one in (own, feed) if one)
    terms = Terms(
        pipeline,
        agents.blueprints,
        middleware,
        feeds,
        options,
        clock,
        draw,
        threads,
        keeper,
        earlier,
        options.measures(draw),
    )
    quick = _quick_run(agents, terms, values)
    if quick is not None:
        return await quick.result_in_time()
    _check_values(pipeline, values)
    return await (_conduct(terms, values) if own is None else _heard(terms, values, own))


def _quick_run(chains: Chains, terms: Terms, values: Mapping[str, object]) -> QuickRun | None:
    """Return the short way through a run, or None where more is asked than a result."""
    chain = quick_chain(chains, terms)
    if chain is None or chain.given not in values or len(values) != 1:
        return None
    return quick_run_of(chain, values[chain.given], terms)


def quick_run_of(chain: Chain, value: object, terms: Terms) -> QuickRun | None:
    """Return a run of *chain* on *value*, or None where that does not fit."""
    try:
        return QuickRun(chain, chain.take(value), terms)
    except DefinitionError:
        return None  # the records of the long way say which value, and why


def quick_chain(chains: Chains, terms: Terms) -> Chain | None:
    """Return what runs on *terms* have in common where nothing happens, or None, likewise."""
    if terms.feeds or terms.keeper is not None or terms.is_measured:
        return None  # there is more to do at each stage than to call it
    if _log.isEnabledFor(logging.DEBUG):
        return None
    return chains.of(terms.pipeline, terms.middleware, terms.options.attempt_seconds)


async def _heard(terms: Terms, values: Mapping[str, object], own: ObserverFeed) -> RunResult:
    """Return the result once the run's own observers have heard of it."""
    try:
        result = await _conduct(terms, values)
    except asyncio.CancelledError:
        await own.drain(_HEARD_SECONDS)
        raise
    try:
        await own.drain(_HEARD_SECONDS)
    except asyncio.CancelledError as error:
        error.__dict__["result"] = result
        raise
    own.close()
    return result


async def _conduct(terms: Terms, values: Mapping[str, object]) -> RunResult:
    options, clock = terms.options, terms.clock
    limit = options.timeout_seconds
    deadline = math.inf if limit is None else clock.monotonic() + limit
    name = terms.earlier.head.run_id if terms.earlier else options.run_id
    conductor = terms.conductor(values, name or run_id(utc_now(clock)), deadline)
    watch = terms.blueprints.host.watchdog.begin(asyncio.get_running_loop())
    try:
        try:
            await conductor.conduct()
        finally:
            await conductor.scope.crew.close(options.close_seconds)
    except asyncio.CancelledError as error:
        # The very error: asyncio.timeout() knows its own cancellation by the exact class.
        error.__dict__["result"] = result = conductor.result(cancelled=True)
        await conductor.finish(result)
        raise
    finally:
        terms.blueprints.host.watchdog.end(watch)
    result = conductor.result()
    try:
        await conductor.finish(result)
    except StoreError as error:
        error.__dict__["result"] = result
        raise
    return result


def run_blocking(run: Callable[[], Coroutine[object, object, RunResult]]) -> RunResult:
    """Return what *run* returns, from code that is not async.

    Raises:
        RuntimeError: If an event loop runs already, as it does in a notebook.
    """
    if asyncio._get_running_loop() is not None:  # noqa: SLF001 -- the other one raises
        message = "an event loop runs already: write `await registry.run(...)`"
        raise RuntimeError(message)
    return asyncio.run(run())


def result_of(error: BaseException) -> RunResult | None:
    """Return the result of the run that a cancellation ended, or None where there is none.

    What became of the cancellation leads there as well: the ``TimeoutError`` that
    ``asyncio.timeout`` makes of it, the ``KeyboardInterrupt`` of ``asyncio.run``.

    >>> result_of(asyncio.CancelledError()) is None
    True
    """
    return carried_result(error, RunResult)


def _check_values(pipeline: Pipeline, values: Mapping[str, object]) -> None:
    known = {declared.name for declared in pipeline.inputs}
    faults = [Fault(f"values.{name}", "is missing") for name in sorted(known - values.keys())]
    faults += [Fault(f"values.{name}", "is no input") for name in sorted(values.keys() - known)]
    if faults:
        raise PipelineError(pipeline.name, faults)
