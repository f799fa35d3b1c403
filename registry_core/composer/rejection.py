"""Why an agent that could have taken part in a plan did not.

Reasons come from the planner itself: what it could reach, what it compared, and the best plan
that it finds when it must use the agent. So no reason is a guess, and where the time
ended before one was proved, that is the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeAlias

from registry_core.catalog.versions import called
from registry_core.composer.chaining import find_chains
from registry_core.composer.planning import index_for
from registry_core.composer.problem import Problem
from registry_core.composer.search import solve
from registry_core.composer.shortfall import asked_keys, given_keys
from registry_core.composer.solution import Exceeded, Found
from registry_core.definitions.schema import JsonValue
from registry_core.errors import NoPlanError
from registry_core.names import AgentId, CapabilityName, SchemaId
from registry_core.pipeline.pipeline import FromStage
from registry_core.pipeline.plan import Objective
from registry_core.schemas.verdict import Fits, Misfit, Undecided

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.goal import Goal
    from registry_core.pipeline.plan import Plan

__all__ = ["Barred", "Gap", "Outranked", "Outscored", "Reason", "Rejection", "Unconnected"]
__all__ += ["Undecidable", "describe", "rejected"]

_SECONDS_EACH = 0.25


@dataclass(frozen=True, slots=True)
class Gap:
    """One place where nothing fits.

    Attributes:
        input: The input that is not fed; empty where the agent's own output does not fit.
        takes: The schema that is asked for.
        gives: The schema that comes closest, or None where nothing is alike.
        pointer: JSON pointer to the part of *witness* that is refused.
        reason: What is asked for there, or why it could not be decided; empty without *gives*.
        witness: A value of *gives* that is refused; None where there is none, or for ``null``.
        decided: Whether *gives* was proved not to fit; False where nobody knows.
        called: What to call *gives* and *takes* where both have one name: with their versions.
    """

    input: str
    takes: SchemaId
    gives: SchemaId | None = None
    pointer: str = ""
    reason: str = ""
    witness: JsonValue = None
    decided: bool = True
    called: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Barred:
    """A decision of the caller or the settings keeps it out."""

    by: Literal["exclude", "contested"]


@dataclass(frozen=True, slots=True)
class Unconnected:
    """Nothing that can be reached feeds it, or what it gives leads nowhere."""

    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Outranked:
    """The best plan with it comes after the plan.

    Attributes:
        objective: What was made as small as possible.
        value: What the best plan with it has; equal to the plan's where a tie decided.
        more: How much more that is than the plan's.
        stages: Stages of the best plan with it.
        decided: What decided: the value, then the number of stages, then the ids.
    """

    objective: Objective
    value: float
    more: float
    stages: int
    decided: Literal["value", "stages", "id"]


@dataclass(frozen=True, slots=True)
class Outscored:
    """Another agent claims the capability with a higher score."""

    capability: CapabilityName
    score: float
    best: float


@dataclass(frozen=True, slots=True)
class Undecidable:
    """There is no plan with it within the limits of the goal and of time."""

    reason: str


Reason: TypeAlias = Barred | Unconnected | Outranked | Outscored | Undecidable


@dataclass(frozen=True, slots=True)
class Rejection:
    """An agent that did not get its part.

    Attributes:
        agent: Who.
        part: What it would have done.
        reason: Why it does not do it.
    """

    agent: AgentId
    part: str
    reason: Reason

    def __str__(self) -> str:
        """As a line of an explanation."""
        return f"{self.agent} {self.part}: {describe(self.reason)}"


def rejected(catalog: Catalog, goal: Goal, plan: Plan, *, limit: int = 20) -> tuple[Rejection, ...]:
    """Return who could have taken part in the best *plan* for *goal*, and why it does not.

    Whoever gives what the goal wants comes first, then who gives what one stage takes of
    another, then who claims a wanted capability; each part by id.

    Args:
        catalog: What the plan was found in.
        goal: What it was found for.
        plan: The best plan.
        limit: Most agents to tell of.
    """
    parts = dict(islice(_candidates(catalog, goal, plan), limit))
    judge = _ChainJudge if goal.capabilities else _PlanJudge
    reason = judge(catalog, goal, plan).reason
    return tuple(
        Rejection(agent, part, _barred(catalog, goal, agent) or reason(agent))
        for agent, part in parts.items()
    )


def describe(reason: Reason) -> str:
    """Return *reason* in words.

    >>> describe(Outranked("stages", 3, 1, 3, "value"))
    'the best plan with it has stages 3, 1 more'
    """
    match reason:
        case Barred(by):
            contested = "shares its plugin's name: require it by its id"
            return "excluded" if by == "exclude" else contested
        case Unconnected(gaps):
            return "; ".join(map(_gap_text, gaps))
        case Outranked():
            return _rank_text(reason)
        case Outscored(capability, score, best):
            return f"claims {capability} with {score:g}, and {best:g} was chosen"
        case Undecidable(text):
            return text


def _rank_text(rank: Outranked) -> str:
    if rank.decided == "value":
        return f"the best plan with it has {rank.objective} {rank.value:g}, {rank.more:g} more"
    tie = f"the best plan with it has the same {rank.objective}, {rank.value:g}"
    return f"{tie}; ties go by id" if rank.decided == "id" else f"{tie}, in {rank.stages} stages"


def _gap_text(gap: Gap) -> str:
    target = f"its input {gap.input!r}" if gap.input else "what comes next"
    if gap.gives is None:
        return f"nothing that can be reached is like {gap.takes.name}, for {target}"
    where = f" at {gap.pointer}" if gap.pointer else ""
    verb = "is" if gap.decided else "may be"
    gives, takes = gap.called or (gap.gives.name, gap.takes.name)
    return f"{gives} {verb} no {takes}, for {target}: {gap.reason}{where}"


def _candidates(catalog: Catalog, goal: Goal, plan: Plan) -> Iterator[tuple[AgentId, str]]:
    """Yield each agent that could have a part with that part, the first one that it could have."""
    seen = {AgentId(stage.agent) for stage in plan.pipeline.stages}
    fed = (e.takes for e in plan.edges if e.stage and isinstance(e.source, FromStage))
    needs = () if goal.capabilities else dict.fromkeys((*goal.want, *fed))
    parts = [
        *((f"gives {need.name}", catalog.schemas.producers_of(need)) for need in needs),
        *((f"does {name}", catalog.capabilities.agents(name)) for name in goal.capabilities),
    ]
    for part, agents in parts:
        for agent in agents:
            if agent not in seen:
                seen.add(agent)
                yield agent, part


def _barred(catalog: Catalog, goal: Goal, agent: AgentId) -> Barred | None:
    if agent in goal.exclude:
        return Barred("exclude")
    if catalog.entry(agent).contested and agent not in goal.require:
        return Barred("contested")
    return None


class _PlanJudge:
    """Why agents are not in a plan from schemas to schemas; asks the planner's own index."""

    def __init__(self, catalog: Catalog, goal: Goal, plan: Plan) -> None:
        self._catalog = catalog
        self._plan = plan
        self._problem = Problem(
            index=index_for(catalog, goal),
            have=goal.have,
            want=goal.want,
            required=frozenset(goal.require),
            max_operations=goal.max_stages,
        )
        self._reach = self._problem.index.reach(goal.have)
        outputs = (catalog.definition(agent).output for agent in self._reach.operations)
        self._at_hand = dict.fromkeys((*goal.have, *outputs))

    def reason(self, agent: AgentId) -> Reason:
        inputs = self._catalog.definition(agent).inputs
        unmet = [i for i in inputs if i.required and i.schema not in self._reach.needs]
        if unmet:
            gaps = (_gap(self._catalog, i.name, i.schema, self._at_hand) for i in unmet)
            return Unconnected(tuple(gaps))
        result = solve(
            replace(self._problem, required=self._problem.required | {agent}),
            objective=self._plan.objective,
            time_budget_seconds=_SECONDS_EACH,
        )
        match result:
            case Found(solutions=(first, *_)):
                if first.proved and first.value >= self._plan.value:
                    return _outranked(self._plan, first.value, len(first.operations))
                best = f"from {first.lower_bound:g} to {first.value:g}"
                return Undecidable(f"the best plan with it has {self._plan.objective} {best}")
            case Exceeded(lower_bound=bound):
                return Undecidable(f"a plan with it has at least {bound} stages, too many")
            case _:
                return Undecidable("no plan can use it")


