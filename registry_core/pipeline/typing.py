"""What a type checker knows of a pipeline: what it takes, what it gives, what may come next.

Only checkers read this; nothing here decides anything at run time. Classes are told apart by
name, as Python does, where binding compares what their values look like: who chains two
classes of one form names the agent as text, or says where its inputs come from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeAlias, TypedDict, TypeVar

if TYPE_CHECKING:
    from typing import Any, Never  # noqa: TID251 -- what a named agent gives is not known to a checker

    from typing_extensions import TypeVar as OpenTypeVar

    from registry_core.definitions.schema import JsonObject
    from registry_core.pipeline.policy import Policy

    # Where it is not known what a pipeline takes, no value may be trusted to be that.
    InT_contra = OpenTypeVar("InT_contra", contravariant=True, default=Never)
    OutT_co = OpenTypeVar("OutT_co", covariant=True, default=Any)
    Unknown: TypeAlias = Any
    """Fits everything: an agent that is only named is checked when the pipeline is bound."""
else:
    InT_contra = TypeVar("InT_contra", contravariant=True)
    OutT_co = TypeVar("OutT_co", covariant=True)
    Unknown = object

__all__ = ["Code", "FirstT", "GivenT", "InT_contra", "MoreP", "OutT_co", "StageOptions"]
__all__ += ["Start", "TakenT", "Unknown", "Worker"]

FirstT = TypeVar("FirstT")
TakenT = TypeVar("TakenT")
GivenT = TypeVar("GivenT")
WorkT = TypeVar("WorkT", bound=Callable[..., object])
WorkT_co = TypeVar("WorkT_co", bound=Callable[..., object], covariant=True)
MoreP = ParamSpec("MoreP")


class Start:
    """What a pipeline without stages takes and gives: its first stage decides."""


class Worker(Protocol[WorkT_co]):
    """An instance of a class that is an agent."""

    @property
    def process(self) -> WorkT_co:
        """The agent itself."""
        ...


Code: TypeAlias = type[Worker[WorkT]] | WorkT
"""A function, or a class whose ``process`` is one."""


class StageOptions(TypedDict, total=False):
    """What can be said of a stage beside its agent; see ``Pipeline.stage``."""

    id: str
    policy: Policy | None
    config: JsonObject | None
