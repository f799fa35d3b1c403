"""How a goal is written down: the arguments of ``Registry.plan`` and ``Registry.plans``."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, TypedDict

from registry_core.composer.goal import CapabilityTerm, Goal, knowing
from registry_core.composer.versions import admits, owners
from registry_core.errors import AmbiguousNameError, NoPlanError, UnknownNameError
from registry_core.pipeline.plan import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Unpack

    from registry_core.catalog.catalog import Catalog
    from registry_core.names import AgentId
    from registry_core.pipeline.plan import Objective

__all__ = ["GoalTerms", "goal_of"]


class GoalTerms(TypedDict, total=False):
    """What can be asked of a plan.

    Agents and capabilities may carry a specifier for the agent's version, as in
    ``text-agents/summarise>=1.2,<2``.

    Attributes:
        have: Schemas of the values at hand: names, ids or Python types; each counts once.
        want: Schemas of the values that must come out.
        capabilities: Capabilities to pass through in this order: a stage for each, and others
            between them where they are needed.
        any_order: Capabilities that some stage must have, wherever it stands.
        first: Capability of the stage where the way through the capabilities begins.
        last: Capability of the stage where it ends.
        exclude: Agents that must not be used.
        require: Agents that must be used.
        max_stages: Most stages.
        max_cost: Most that the declared costs may add up to.
        max_memory_mib: Most memory that what may run at once may need, in MiB.
        max_latency_seconds: Longest time that a run is expected to take.
        objective: What to make as small as possible: ``stages``, ``depth``, ``latency``,
            ``cost``, ``reliability`` (the chance that a stage fails) or ``score`` (what the stages
            lack of a perfect score). Of two, the plans that are not worse in both than another.
    """

    have: Iterable[object]
    want: Iterable[object]
    capabilities: Iterable[str]
    any_order: Iterable[str]
    first: str | None
    last: str | None
    exclude: Iterable[str]
    require: Iterable[str]
    max_stages: int | None
    max_cost: float | None
    max_memory_mib: int | None
    max_latency_seconds: float | None
    objective: Objective | tuple[Objective, Objective]


def goal_of(catalog: Catalog, **terms: Unpack[GoalTerms]) -> tuple[Catalog, Goal]:
    """Return a catalog that knows what is asked for, and the goal.

    Raises:
        NameLookupError: If a name of an agent or a schema leads to nothing, or to several.
        InvalidNameError: If a capability could not be the name of one, or a version specifier is
            none.
        NoPlanError: If a limit is no number, or two terms contradict each other.
    """
    catalog, have = knowing(catalog, terms.get("have", ()))
    catalog, want = knowing(catalog, terms.get("want", ()))
    first, last = terms.get("first"), terms.get("last")
    objective = terms.get("objective", "stages")
    one, other = objective if isinstance(objective, tuple) else (objective, None)
    goal = Goal(
        have=have,
        want=want,
        capabilities=tuple(map(CapabilityTerm.parse, terms.get("capabilities", ()))),
        any_order=tuple(map(CapabilityTerm.parse, terms.get("any_order", ()))),
        first=CapabilityTerm.parse(first) if first else None,
        last=CapabilityTerm.parse(last) if last else None,
        exclude=_excluded(catalog, terms.get("exclude", ())),
        require=frozenset([_required(catalog, text) for text in terms.get("require", ())]),
        limits=Limits(
            stages=terms.get("max_stages"),
            cost=terms.get("max_cost"),
            memory_mib=terms.get("max_memory_mib"),
            latency_seconds=terms.get("max_latency_seconds"),
        ),
        objective=one,
        against=other,
    )
    if reason := _contradiction(goal):
        names = [*map(str, goal.steps), *(schema.name for schema in goal.want)]
        raise NoPlanError(have=[schema.name for schema in have], want=names, reason=reason)
    return catalog, goal


def _excluded(catalog: Catalog, names: Iterable[str]) -> frozenset[AgentId]:
    return frozenset(agent for text in names for agent in _meeting(*owners(catalog, text)))


def _required(catalog: Catalog, text: str) -> AgentId:
    agents, specifier = owners(catalog, text)
    meeting = _meeting(agents, specifier)
    if not meeting:
        raise UnknownNameError("agent", text, agents)
    agent, *others = meeting
    if others:
        raise AmbiguousNameError("agent", text, meeting)
    return agent


def _meeting(agents: Iterable[AgentId], specifier: str) -> tuple[AgentId, ...]:
    return tuple(agent for agent in agents if admits(specifier, agent.version))


def _contradiction(goal: Goal) -> str:
    """Return why no plan could ever meet *goal*, or nothing."""
    limits = goal.limits
    numbers = (limits.stages, limits.cost, limits.memory_mib, limits.latency_seconds)
    if any(number is not None and not (isfinite(number) and number >= 0) for number in numbers):
        return "a limit must be a number, 0 or more"
    pair = {goal.objective, goal.against}
    if len(pair) == 1:
        return f"the two objectives are the same: {goal.objective}"
    if pair == {"depth", "latency"}:
        return "depth and latency are both time: weigh one of them against something else"
    if "depth" in pair and limits.latency_seconds is not None:
        return "with a longest time in seconds, time cannot be counted in layers: ask for latency"
    return ""
