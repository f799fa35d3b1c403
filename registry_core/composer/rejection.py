"""Why an agent that could have taken part in a plan did not.

Reasons come from the planner itself: what it could reach, what it compared, and the best plan
that it finds when it must use the agent. So no reason is a guess, and where the time
ended before one was proved, that is the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeAlias

from registry_core.composer.answer import Answer, answers
from registry_core.composer.eligibility import Barred, OverBudget, barrier, describe_barrier
from registry_core.composer.expectation import Expect, declared, loss
from registry_core.composer.front import Front
from registry_core.composer.limits import Within
from registry_core.composer.matching import asked_keys, given_keys
from registry_core.composer.question import CONVERTER, Question, ask
from registry_core.composer.search import begin
from registry_core.composer.solution import Unreachable
from registry_core.composer.versions import admits
from registry_core.definitions.schema import JsonValue
from registry_core.names import AgentId, CapabilityName, SchemaId
from registry_core.pipeline.pipeline import FromStage
from registry_core.pipeline.plan import Objective, is_chance, reached
from registry_core.schemas.verdict import Fits, Misfit, Undecided

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.goal import CapabilityTerm, Goal
    from registry_core.composer.problem import Problem
    from registry_core.pipeline.plan import Plan

__all__ = ["Decision", "Gap", "Outranked", "Outscored", "Reason", "Rejection"]
__all__ += ["Unconnected", "Undecidable", "describe", "rejected"]

_SECONDS_EACH = 0.25

Decision: TypeAlias = Literal["value", "against", "stages", "converters", "merit", "id"]


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
        decided: What decided: the value, then the second objective where there is one, the number
            of stages, of converters, what is known of the agents' merit, then the ids.
    """

    objective: Objective
    value: float
    more: float
    stages: int
    decided: Decision


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


Reason: TypeAlias = Barred | OverBudget | Unconnected | Outranked | Outscored | Undecidable


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


def rejected(
    catalog: Catalog, goal: Goal, plan: Plan, *, limit: int = 20, expect: Expect = declared
) -> tuple[Rejection, ...]:
    """Return who could have taken part in the best *plan* for *goal*, and why it does not.

    Whoever gives what the goal wants comes first, then who gives what one stage takes of
    another, then who claims a wanted capability; each part by id.

    Args:
        catalog: What the plan was found in.
        goal: What it was found for.
        plan: The best plan.
        limit: Most agents to tell of.
        expect: What is expected of agents, as it was when the plan was found.
    """
    parts = dict(islice(_candidates(catalog, goal, plan), limit))
    judge = _Judge(ask(catalog, goal, expect), plan)
    return tuple(Rejection(agent, part, judge.reason(agent)) for agent, part in parts.items())


def describe(reason: Reason) -> str:
    """Return *reason* in words.

    >>> describe(Outranked("stages", 3, 1, 3, "value"))
    'the best plan with it has stages 3, 1 more'
    """
    match reason:
        case Barred() | OverBudget():
            return describe_barrier(reason)
        case Unconnected(gaps):
            return "; ".join(map(_gap_text, gaps))
        case Outranked():
            return _rank_text(reason)
        case Outscored(capability, score, best):
            return f"claims {capability} with {score:g}, and {best:g} was chosen"
        case Undecidable(text):
            return text


def _rank_text(rank: Outranked) -> str:
    value = reached(rank.objective, rank.value)
    more = "less" if is_chance(rank.objective) else "more"
    best = f"the best plan with it has {rank.objective} {value}, {rank.more:.4g} {more}"
    tie = f"the best plan with it has the same {rank.objective}, {value}"
    match rank.decided:
        case "value":
            return best
        case "against":
            return f"{tie}, and more of the second objective"
        case "stages":
            return f"{tie}, in {rank.stages} stages"
        case "converters":
            return f"{tie}, with more converters"
        case "merit":
            return f"{tie}; its agents have done less well"
        case "id":
            return f"{tie}; ties go by id"


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
    needs = () if goal.steps else dict.fromkeys((*goal.want, *fed))
    names = dict.fromkeys(term.name for term in (*goal.steps, *goal.any_order))
    parts = [
        *((f"gives {need.name}", catalog.schemas.producers_of(need)) for need in needs),
        *((f"does {name}", catalog.capabilities.agents(name)) for name in names),
    ]
    for part, agents in parts:
        for agent in agents:
            if agent not in seen:
                seen.add(agent)
                yield agent, part


