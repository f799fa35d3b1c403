"""Ways from one capability to another: chains of agents, each of which takes what the last gave.

Unlike a plan, a suggestion may hold agents that it could do without: it shows what there is.
Chains come shortest or cheapest first, then by their ids, each once and no agent twice in one;
only as many are looked for as are asked for.

Source:
    P. Hart, N. Nilsson, B. Raphael, "A formal basis for the heuristic determination of minimum
    cost paths", 1968.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from registry_core.composer.answer import amounts
from registry_core.composer.drafting import Feed, draft, title
from registry_core.composer.eligibility import eligible
from registry_core.composer.expectation import Expect, declared
from registry_core.composer.goal import Goal
from registry_core.composer.measure import to_integers
from registry_core.composer.spare import spread
from registry_core.errors import NoPlanError
from registry_core.pipeline.plan import Plan, PlanSearch
from registry_core.schemas.verdict import Fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from registry_core.catalog.catalog import Catalog
    from registry_core.catalog.entry import CatalogEntry
    from registry_core.composer.goal import CapabilityTerm
    from registry_core.names import AgentId, SchemaId

__all__ = ["Chained", "suggest"]

Chained: TypeAlias = Literal["stages", "cost"]

# Each is a look at who could come next, some microseconds; who needs more looks forever.
_MOST_STEPS = 100_000


def suggest(
    catalog: Catalog,
    start: CapabilityTerm,
    end: CapabilityTerm,
    *,
    limit: int = 10,
    max_stages: int = 6,
    objective: Chained = "stages",
    expect: Expect = declared,
) -> PlanSearch:
    """Return chains from an agent that does *start* to one that does *end*, best first.

    The caller gives what the first agent takes; other inputs come from any earlier one.

    Args:
        catalog: What there is; agents of contested plugins take no part.
        start: Capability of the first agent.
        end: Capability of the last agent, which may be the first one.
        limit: Most chains to return.
        max_stages: Most agents in a chain.
        objective: Whether short chains or cheap ones come first.
        expect: What is expected of agents.

    Raises:
        NoPlanError: If there is none.
    """
    net = _Net(catalog, eligible(catalog, Goal(), expect), objective)
    chains = _Chains(net, start, end, max_stages)
    found = [*islice(chains, limit + 1)]
    if not found:
        raise _nothing(net, chains, start, end, max_stages)
    plans = tuple(_plan(catalog, chain, objective, expect) for chain in found[:limit])
    return PlanSearch(plans, complete=not chains.cut_short and len(found) <= limit)


class _Net:
    """Who can come after whom, told when it is asked.

    Attributes:
        catalog: What there is.
        outputs: What each agent gives that takes part.
        weights: What each adds to a chain's weight.
        by_cost: Whether that is its cost.
    """

    def __init__(self, catalog: Catalog, entries: list[CatalogEntry], objective: Chained) -> None:
        self.catalog = catalog
        self.outputs = {entry.id: entry.definition.output for entry in entries}
        self.weights = dict.fromkeys(self.outputs, 1)
        self.by_cost = objective == "cost"
        if self.by_cost:
            costs, _ = to_integers(entry.definition.cost for entry in entries)
            self.weights = dict(zip(self.outputs, costs, strict=True))
        self._after: dict[SchemaId, set[AgentId]] = {}

    def after(self, schema: SchemaId) -> set[AgentId]:
        """The agents that take what is given as *schema*."""
        if schema not in self._after:
            schemas = self.catalog.schemas
            takers = (agent for s in schemas.taken_as(schema) for agent in schemas.consumers[s])
            self._after[schema] = {agent for agent in takers if agent in self.outputs}
        return self._after[schema]


class _Ahead(NamedTuple):
    """What is at least still to come of a chain: stages, and weight."""

    stages: int
    weight: int


class _Chains:
    """All chains, best first.

    Attributes:
        starts: Agents at which one may begin.
        ends: Agents at which one may end.
        cut_short: Whether the search was given up.
    """

    def __init__(
        self, net: _Net, start: CapabilityTerm, end: CapabilityTerm, max_stages: int
    ) -> None:
        able = net.outputs.keys()
        self.starts = sorted(able & set(start.agents(net.catalog)))
        self.ends = frozenset(able & set(end.agents(net.catalog)))
        self.cut_short = False
        self._net = net
        self._max_stages = max_stages
        self._ahead = _ahead(net, self.starts, self.ends)

    def __iter__(self) -> Iterator[tuple[AgentId, ...]]:
        """Yield chains by weight, then by their ids.

        A chain that was begun is filed by the least that it can come to, so whatever is
        finished when its turn comes is the next one.
        """
        waiting: list[tuple[int, tuple[AgentId, ...], bool, int]] = []
        for agent in self.starts:
            self._file(waiting, (agent,), 0)
        heapify(waiting)
        steps = 0
        while waiting and steps < _MOST_STEPS:
            _, chain, unfinished, weight = heappop(waiting)
            if not unfinished:
                yield chain
                continue
            after = self._net.after(self._net.outputs[chain[-1]])
            steps += len(after)
            for agent in after:
                if agent not in chain and self._fed(chain, agent):
                    self._file(waiting, (*chain, agent), weight)
        self.cut_short = bool(waiting)

    def _file(
        self,
        waiting: list[tuple[int, tuple[AgentId, ...], bool, int]],
        chain: tuple[AgentId, ...],
        weight: int,
    ) -> None:
        weight += self._net.weights[chain[-1]]
        if chain[-1] in self.ends:
            heappush(waiting, (weight, chain, False, weight))
        ahead = self._ahead.get(self._net.outputs[chain[-1]])
        if ahead and len(chain) + ahead.stages <= self._max_stages:
            heappush(waiting, (weight + ahead.weight, chain, True, weight))

    def _fed(self, chain: tuple[AgentId, ...], agent: AgentId) -> bool:
        """Whether the other inputs of *agent* can come from anything earlier."""
        catalog = self._net.catalog
        required = [i for i in catalog.definition(agent).inputs if i.required]
        outputs = (self._net.outputs[earlier] for earlier in reversed(chain))
        given = [*outputs, *_given(catalog, chain[0])]
        return all(any(_fits(catalog, s, item.schema) for s in given) for item in required)


def _ahead(
    net: _Net, starts: Iterable[AgentId], ends: frozenset[AgentId]
) -> dict[SchemaId, _Ahead]:
    """Return what is still to come, at least, after a value of each schema in reach."""
    outputs, weights = net.outputs, net.weights
    last: dict[SchemaId, int] = {}
    before: dict[SchemaId, dict[SchemaId, int]] = {}
    reached = dict.fromkeys(outputs[agent] for agent in starts)
    for schema in (queue := [*reached]):
        after = net.after(schema)
        if closing := after & ends:
            last[schema] = min(weights[agent] for agent in closing)
        for agent in after:
            output, weight = outputs[agent], weights[agent]
            if output not in reached:
                reached[output] = None
                queue.append(output)
            steps = before.setdefault(output, {})
            steps[schema] = min(weight, steps.get(schema, weight))
    stages = _fewest(last, before)
    lightest = _lightest(last, before) if net.by_cost else stages
    return {schema: _Ahead(fewest, lightest[schema]) for schema, fewest in stages.items()}


def _fewest(
    last: Iterable[SchemaId], before: Mapping[SchemaId, Iterable[SchemaId]]
) -> dict[SchemaId, int]:
    """Return the fewest steps from each schema to an end, which is one from each of *last*."""
    found = dict.fromkeys(last, 1)
    for schema in (queue := [*found]):
        for other in before.get(schema, ()):
            if other not in found:
                found[other] = found[schema] + 1
                queue.append(other)
    return found


def _lightest(
    last: Mapping[SchemaId, int], before: Mapping[SchemaId, Mapping[SchemaId, int]]
) -> dict[SchemaId, int]:
    """Return the lightest way from each schema to an end.

    Args:
        last: Weight of the lightest last step after a schema.
        before: The schemas that one step leads from, with the weight of the lightest.
    """
    waiting = [(weight, schema) for schema, weight in last.items()]
    heapify(waiting)
    found: dict[SchemaId, int] = {}
    while waiting:
        so_far, schema = heappop(waiting)
        if schema not in found:
            found[schema] = so_far
            for other, weight in before.get(schema, {}).items():
                if other not in found:
                    heappush(waiting, (so_far + weight, other))
    return found


def _fits(catalog: Catalog, gives: SchemaId, takes: SchemaId) -> bool:
    return isinstance(catalog.fits(gives, takes), Fits)


def _given(catalog: Catalog, agent: AgentId) -> tuple[SchemaId, ...]:
    inputs = catalog.definition(agent).inputs
    return tuple(dict.fromkeys(item.schema for item in inputs if item.required))


def _plan(catalog: Catalog, chain: tuple[AgentId, ...], objective: Chained, expect: Expect) -> Plan:
    have = _given(catalog, chain[0])
    needed = [
        feed
        for position, agent in enumerate(chain)
        for feed in _feeds(catalog, agent, chain[:position], have)
    ]
    output = catalog.definition(chain[-1]).output
    feeds = spread(catalog, have, chain, needed)
    feeds.append(Feed(None, output.name, chain[-1], output, output))
    pipeline, edges = draft(catalog, chain, feeds, name=title([output]), have=have)
    total = amounts(catalog, expect, chain, feeds)
    value = total.cost if objective == "cost" else float(len(chain))
    return Plan(
        pipeline=pipeline,
        have=have,
        want=(output,),
        edges=edges,
        objective=objective,
        value=value,
        lower_bound=value,
        proved=True,
        depth=len(chain),
        **total._asdict(),
    )


def _feeds(
    catalog: Catalog, agent: AgentId, earlier: tuple[AgentId, ...], have: tuple[SchemaId, ...]
) -> Iterator[Feed]:
    """Yield where each input comes from: as in a pipeline that is written by hand.

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


def _nothing(
    net: _Net,
    chains: _Chains,
    start: CapabilityTerm,
    end: CapabilityTerm,
    max_stages: int,
) -> NoPlanError:
    missing = [t for t, able in ((start, chains.starts), (end, chains.ends)) if not able]
    reason = "nobody offers all that is asked"
    if not missing:
        reason = f"no chain of at most {max_stages} agents leads from one to the other"
        if chains.cut_short:
            reason = f"none was found in {_MOST_STEPS} steps"
    return NoPlanError(
        have=(),
        want=[f"{start} -> {end}"],
        reached=sorted({net.outputs[agent].name for agent in chains.starts}),
        missing=dict.fromkeys(map(str, missing)),
        reason=reason,
    )
