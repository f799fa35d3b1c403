"""What a middleware is: an onion layer around a run, a stage or an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from registry_core.names import AgentId, AgentName

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from registry_core.definitions.agent import AgentDefinition

__all__ = ["Call", "MiddlewareDefinition", "MiddlewareFunction", "Proceed", "RunCall", "Scope"]
__all__ += ["Values"]

Values: TypeAlias = "Mapping[str, object]"
"""Values by the name of the input they belong to."""
Scope: TypeAlias = Literal["run", "stage", "attempt"]


class Call(Protocol):
    """What a middleware sees of the call it is wrapped around."""

    @property
    def run_id(self) -> str:
        """The run."""
        ...

    @property
    def stage_id(self) -> str:
        """The stage."""
        ...

    @property
    def agent(self) -> AgentId:
        """The agent that is called."""
        ...

    @property
    def definition(self) -> AgentDefinition:
        """What the agent declares."""
        ...

    @property
    def attempt(self) -> int:
        """Number of the attempt, from 1; 0 at stage scope."""
        ...

    @property
    def inputs(self) -> Values:
        """The values the agent is called with, by input name."""
        ...

    def dump_inputs(self) -> bytes:
        """Return inputs and configuration as canonical JSON: equal calls, equal bytes."""
        ...

    def dump_output(self, value: object) -> bytes:
        """Return an output of the agent as JSON."""
        ...

    def load_output(self, data: bytes) -> object:
        """Return the output that *data* holds, validated."""
        ...


class RunCall(Protocol):
    """What a middleware of the scope ``run`` sees of the run it is wrapped around."""

    @property
    def run_id(self) -> str:
        """The run."""
        ...

    @property
    def pipeline(self) -> str:
        """Name of the pipeline."""
        ...

    @property
    def inputs(self) -> Values:
        """The caller's values, by name of the pipeline's inputs."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the caller attached to the run."""
        ...


Proceed: TypeAlias = "Callable[[], Awaitable[object]]"
MiddlewareFunction: TypeAlias = (
    "Callable[[Call, Proceed], Awaitable[object]] | Callable[[RunCall, Proceed], Awaitable[object]]"
)


@dataclass(frozen=True, slots=True)
class MiddlewareDefinition:
    """Everything that can be known of a middleware without importing it.

    Attributes:
        name: Short name, unique within its distribution.
        target: Where its code is, as ``module:qualified.name``.
        scope: ``run`` wraps all stages, ``stage`` all attempts of one, ``attempt`` each of them.
        order: Lower is further out, where nothing else decides; ties go by name.
        guard: Whether its failure stops the run even where a stage's policy would go on.
        summary: First line of its documentation.
        before: Middleware of the same scope that it is further out than, as
            ``distribution/name``.
        after: Middleware of the same scope that it is further in than.
    """

    name: AgentName
    target: str
    scope: Scope = "stage"
    order: int = 0
    guard: bool = False
    summary: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