class _Judge:
    """Why agents are not in a plan; asks the planner's own question."""

    def __init__(self, question: Question, plan: Plan) -> None:
        self._question = question
        self._catalog = question.catalog
        self._goal = question.goal
        self._plan = plan
        outputs = (entry.definition.output for entry in question.matches.runnable)
        self._at_hand = dict.fromkeys((*question.goal.have, *outputs))
        best = self._best(question.problem) if question.goal.steps else None
        self._way = best.way if isinstance(best, Answer) else ()

    def reason(self, agent: AgentId) -> Reason:
        entry = self._catalog.entry(agent)
        barred = barrier(self._goal, entry, self._question.expect)
        if barred := barred or self._version(agent):
            return barred
        inputs = entry.definition.inputs
        met = self._question.matches.met
        if unmet := [item for item in inputs if item.required and item.schema not in met]:
            return Unconnected(
                tuple(_gap(self._catalog, i.name, i.schema, self._at_hand) for i in unmet)
            )
        if self._goal.against:
            best = self._weighed(agent)
        else:
            best = self._best(self._question.requiring(agent))
        if isinstance(best, Answer):
            return self._compared(best)
        gaps = tuple(self._gaps(agent))
        return Unconnected(gaps) if gaps else Undecidable(best)

    def _best(self, problem: Problem) -> Answer | str:
        """Return the best plan for a problem, or why there is none."""
        search = begin(
            problem,
            objective=self._question.objective,
            time_budget_seconds=_SECONDS_EACH,
        )
        if isinstance(search, Unreachable):
            return "no plan can use it"
        found = filter(Within(self._goal), answers(self._question, search.plans()))
        if best := next(found, None):
            return best
        if search.fewest:
            return f"a plan with it has at least {search.fewest} stages, too many"
        return "no plan with it keeps within the limits"

    def _weighed(self, agent: AgentId) -> Answer | str:
        """Return the best plan with the agent by both objectives, or why there is none."""
        goal = replace(self._goal, require=self._goal.require | {agent})
        front = Front(self._catalog, goal, self._question.expect, 2 * _SECONDS_EACH)
        best = next(front.plans(), None)
        return "no plan can use it" if best is None else Answer(best, self._way, best.value)

    def _version(self, agent: AgentId) -> Barred | None:
        """Return the versions that an agent is not of, where that is what bars it."""
        terms = [
            term
            for term in (*self._goal.steps, *self._goal.any_order)
            if agent in self._catalog.capabilities.agents(term.name)
        ]
        if not terms or any(admits(term.versions, agent.version) for term in terms):
            return None
        return Barred("version", terms[0].versions)

    def _compared(self, other: Answer) -> Reason:
        """Return what makes the plan better than the best one with the agent."""
        plan, best = self._plan, other.plan
        if not best.proved or best.value < plan.value:
            ends = (reached(best.objective, end) for end in (best.lower_bound, best.value))
            between = " and ".join(ends)
            return Undecidable(f"the best plan with it has {plan.objective} between {between}")
        stages = len(best.pipeline.stages)
        if best.value == plan.value and stages == len(plan.pipeline.stages):
            score = self._catalog.capabilities.score
            for term, ours, chosen in zip(self._goal.steps, other.way, self._way, strict=True):
                has = score(self._catalog.definition(ours), term.name)
                needed = score(self._catalog.definition(chosen), term.name)
                if has < needed:
                    return Outscored(term.name, has, needed)
            for term in self._goal.any_order:
                has, needed = self._claim(best, term), self._claim(plan, term)
                if has < needed:
                    return Outscored(term.name, has, needed)
        more = best.value - plan.value
        return Outranked(plan.objective, best.value, more, stages, self._decision(best))

    def _claim(self, plan: Plan, term: CapabilityTerm) -> float:
        """Return the best claim to a capability among the agents of a plan."""
        entries = (self._catalog.entry(stage.agent) for stage in plan.pipeline.stages)
        scores = (self._catalog.capabilities.score(e.definition, term.name) for e in entries)
        return max(scores, default=0.0)

    def _decision(self, best: Plan) -> Decision:
        plan = self._plan
        if best.value != plan.value:
            return "value"
        if best.against_value != plan.against_value:
            return "against"
        if len(best.pipeline.stages) != len(plan.pipeline.stages):
            return "stages"
        if self._converters(best) != self._converters(plan):
            return "converters"
        return "id" if self._merit(best) == self._merit(plan) else "merit"

    def _converters(self, plan: Plan) -> int:
        entries = (self._catalog.entry(stage.agent) for stage in plan.pipeline.stages)
        return sum(CONVERTER in entry.definition.tags for entry in entries)

    def _merit(self, plan: Plan) -> float:
        entries = (self._catalog.entry(stage.agent) for stage in plan.pipeline.stages)
        return sum(loss(self._question.expect(entry).merit) for entry in entries)

    def _gaps(self, agent: AgentId) -> Iterator[Gap]:
        """Yield what does not meet, were *agent* put in the place of who was chosen."""
        stages = {AgentId(stage.agent): stage.id for stage in self._plan.pipeline.stages}
        definition = self._catalog.definition(agent)
        for term, chosen in zip(self._goal.steps, self._way, strict=False):
            if agent not in term.agents(self._catalog) or chosen not in stages:
                continue
            earlier = list(stages)[: list(stages).index(chosen)]
            given = [*self._plan.have, *(self._catalog.definition(a).output for a in earlier)]
            for item in definition.inputs:
                if item.required and not _met(self._catalog, item.schema, given):
                    yield _gap(self._catalog, item.name, item.schema, given)
            source = FromStage(stages[chosen])
            takes = dict.fromkeys(e.takes for e in self._plan.edges if e.source == source)
            if not any(_met(self._catalog, need, [definition.output]) for need in takes):
                yield from (_gap(self._catalog, "", need, [definition.output]) for need in takes)


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
    names = catalog.called(closest, need) if closest.name == need.name else None
    match catalog.fits(closest, need):
        case Misfit(pointer, reason, witness):
            return Gap(name, need, closest, pointer, reason, witness, called=names)
        case Undecided(pointer=pointer, reason=reason):
            unknown = f"not decided ({reason})"
            return Gap(name, need, closest, pointer, unknown, decided=False, called=names)
        case Fits():
            return Gap(name, need)
