"""What the composer found: plans, each with the reasons for every edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from registry_core.names import SchemaId
from registry_core.pipeline.pipeline import FromStage, Pipeline, Source
from registry_core.pipeline.policy import STRICT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Edge", "Limits", "Objective", "Plan", "PlanSearch", "is_chance", "reached"]

Objective: TypeAlias = Literal["stages", "depth", "latency", "cost", "reliability", "score"]


def is_chance(objective: Objective) -> bool:
    """Return whether *objective* is better the nearer it is to 1, so that what is missing counts.

    >>> is_chance("reliability"), is_chance("cost")
    (True, False)
    """
    return objective in {"reliability", "score"}


def reached(objective: Objective, value: float) -> str:
    """Return what a plan of this *value* reaches, as a person reads it.

    >>> reached("reliability", 0.02), reached("cost", 3.0)
    ('0.98', '3')
    """
    return f"{1 - value:.4g}" if is_chance(objective) else f"{value:g}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan may not need more of; None for any amount.

    Attributes:
        stages: How many stages it has.
        cost: Sum of the agents' declared costs.
        memory_mib: Memory that stages which may run at once need together.
        latency_seconds: Time that a run is expected to take.
    """

    __pydantic_config__ = STRICT

    stages: int | None = None
    cost: float | None = None
    memory_mib: int | None = None
    latency_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """One value on its way, and why it fits where it goes.

    Attributes:
        stage: The stage that takes it; empty for the goal itself.
        input: Name of the input that takes it; the wanted schema's name for the goal.
        source: Where it comes from.
        gives: Schema it is given as.
        takes: Schema it is taken as.
        why: Why every value of the one is a value of the other.
    """

    __pydantic_config__ = STRICT

    stage: str
    input: str
    source: Source
    gives: SchemaId
    takes: SchemaId
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A pipeline that leads from what is had to what is wanted.

    Attributes:
        pipeline: What to run.
        have: Schemas that are given.
        want: Schemas that come out.
        edges: Every value that flows, in running order, the wanted ones last.
        objective: What was made as small as possible.
        value: How small it got: a count, layers, seconds, a cost, or what is missing to a chance
            or a score of 1.
        lower_bound: Proved: no plan has a smaller value.
        proved: Whether this is proved to be the best, or the next best, plan.
        depth: Stages that must run one after the other.
        cost: Sum of the agents' declared costs.
        latency_seconds: Time that a run is expected to take.
        memory_mib: Most memory that stages which may run at once need together.
        success: Chance that every stage succeeds at its first attempt, from 0 to 1.
        score: Product of the agents' scores, from 0 to 1.
        against: The second objective where there were two, or None.
        against_value: How small that got, with the first one no larger.
    """

    __pydantic_config__ = STRICT

    pipeline: Pipeline
    have: tuple[SchemaId, ...]
    want: tuple[SchemaId, ...]
    edges: tuple[Edge, ...]
    objective: Objective
    value: float
    lower_bound: float
    proved: bool
    depth: int
    cost: float
    latency_seconds: float = 0.0
    memory_mib: int = 0
    success: float = 1.0
    score: float = 1.0
    against: Objective | None = None
    against_value: float = 0.0

    @property
    def proof(self) -> str:
        """Whether this is proved to be the best plan, else what a better one could reach."""
        if self.proved:
            return "proved"
        bound = reached(self.objective, self.lower_bound)
        return f"not proved, at {'most' if is_chance(self.objective) else 'least'} {bound}"

    def explain(self) -> str:
        """Return the plan as text: each stage, where its inputs come from, and why they fit."""
        count = len(self.pipeline.stages)
        best = f"{self.objective} {reached(self.objective, self.value)}"
        if self.objective == "stages":
            best = "fewest stages"
        ends = f"{_names(self.have)} -> {_names(self.want)}"
        shape = f"{count} stage{'s' * (count != 1)}, {self.depth} deep"
        lines = [f"{ends}: {shape}, {best} {self.proof}"]
        if self.against is not None:
            other = f"{self.against} {reached(self.against, self.against_value)}"
            lines.append(f"  and of {other}; no plan is better in both")
        if not {self.objective, self.against} <= {"stages", "depth", None}:
            lines.append(f"  expected: {', '.join(self._expected())}")
        for number, stage in enumerate(self.pipeline.stages, start=1):
            lines.append(f"{number:3}. {stage.agent}")
            lines.extend(f"       {_line(edge)}" for edge in self.edges if edge.stage == stage.id)
        lines.append("  => result")
        lines.extend(f"       {_line(edge)}" for edge in self.edges if not edge.stage)
        return "\n".join(lines)

    def _expected(self) -> Iterator[str]:
        """Yield what a run takes, by what agents declare and what was measured of them."""
        yield f"{self.latency_seconds:.3g} s"
        yield f"cost {self.cost:g}"
        if self.memory_mib:
            yield f"{self.memory_mib} MiB"
        yield f"{self.success:.1%} without a failure"

    def to_json(self) -> str:
        """Return the plan as JSON text."""
        from registry_core.pipeline.documents import dump

        return dump(Plan, self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Plan:
        """Return the plan that :meth:`to_json` wrote.

        Raises:
            PipelineError: If *text* is not a plan; all faults at once.
        """
        from registry_core.pipeline.documents import load

        return load(Plan, text)


@dataclass(frozen=True, slots=True)
class PlanSearch:
    """The best plans for one goal, best first.

    Attributes:
        plans: At least one.
        complete: Whether these are all the plans there are.
    """

    plans: tuple[Plan, ...]
    complete: bool

    @property
    def best(self) -> Plan:
        """The first plan."""
        return self.plans[0]


def _names(schemas: tuple[SchemaId, ...]) -> str:
    return " + ".join(schema.name for schema in schemas) or "nothing"


def _line(edge: Edge) -> str:
    origin = edge.source.stage if isinstance(edge.source, FromStage) else "given"
    return f"{edge.input} <- {edge.gives.name} ({origin}): {edge.why}"
