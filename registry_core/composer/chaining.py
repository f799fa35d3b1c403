"""Plans that pass through given capabilities, one stage for each.

Complete, not greedy: a choice is taken back when nothing fits after it. Which agents can
still be followed to the end is known beforehand, so agents with one input hardly ever
cause a step back.
"""

from __future__ import annotations

from itertools import islice, pairwise
from typing import TYPE_CHECKING

from registry_core.composer.drafting import Feed, draft, title
from registry_core.errors import NoPlanError
from registry_core.pipeline.plan import Plan, PlanSearch
from registry_core.schemas.verdict import Fits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.goal import Goal
    from registry_core.definitions.agent import InputDefinition
    from registry_core.names import AgentId, SchemaId

__all__ = ["find_chains"]

_MAX_STEPS = 200_000


def find_chains(catalog: Catalog, goal: Goal, *, limit: int = 1) -> PlanSearch:
    """Return plans with one stage for each capability of *goal*, best first.

    Each stage feeds the next one; an agent's other inputs come from what is had or from any
    earlier stage. When the goal has nothing, the first stage's inputs are what the caller
    gives. Plans are ordered by the claimed scores, stage by stage, and ties by id.

    Raises:
        NoPlanError: If there is none: it names every capability without agents, or else the
            first two between which nothing fits.
    """
    search = _ChainSearch(catalog, goal)
    empty = [
        name for name, layer in zip(goal.capabilities, search.layers, strict=True) if not layer
    ]
    if empty:
        raise _no_chain(goal, search, "nobody claims a capability", empty)
    chains = [*islice(search.chains(), limit + 1)]
    if not chains:
        raise _no_chain(goal, search, search.obstacle(), [])
    plans = tuple(_plan(catalog, goal, chain) for chain in chains[:limit])
    return PlanSearch(plans, complete=len(chains) <= limit)


class _ChainSearch:
    """Depth first over the layers of candidates."""

    def __init__(self, catalog: Catalog, goal: Goal) -> None:
        self._catalog = catalog
        self._goal = goal
        self._steps = 0
        self._deepest = 0
        self.layers = tuple(
            tuple(
                entry.id
                for entry in catalog.find(capability=name)
                if not entry.contested and entry.id not in goal.exclude
            )
            for name in goal.capabilities
        )
        self._open = self._followable()

    def chains(self, chain: tuple[AgentId, ...] = ()) -> Iterator[tuple[AgentId, ...]]:
        """Every chain that starts with *chain*, in order."""
        depth = len(chain)
        self._deepest = max(self._deepest, depth)
        if depth == len(self.layers):
            if self._goal.require <= set(chain):
                yield chain
            return
        for agent in self.layers[depth]:
            self._steps += 1
            if self._steps > _MAX_STEPS:
                return
            if agent in self._open[depth] and self._may_follow(chain, agent):
                yield from self.chains((*chain, agent))

    def obstacle(self) -> str:
        """Why there is no chain."""
        if self._steps > _MAX_STEPS:
            return f"none was found in {_MAX_STEPS} steps"
        names = self._goal.capabilities
        for (here, there), (before, after) in zip(
            pairwise(names), pairwise(self.layers), strict=True
        ):
            if not any(self._feeds(a, b) for a in before for b in after):
                return f"nothing that {here} gives fits what {there} takes"
        return f"got as far as {names[min(self._deepest, len(names) - 1)]}"

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


def _plan(catalog: Catalog, goal: Goal, chain: tuple[AgentId, ...]) -> Plan:
    have = _have(catalog, goal, chain)
    feeds = [
        feed
        for position, agent in enumerate(chain)
        for feed in _feeds_of(catalog, agent, chain[:position], have)
    ]
    last = catalog.definition(chain[-1]).output
    want = goal.want or (last,)
    feeds.extend(Feed(None, schema.name, chain[-1], last, schema) for schema in want)
    pipeline, edges = draft(catalog, chain, feeds, name=title(want), have=have)
    return Plan(
        pipeline=pipeline,
        have=have,
        want=want,
        edges=edges,
        objective="stages",
        value=len(chain),
        lower_bound=len(chain),
        proved=True,
        depth=len(chain),
        cost=sum(catalog.definition(agent).cost for agent in chain),
    )


def _feeds_of(
    catalog: Catalog, agent: AgentId, earlier: tuple[AgentId, ...], have: tuple[SchemaId, ...]
) -> Iterator[Feed]:
    """Where each input comes from: the stage before feeds one, the rest take the nearest."""
    given: list[tuple[AgentId | None, SchemaId]] = [
        *((source, catalog.definition(source).output) for source in reversed(earlier)),
        *((None, schema) for schema in have),
    ]
    fed_by_neighbour = not earlier
    for item in catalog.definition(agent).inputs:
        fitting = [pair for pair in given if _fits(catalog, pair[1], item.schema)]
        if not fitting or not _wanted(item, fitting[0], earlier, done=fed_by_neighbour):
            continue
        source, gives = fitting[0]
        if fed_by_neighbour:
            exact = [pair for pair in fitting if pair[1] == item.schema]
            source, gives = (exact or fitting)[0]
        fed_by_neighbour = fed_by_neighbour or source == earlier[-1]
        yield Feed(agent, item.name, source, gives, item.schema)


def _wanted(
    item: InputDefinition,
    nearest: tuple[AgentId | None, SchemaId],
    earlier: tuple[AgentId, ...],
    *,
    done: bool,
) -> bool:
    # An optional input is left at its default, unless it is where the neighbour fits in.
    return item.required or (not done and nearest[0] == earlier[-1])


def _no_chain(goal: Goal, search: _ChainSearch, reason: str, missing: Sequence[str]) -> NoPlanError:
    near = [
        f"{name}: {len(layer)} agent{'s' * (len(layer) != 1)}"
        for name, layer in zip(goal.capabilities, search.layers, strict=True)
    ]
    return NoPlanError(
        have=[schema.name for schema in goal.have],
        want=[" -> ".join(goal.capabilities), *(schema.name for schema in goal.want)],
        missing=missing,
        near=near,
        reason=reason,
    )
