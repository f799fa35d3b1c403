"""Plans that pass through given capabilities, one stage for each.

Complete, not greedy: a choice is taken back when nothing fits after it. Which agents can
still be followed to the end is known beforehand, so agents with one input hardly ever
cause a step back.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from registry_core.composer.drafting import Feed, draft, title
from registry_core.composer.spare import spread
from registry_core.errors import NoPlanError
from registry_core.pipeline.plan import Plan, PlanSearch
from registry_core.schemas.verdict import Fits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.goal import Goal
    from registry_core.names import AgentId, CapabilityName, SchemaId

__all__ = ["find_chains"]

_MAX_STEPS = 200_000
_MAX_CHAINS = 10_000
_SHOWN = 3


def find_chains(catalog: Catalog, goal: Goal, *, limit: int = 1) -> PlanSearch:
    """Return plans with one stage for each capability of *goal*, best first.

    Each stage feeds the next one; an agent's other inputs come from what is had or from any
    earlier stage. When the goal has nothing, the first stage's inputs are what the caller
    gives. Plans are ordered by the claimed scores, stage by stage, and ties by id; by their
    cost first where that is the objective.

    Raises:
        NoPlanError: If there is none: it names every capability without agents, or else the
            first two between which nothing fits.
    """
    search = _ChainSearch(catalog, goal)
    if missing := [
        name for name, layer in zip(goal.capabilities, search.layers, strict=True) if not layer
    ]:
        raise _no_chain(catalog, goal, search, "nobody offers all that is asked", missing)
    if goal.max_stages is not None and goal.max_stages < len(goal.capabilities):
        reason = f"one stage each makes {len(goal.capabilities)}; {goal.max_stages} were allowed"
        raise _no_chain(catalog, goal, search, reason, [])
    chains: list[tuple[AgentId, ...]] = []
    if goal.objective == "cost":
        everything = [*islice(search.chains(), _MAX_CHAINS)]
        chains = sorted(everything, key=partial(_cost, catalog))[: limit + 1]
    else:
        chains = [*islice(search.chains(), limit + 1)]
    if not chains:
        raise _no_chain(catalog, goal, search, search.obstacle(), [])
    proved = not search.exhausted and search.found < _MAX_CHAINS
    plans = tuple(_plan(catalog, goal, chain, proved=proved) for chain in chains[:limit])
    return PlanSearch(plans, complete=proved and len(chains) <= limit)


class _ChainSearch:
    """Depth first over the layers of candidates.

    Attributes:
        layers: Agents for each capability, best score first.
        exhausted: Whether the search ended before it had seen everything.
        found: How many chains it has given.
    """

    def __init__(self, catalog: Catalog, goal: Goal) -> None:
        self._catalog = catalog
        self._goal = goal
        self._steps = 0
        self._deepest = 0
        self.found = 0
        self.layers = tuple(self._layer(name) for name in goal.capabilities)
        self._open = self._followable()

    @property
    def exhausted(self) -> bool:
        return self._steps > _MAX_STEPS

    def chains(self, chain: tuple[AgentId, ...] = ()) -> Iterator[tuple[AgentId, ...]]:
        """Every chain that starts with *chain*, in order."""
        depth = len(chain)
        self._deepest = max(self._deepest, depth)
        if depth == len(self.layers):
            if self._goal.require <= set(chain):
                self.found += 1
                yield chain
            return
        for agent in self.layers[depth]:
            self._steps += 1
            if self.exhausted:
                return
            if agent in self._open[depth] and self._may_follow(chain, agent):
                yield from self.chains((*chain, agent))

    def _layer(self, name: CapabilityName) -> tuple[AgentId, ...]:
        capabilities = self._catalog.capabilities
        agents = [
            agent
            for agent in capabilities.agents(name)
            if agent not in self._goal.exclude
            and (agent in self._goal.require or not self._catalog.entries[agent].contested)
        ]
        scores = {a: capabilities.score(self._catalog.definition(a), name) for a in agents}
        return tuple(sorted(agents, key=lambda agent: (-scores[agent], agent)))

    def obstacle(self) -> str:
        """Why there is no chain."""
        if self.exhausted:
            return f"none was found in {_MAX_STEPS} steps"
        names = self._goal.capabilities
        for (here, there), (before, after) in zip(
            pairwise(names), pairwise(self.layers), strict=True
        ):
            if not any(self._feeds(a, b) for a in before for b in after):
                return f"nothing that {here} gives fits what {there} takes"
        if not any(map(self._meets_want, self.layers[-1])):
            wanted = " and ".join(schema.name for schema in self._goal.want)
            return f"nothing that {names[-1]} gives can be taken as {wanted}"
        if not self._open[0]:
            return "neighbours fit two by two, and never all the way"
        if self._deepest < len(names):
            return f"{names[self._deepest]} takes more than what comes before it gives"
        return f"none goes through {' and '.join(sorted(self._goal.require))}"

    def _followable(self) -> tuple[frozenset[AgentId], ...]:
        """Agents of each layer from which fitting neighbours lead to the end."""
        alive: list[frozenset[AgentId]] = []
        for layer in reversed(self.layers):
            if not alive:
                kept = (agent for agent in layer if self._meets_want(agent))
            else:
                kept = (a for a in layer if any(self._feeds(a, b) for b in alive[0]))
            alive.insert(0, frozenset(kept))
        return tuple(alive)

    def _may_follow(self, chain: tuple[AgentId, ...], agent: AgentId) -> bool:
        if agent in chain or (chain and not self._feeds(chain[-1], agent)):
            return False
        if not chain and not self._goal.have:
            return True
        have = _have(self._catalog, self._goal, chain or (agent,))
        given = [*have, *(self._catalog.definition(earlier).output for earlier in chain)]
        return all(
            any(_fits(self._catalog, schema, item.schema) for schema in given)
            for item in self._catalog.definition(agent).inputs
            if item.required
        )

    def _feeds(self, producer: AgentId, consumer: AgentId) -> bool:
        output = self._catalog.definition(producer).output
        inputs = self._catalog.definition(consumer).inputs
        return any(_fits(self._catalog, output, item.schema) for item in inputs)

    def _meets_want(self, agent: AgentId) -> bool:
        output = self._catalog.definition(agent).output
        return all(_fits(self._catalog, output, want) for want in self._goal.want)


def _fits(catalog: Catalog, gives: SchemaId, takes: SchemaId) -> bool:
    return isinstance(catalog.fits(gives, takes), Fits)


def _have(catalog: Catalog, goal: Goal, chain: tuple[AgentId, ...]) -> tuple[SchemaId, ...]:
    if goal.have:
        return goal.have
    first = catalog.definition(chain[0]).inputs
    return tuple(dict.fromkeys(item.schema for item in first if item.required))


def _cost(catalog: Catalog, chain: tuple[AgentId, ...]) -> float:
    return sum(catalog.definition(agent).cost for agent in chain)


def _plan(catalog: Catalog, goal: Goal, chain: tuple[AgentId, ...], *, proved: bool) -> Plan:
    have = _have(catalog, goal, chain)
    feeds = [
        feed
        for position, agent in enumerate(chain)
        for feed in _feeds_of(catalog, agent, chain[:position], have)
    ]
    feeds = spread(catalog, have, chain, feeds)
    last = catalog.definition(chain[-1]).output
    want = goal.want or (last,)
    feeds.extend(Feed(None, schema.name, chain[-1], last, schema) for schema in want)
    pipeline, edges = draft(catalog, chain, feeds, name=title(want), have=have)
    cost = _cost(catalog, chain)
    value = cost if goal.objective == "cost" else float(len(chain))
    return Plan(
        pipeline=pipeline,
        have=have,
        want=want,
        edges=edges,
        objective=goal.objective,
        value=value,
        lower_bound=0 if goal.objective == "cost" and not proved else value,
        proved=proved,
        depth=len(chain),
        cost=cost,
    )


def _feeds_of(
    catalog: Catalog, agent: AgentId, earlier: tuple[AgentId, ...], have: tuple[SchemaId, ...]
) -> Iterator[Feed]:
    """Where each input comes from: as in a pipeline that is written by hand.

    The first that the stage before fits takes its output; other required ones take their
    very schema, or else the nearest that fits.
    """
    given: list[tuple[AgentId | None, SchemaId]] = [
        *((source, catalog.definition(source).output) for source in reversed(earlier)),
        *((None, schema) for schema in have),
    ]
    inputs = sorted(catalog.definition(agent).inputs, key=lambda item: not item.required)
    follower = None
    if earlier:
        follower = next(i for i in inputs if _fits(catalog, given[0][1], i.schema))
        yield Feed(agent, follower.name, *given[0], follower.schema)
    for item in inputs:
        if item.required and item != follower:
            fitting = [pair for pair in given if _fits(catalog, pair[1], item.schema)]
            exact = [pair for pair in fitting if pair[1] == item.schema]
            yield Feed(agent, item.name, *(exact or fitting)[0], item.schema)


def _no_chain(
    catalog: Catalog, goal: Goal, search: _ChainSearch, reason: str, missing: Sequence[str]
) -> NoPlanError:
    known = catalog.capabilities.names()
    close = {name: get_close_matches(name, known) for name in missing if name not in known}
    near = [f"{name} is not known; there is {' or '.join(c)}" for name, c in close.items() if c]
    near += [
        f"{name}: {', '.join(layer[:_SHOWN])}" + (" …" if len(layer) > _SHOWN else "")
        for name, layer in zip(goal.capabilities, search.layers, strict=True)
        if layer
    ]
    return NoPlanError(
        have=[schema.name for schema in goal.have],
        want=[" -> ".join(goal.capabilities), *(schema.name for schema in goal.want)],
        missing=dict.fromkeys(missing),
        near=near,
        reason=reason,
    )
