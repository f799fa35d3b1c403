"""Runs of one pipeline for the items of a batch."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from registry_core.errors import DefinitionError
from registry_core.results.batch import Outcome, outcome_of
from registry_core.runtime.engine import execute
from registry_core.runtime.quick import QuickRun

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from registry_core.results.events import Observer
    from registry_core.runtime.compiling import Chains
    from registry_core.runtime.terms import Terms

__all__ = ["work_of"]

_log = logging.getLogger("registry_core.runtime")


def work_of(
    terms: Terms, chains: Chains, given: str, observers: tuple[Observer, ...]
) -> Callable[[object], Awaitable[Outcome]]:
    """Return what runs a pipeline on one item.

    Args:
        terms: What each run depends on.
        chains: Compiled pipelines.
        given: Name of the pipeline's one input.
        observers: Hear of each run.
    """
    pipeline, options = terms.pipeline, terms.options
    is_quiet = not observers and not any(terms.feeds)
    [*feeds] = terms.feeds

    async def work(item: object) -> Outcome:
        if is_quiet and not _log.isEnabledFor(logging.DEBUG):
            chain = chains.of(pipeline, terms.middleware, options.attempt_seconds)
            if chain is not None:
                try:
                    value = chain.take(item)
                except DefinitionError:
                    pass  # the records say so
                else:
                    return await QuickRun(chain, value, terms).outcome()
        result = await execute(
            pipeline,
            {given: item},
            agents=chains,
            middleware=terms.middleware,
            observers=observers,
            feed=feeds[0] if feeds else None,
            options=options,
        )
        return outcome_of(result)

    return work
