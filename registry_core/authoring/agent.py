"""Turn typed functions and classes into agents.

The decorators leave what they decorate as it was: it can still be called, tested and
type-checked like any other function or class. They only attach what the author said;
:func:`registry_core.authoring.declaration.declare` reads the signature later.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypeVar, overload

from registry_core.definitions.agent import Example
from registry_core.definitions.collector import CollectorDefinition
from registry_core.definitions.middleware import MiddlewareDefinition, Scope
from registry_core.definitions.resources import Resources
from registry_core.errors import DefinitionError, Fault
from registry_core.names import AgentName
from registry_core.schemas.marks import SCHEMA_MARK

if TYPE_CHECKING:
    from registry_core.definitions.middleware import Call, Proceed, RunCall
    from registry_core.results.events import Observer

    Layer: TypeAlias = (
        Callable[[Call, Proceed], Awaitable[object]]
        | Callable[[RunCall, Proceed], Awaitable[object]]
    )

__all__ = [
    "AGENT_MARK",
    "COLLECTOR_MARK",
    "MIDDLEWARE_MARK",
    "AgentOptions",
    "agent",
    "collector",
    "middleware",
    "schema",
]

AGENT_MARK = "__registry_agent__"
MIDDLEWARE_MARK = "__registry_middleware__"
COLLECTOR_MARK = "__registry_collector__"

AgentT = TypeVar("AgentT", bound=Callable[..., object])
MiddlewareT = TypeVar("MiddlewareT", bound="Layer")
CollectorT = TypeVar("CollectorT", bound="Callable[[], Observer]")
ClassT = TypeVar("ClassT", bound=type)


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What the author of an agent said beside its signature; see :func:`agent`."""

    name: str = ""
    version: str = ""
    summary: str = ""
    capabilities: Mapping[str, float] = field(default_factory=dict[str, float])
    tags: tuple[str, ...] = ()
    cost: float = 1.0
    resources: Resources = field(default_factory=Resources)
    timeout_seconds: float | None = None
    idempotent: bool = False
    mutates: bool = True
    examples: tuple[Example, ...] = ()


@overload
def agent(target: AgentT, /) -> AgentT: ...
@overload
def agent(
    *,
    name: str = "",
    version: str = "",
    summary: str = "",
    capabilities: Mapping[str, float] | Iterable[str] = (),
    tags: Iterable[str] = (),
    cost: float = 1.0,
    resources: Resources | None = None,
    timeout_seconds: float | None = None,
    idempotent: bool = False,
    mutates: bool = True,
    examples: Sequence[Example] = (),
) -> Callable[[AgentT], AgentT]: ...
def agent(  # noqa: PLR0913 -- one keyword for each thing an author may say
    target: AgentT | None = None,
    /,
    *,
    name: str = "",
    version: str = "",
    summary: str = "",
    capabilities: Mapping[str, float] | Iterable[str] = (),
    tags: Iterable[str] = (),
    cost: float = 1.0,
    resources: Resources | None = None,
    timeout_seconds: float | None = None,
    idempotent: bool = False,
    mutates: bool = True,
    examples: Sequence[Example] = (),
) -> AgentT | Callable[[AgentT], AgentT]:
    """Return the function or class unchanged, marked as an agent.

    A function is the agent itself; a class is made once a run and its ``process`` method is
    the agent, between ``open`` and ``aclose`` where it has them. Either may be async or not:
    what is not async runs in a thread. Parameters are the named inputs, the return annotation
    is the output. A parameter ``context`` receives the run's facts and ``config`` (of
    ``__init__``, for a class) the validated configuration.

    Args:
        target: What is decorated, when no option is given.
        name: Short name; the function's name, or the class's in snake case, unless given.
        version: Version of the agent; the distribution's unless given.
        summary: One line; the docstring's first line unless given.
        capabilities: Names, or names with a score from 0 to 1; one name may stand alone.
        tags: Free words for searching; one may stand alone.
        cost: Relative cost of one call, at least 0.
        resources: What one running attempt needs.
        timeout_seconds: Longest attempt.
        idempotent: Say True when calling twice does no harm and gives the same result; only
            then is the agent retried and cached by default.
        mutates: Say False when it leaves its inputs alone; that saves a copy per attempt.
        examples: Inputs with the output they give.

    Raises:
        DefinitionError: If what is decorated is neither a function nor a class.

    >>> @agent(capabilities=["content_analysis"], idempotent=True)
    ... def count_words(text: str) -> int:
    ...     return len(text.split())
    >>> count_words("one two")
    2
    """
    options = AgentOptions(
        name=name,
        version=version,
        summary=summary,
        capabilities=_scores(capabilities),
        tags=_words(tags),
        cost=cost,
        resources=resources or Resources(),
        timeout_seconds=timeout_seconds,
        idempotent=idempotent,
        mutates=mutates,
        examples=tuple(examples),
    )

    def mark(decorated: AgentT) -> AgentT:
        _attach(decorated, AGENT_MARK, options)
        return decorated

    return mark if target is None else mark(target)


