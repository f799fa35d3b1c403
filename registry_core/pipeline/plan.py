"""What the composer found: plans, each with the reasons for every edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from registry_core.names import SchemaId
from registry_core.pipeline.pipeline import FromStage, Pipeline, Source
from registry_core.pipeline.policy import STRICT

__all__ = ["Edge", "Objective", "Plan", "PlanSearch"]

Objective: TypeAlias = Literal["stages", "depth", "latency", "cost"]


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
        value: How small it got: a count, layers, seconds or a cost.
        lower_bound: Proved: no plan has a smaller value.
        proved: Whether this is proved to be the best, or the next best, plan.
        depth: Stages that must run one after the other.
        cost: Sum of the agents' declared costs.
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

    def explain(self) -> str:
        """Return the plan as text: each stage, where its inputs come from, and why they fit."""
        count = len(self.pipeline.stages)
        proof = "proved" if self.proved else f"not proved, at least {self.lower_bound:g}"
        lines = [
            f"{_names(self.have)} -> {_names(self.want)}: {count} stage{'s' * (count != 1)}, "
            f"{self.depth} deep, fewest {self.objective} {proof}"
            if self.objective == "stages"
            else f"{_names(self.have)} -> {_names(self.want)}: {count} stages, {self.depth} deep, "
            f"{self.objective} {self.value:g} {proof}"
        ]
        for number, stage in enumerate(self.pipeline.stages, start=1):
            lines.append(f"{number:3}. {stage.agent}")
            lines.extend(f"       {_line(edge)}" for edge in self.edges if edge.stage == stage.id)
        lines.append("  => result")
        lines.extend(f"       {_line(edge)}" for edge in self.edges if not edge.stage)
        return "\n".join(lines)

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