def _outranked(plan: Plan, value: float, stages: int) -> Outranked:
    decided: Literal["value", "stages", "id"] = "id"
    if value != plan.value:
        decided = "value"
    elif stages != len(plan.pipeline.stages):
        decided = "stages"
    return Outranked(plan.objective, value, value - plan.value, stages, decided)


class _ChainJudge:
    """Why agents are not in a plan through capabilities."""

    def __init__(self, catalog: Catalog, goal: Goal, plan: Plan) -> None:
        self._catalog = catalog
        self._goal = goal
        self._plan = plan
        self._chain = [AgentId(stage.agent) for stage in plan.pipeline.stages]

    def reason(self, agent: AgentId) -> Reason:
        try:
            plan = find_chains(
                self._catalog, replace(self._goal, require=self._goal.require | {agent})
            ).best
        except NoPlanError as error:
            gaps = tuple(self._gaps(agent))
            return Unconnected(gaps) if gaps else Undecidable(error.reason)
        if self._goal.objective == "cost" and plan.cost != self._plan.cost:
            return _outranked(self._plan, plan.value, len(plan.pipeline.stages))
        score = self._catalog.capabilities.score
        for name, chosen, stage in zip(
            self._goal.capabilities, self._chain, plan.pipeline.stages, strict=True
        ):
            ours = score(self._catalog.definition(stage.agent), name)
            best = score(self._catalog.definition(chosen), name)
            if ours != best:
                return Outscored(name, ours, best)
        return _outranked(self._plan, plan.value, len(plan.pipeline.stages))

    def _gaps(self, agent: AgentId) -> Iterator[Gap]:
        """Yield what does not meet, were *agent* put in the place of who was chosen."""
        definition = self._catalog.definition(agent)
        for place, name in enumerate(self._goal.capabilities):
            if agent not in self._catalog.capabilities.agents(name):
                continue
            given = [*self._plan.have, *map(self._output, self._chain[:place])]
            for item in definition.inputs:
                if item.required and not _met(self._catalog, item.schema, given):
                    yield _gap(self._catalog, item.name, item.schema, given)
            takes = self._goal.want
            if place + 1 < len(self._chain):
                follower = self._catalog.definition(self._chain[place + 1]).inputs
                takes = tuple(item.schema for item in follower)
            if not any(_met(self._catalog, need, [definition.output]) for need in takes):
                yield from (_gap(self._catalog, "", need, [definition.output]) for need in takes)

    def _output(self, agent: AgentId) -> SchemaId:
        return self._catalog.definition(agent).output


def _met(catalog: Catalog, need: SchemaId, given: Iterable[SchemaId]) -> bool:
    return any(isinstance(catalog.fits(schema, need), Fits) for schema in given)


def _gap(catalog: Catalog, name: str, need: SchemaId, given: Collection[SchemaId]) -> Gap:
    """Return why *need* is not met, by what comes closest of what is *given*."""
    asked = asked_keys(catalog, need)
    keys = {schema: given_keys(catalog, schema) for schema in given}
    alike = [s for s in keys if s.name == need.name or keys[s] & asked or len(keys) == 1]
    closest = min(alike, key=lambda s: (len(asked - keys[s]), s), default=None)
    if closest is None:
        return Gap(name, need)
    names = called(catalog.schemas, closest, need) if closest.name == need.name else None
    match catalog.fits(closest, need):
        case Misfit(pointer, reason, witness):
            return Gap(name, need, closest, pointer, reason, witness, called=names)
        case Undecided(pointer=pointer, reason=reason):
            unknown = f"not decided ({reason})"
            return Gap(name, need, closest, pointer, unknown, decided=False, called=names)
        case Fits():
            return Gap(name, need)