def middleware(
    *,
    name: str = "",
    scope: Scope = "stage",
    order: int = 0,
    guard: bool = False,
    before: Iterable[str] = (),
    after: Iterable[str] = (),
) -> Callable[[MiddlewareT], MiddlewareT]:
    """Return a decorator that marks an async ``(call, proceed)`` function as middleware.

    Args:
        name: Short name; the function's name unless given.
        scope: ``run`` wraps all stages and sees a :class:`~registry_core.definitions.middleware
            .RunCall`, ``stage`` wraps all attempts of a stage, ``attempt`` each one.
        order: Lower is further out, where neither *before* nor *after* decides.
        guard: Its failure stops the run even where a stage's policy would go on.
        before: Middleware to be further out than, as ``distribution/name``; one may stand
            alone.
        after: Middleware to be further in than.

    >>> @middleware(scope="attempt")
    ... async def timing(call: Call, proceed: Proceed) -> object:
    ...     return await proceed()
    """
    said = MiddlewareDefinition(
        name=AgentName(name),
        target="",  # read from the code, as a name and a summary are
        scope=scope,
        order=order,
        guard=guard,
        before=_words(before),
        after=_words(after),
    )

    def mark(decorated: MiddlewareT) -> MiddlewareT:
        _attach(decorated, MIDDLEWARE_MARK, said)
        return decorated

    return mark


def collector(*, name: str = "") -> Callable[[CollectorT], CollectorT]:
    """Return a decorator that marks what makes an observer for each run.

    A collector is a class or a function that is called without arguments when a run begins;
    what it gives is called with each event of that run, in order, in a thread of its own.

    Args:
        name: Short name; the function's name, or the class's in snake case, unless given.

    >>> @collector()
    ... class Counting:
    ...     def __call__(self, event: object) -> None: ...
    """
    said = CollectorDefinition(name=AgentName(name), target="")

    def mark(decorated: CollectorT) -> CollectorT:
        _attach(decorated, COLLECTOR_MARK, said)
        return decorated

    return mark


def schema(*, name: str = "", version: str = "1.0") -> Callable[[ClassT], ClassT]:
    """Return a decorator that gives a model's schema a name or a version of its own.

    Args:
        name: The schema's name; the class's unless given.
        version: Version of the schema.

    >>> @schema(version="1.1")
    ... class Note: ...
    """

    def mark(decorated: ClassT) -> ClassT:
        setattr(decorated, SCHEMA_MARK, (name or decorated.__name__, version))
        return decorated

    return mark


def _scores(given: Mapping[str, float] | Iterable[str]) -> dict[str, float]:
    if isinstance(given, Mapping):
        return {name: given[name] for name in given}
    return dict.fromkeys(_words(given), 1.0)


def _words(given: Iterable[str]) -> tuple[str, ...]:
    # A text is an iterable of texts too: its letters, which nobody means.
    return (given,) if isinstance(given, str) else tuple(given)


def _attach(decorated: object, mark: str, options: object) -> None:
    try:
        setattr(decorated, mark, options)
    except (AttributeError, TypeError):
        advice = "only a function or a class of your own can be decorated, and options are keywords"
        raise DefinitionError(type(decorated).__name__, [Fault("", advice)]) from None
