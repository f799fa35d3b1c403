"""Runs of one pipeline for the items of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.results.batch import Outcome, outcome_of
from registry_core.runtime.engine import execute, quick_chain, quick_run_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from registry_core.results.events import Observer
    from registry_core.runtime.chain import Chain
    from registry_core.runtime.compiling import Chains
    from registry_core.runtime.terms import Terms

__all__ = ["work_of"]


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
    chain: Chain | None = None

    async def work(item: object) -> Outcome:
        nonlocal chain
        if chain is None and not observers:
            chain = quick_chain(chains, terms)
        quick = None if chain is None else quick_run_of(chain, item, terms)
        if quick is not None:
            return await quick.outcome()
        result = await execute(
            terms.pipeline,
            {given: item},
            agents=chains,
            middleware=terms.middleware,
            observers=observers,
            feed=next(iter(terms.feeds), None),
            options=terms.options,
            clock=terms.clock,
            draw=terms.draw,
        )
        return outcome_of(result)

    return work
