"""A goal in a catalog, as the problem that the search solves, and how to read the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from registry_core.catalog.catalog import Catalog
from registry_core.composer.eligibility import barrier, eligible
from registry_core.composer.expectation import Expect, Expectation, declared, loss
from registry_core.composer.goal import Goal
from registry_core.composer.index import Operation, OperationIndex
from registry_core.composer.layout import Draft, Layout, Place, fed, lay_out, using
from registry_core.composer.matching import Matches, match, needs_of, upstream
from registry_core.composer.problem import Budget, Objective, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from registry_core.catalog.entry import CatalogEntry
    from registry_core.composer.goal import CapabilityTerm
    from registry_core.composer.index import TypeId
    from registry_core.names import AgentId, SchemaId
    from registry_core.pipeline.plan import Objective as Measure

__all__ = ["CONVERTER", "Question", "ask", "price", "searched"]

CONVERTER = "converter"

# A digit has room for more than all agents of a plan could lack together, in millionths.
_BITS_OF_A_DIGIT = 40
_STEPS_TOLD_APART = 12


@dataclass(frozen=True, slots=True)
class Question:
    """A goal as a problem, and how to read the answer.

    Attributes:
        catalog: What there is.
        goal: What is asked.
        problem: The same for the search.
        matches: What the start leads to, the way through capabilities not counted.
        expect: What is expected of agents.
        places: What each operation stands for, by its id.
    """

    catalog: Catalog
    goal: Goal
    problem: Problem
    matches: Matches
    expect: Expect
    places: Mapping[str, Place]

    @property
    def entries(self) -> tuple[CatalogEntry, ...]:
        """The agents that may take part, whether they are reached or not."""
        return tuple(eligible(self.catalog, self.goal, self.expect))

    @property
    def objective(self) -> Objective:
        """What the search makes as small as possible."""
        return searched(self.goal.objective)

    def uses(self, measure: Measure) -> dict[str, float]:
        """Return what each operation adds to a measure that adds up."""
        entries = self.catalog.entries
        agents = {place.agent for place in self.places.values()}
        prices = {a: price(measure, entries[a], self.expect(entries[a])) for a in agents}
        return {number: prices[place.agent] for number, place in self.places.items()}

    def requiring(self, agent: AgentId) -> Problem:
        """Return the problem whose solutions all use *agent*, on the way where it can be there."""
        if self.goal.steps:
            able = any(agent in term.agents(self.catalog) for term in self.goal.steps)
            token = using(agent, on_the_way=able)
            return replace(self.problem, want=(*self.problem.want, token))
        return replace(self.problem, required=self.problem.required | {agent})


def ask(
    catalog: Catalog, goal: Goal, expect: Expect = declared, *, in_layers: bool = False
) -> Question:
    """Return *goal* as a question to the search; *in_layers* lets each agent take one second."""
    able = {term: frozenset(term.agents(catalog)) for term in goal.any_order}
    steps = goal.steps
    build = _staged if steps else _plain
    matches, layout = build(catalog, goal, expect, [*able.values()])
    agents = {draft.place.agent for draft in layout.drafts}
    expected = {agent: expect(catalog.entries[agent]) for agent in agents}
    for agent in {agent for some in able.values() for agent in some & agents}:
        expected[agent] = _claiming(catalog, able, agent, expected[agent])
    ranks = _ranks(catalog, goal, expected)

    def operation(draft: Draft) -> Operation:
        agent = draft.place.agent
        entry, one = catalog.entries[agent], expected[agent]
        gives = draft.gives
        if able:
            gives += tuple(_doing(term) for term, agents in able.items() if agent in agents)
        if steps:
            gives += tuple(using(agent, on_the_way=way) for way in _ways(draft.place))
        return Operation(
            draft.id,
            draft.needs,
            gives,
            cost=price(goal.objective, entry, one),
            latency_seconds=1.0 if in_layers else one.latency_seconds,
            reluctance=_reluctance(entry, draft.place, ranks, one),
        )

    places = {draft.id: draft.place for draft in layout.drafts}
    problem = Problem(
        index=OperationIndex(map(operation, layout.drafts), satisfies=layout.satisfies),
        have=layout.have,
        want=(*goal.want, *layout.tokens, *map(_doing, able)),
        required=frozenset() if steps else frozenset(goal.require),
        max_operations=goal.limits.stages,
        max_latency_seconds=goal.limits.latency_seconds,
    )
    question = Question(catalog, goal, problem, matches, expect, places)
    if goal.limits.cost is None:
        return question
    budget = Budget("cost", question.uses("cost"), goal.limits.cost)
    return replace(question, problem=replace(problem, budgets=(budget,)))


def _plain(
    catalog: Catalog, goal: Goal, expect: Expect, able: Sequence[frozenset[AgentId]]
) -> tuple[Matches, Layout]:
    admits = partial(_may_take_part, goal, expect)
    matches = match(catalog, have=goal.have, want=goal.want, admits=admits)
    entries: Iterable[CatalogEntry] = matches.runnable
    running = {entry.id for entry in entries}
    wanting = [catalog.entries[agent] for agent in sorted(goal.require - running)]
    missing = [*goal.want, *(need for entry in wanting for need in needs_of(entry))]
    behind = [need for need in missing if need not in matches.met]
    more: dict[SchemaId, list[SchemaId]] = {}
    if behind or wanting or not all(running & agents for agents in able):
        # There is no plan. To tell what is missing, whoever would help counts as well.
        others = [e for e in eligible(catalog, goal, expect) if e.id not in running]
        more = upstream(catalog, others, behind, known=matches.satisfies)
        asked = goal.require.union(*able)
        helping = (e for e in others if e.definition.output in more or e.id in asked)
        entries = (*matches.runnable, *helping)
    drafts = [
        Draft(entry.id, fed(entry), needs_of(entry), (entry.definition.output,))
        for entry in entries
    ]
    satisfies: dict[TypeId, Iterable[TypeId]] = {
        schema: needs for part in (matches.satisfies, more) for schema, needs in part.items()
    }
    return matches, Layout(drafts, satisfies, goal.have)


def _staged(
    catalog: Catalog, goal: Goal, expect: Expect, able: Sequence[frozenset[AgentId]]
) -> tuple[Matches, Layout]:
    del able
    admits = partial(_may_take_part, goal, expect)
    first = () if goal.have else goal.steps[0].agents(catalog)
    starting = filter(admits, (catalog.entries[agent] for agent in first))
    given = [need for entry in starting for need in needs_of(entry)]
    matches = match(catalog, have=goal.have or given, want=goal.want, admits=admits)
    return matches, lay_out(catalog, goal, matches)


def _may_take_part(goal: Goal, expect: Expect, entry: CatalogEntry) -> bool:
    return barrier(goal, entry, expect) is None


def _ways(place: Place) -> tuple[bool, ...]:
    return (False, True) if place.step else (False,)


def _doing(term: CapabilityTerm) -> str:
    return f"\tdoes {term}"


def _claiming(
    catalog: Catalog,
    able: Mapping[CapabilityTerm, frozenset[AgentId]],
    agent: AgentId,
    expected: Expectation,
) -> Expectation:
    """Return *expected* with the best claim to what is asked for in any order in its merit."""
    score, definition = catalog.capabilities.score, catalog.definition(agent)
    claims = [score(definition, term.name) for term, agents in able.items() if agent in agents]
    return replace(expected, merit=expected.merit * max(claims)) if claims else expected


def _ranks(
    catalog: Catalog, goal: Goal, expected: Mapping[AgentId, Expectation]
) -> list[dict[AgentId, int]]:
    """Return for each step of the way the place of every agent: by its claim and merit, then id."""
    ranks: list[dict[AgentId, int]] = []
    for term in goal.steps:
        claim = partial(catalog.capabilities.score, name=term.name)
        lacking = {
            agent: loss(claim(catalog.definition(agent))) + loss(expected[agent].merit)
            for agent in term.agents(catalog)
            if agent in expected
        }
        order = sorted(lacking, key=lambda agent: (lacking[agent], agent))
        ranks.append({agent: rank for rank, agent in enumerate(order)})
    return ranks


def _reluctance(
    entry: CatalogEntry,
    place: Place,
    ranks: Sequence[Mapping[AgentId, int]],
    expected: Expectation,
) -> int:
    """Return what of plans alike decides: converters, then the way step by step, then merit.

    Each is a digit of one number, so that a lesser one never outweighs a greater one.
    """
    if place.step:
        left = min(len(ranks) - place.step, _STEPS_TOLD_APART)
        return ranks[place.step - 1][place.agent] << _BITS_OF_A_DIGIT * (1 + left)
    lacking = round(loss(expected.merit) * 1_000_000)
    if CONVERTER in entry.definition.tags:
        return lacking + (1 << _BITS_OF_A_DIGIT * (1 + min(len(ranks), 1 + _STEPS_TOLD_APART)))
    return lacking


def searched(measure: Measure) -> Objective:
    """Return what the search makes small for *measure*: what is lost adds up like a cost."""
    match measure:
        case "reliability" | "score":
            return "cost"
        case _:
            return measure


def price(measure: Measure, entry: CatalogEntry, expected: Expectation) -> float:
    """Return what one run of an agent adds to a *measure* that adds up."""
    match measure:
        case "reliability":
            return loss(expected.success)
        case "score":
            return loss(expected.score)
        case "cost":
            return entry.definition.cost
        case _:
            return 1.0
