"""An agent's code, ready to be called: what it declares, its codecs, one instance of it.

A :class:`Blueprint` is what can be shared by all runs; a :class:`LoadedAgent` belongs to one
stage of one run, is opened and closed once, and is what the stage calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from registry_core.authoring.declaration import Declaration, declare
from registry_core.definitions.agent import AgentDefinition
from registry_core.errors import AgentLoadError, ConfigError, DefinitionError
from registry_core.names import AgentId
from registry_core.runtime.failures import carried, type_name
from registry_core.runtime.host import Host
from registry_core.runtime.settled import Raised
from registry_core.schemas.codec import Codec, codec_of

if TYPE_CHECKING:
    from registry_core.definitions.context import RunContext
    from registry_core.definitions.middleware import Values
    from registry_core.definitions.place import CodePlace
    from registry_core.definitions.schema import JsonObject
    from registry_core.runtime.threads import AgentThreads

    Configure: TypeAlias = Callable[[AgentId, JsonObject], JsonObject]
    Places: TypeAlias = Callable[[AgentId], CodePlace | None]

__all__ = ["AgentSource", "Blueprint", "Blueprints", "LoadedAgent", "bring_in"]


_SETTINGS = "see what is set: agentreg config get agents"


class AgentSource(Protocol):
    """Where the agents of a pipeline come from; an id means one thing as long as it lives."""

    def definition(self, agent: AgentId) -> AgentDefinition:
        """Return what everybody may know of *agent*; imports nothing."""
        ...

    def load(self, agent: AgentId) -> Callable[..., object]:
        """Return the decorated function or class; may import, is called in a thread.

        Raises:
            AgentLoadError: If its code cannot be brought in.
        """
        ...


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What an agent's code declares, with its codecs.

    Attributes:
        id: The agent.
        definition: What everybody may know of it.
        target: The decorated function or class.
        inputs: Codec of each input, by name.
        output: Codec of the output.
        config: Codec of the configuration, or None.
        configure: Gives what it is to be made with, from what a stage says.
        config_optional: Whether it can be made without one.
        wants_context: Whether it takes a ``context``.
        is_async: Whether calling it gives an awaitable at once.
    """

    id: AgentId
    definition: AgentDefinition
    target: Callable[..., object]
    inputs: Mapping[str, Codec]
    output: Codec
    config: Codec | None
    configure: Configure
    config_optional: bool
    wants_context: bool
    is_async: bool

    def settings(self, config: JsonObject) -> Values:
        """Return the ``config`` argument that a stage's *config* stands for, made afresh.

        Raises:
            AgentLoadError: If it is none, or the agent takes none.
        """
        try:
            config = self.configure(self.id, config)
        except ConfigError as error:
            reason = "; ".join(map(str, error.faults))
            raise AgentLoadError(self.id, "config", reason, _SETTINGS) from None
        if self.config is None:
            if config:
                raise AgentLoadError(self.id, "config", "it takes no configuration")
            return {}
        if not config and self.config_optional:
            return {}
        try:
            return {"config": self.config.take(config)}
        except DefinitionError as error:
            reason = "; ".join(map(str, error.faults))
            raise AgentLoadError(self.id, "config", reason) from None


class Blueprints:
    """The blueprints of one source, each read once, and what all runs of its agents share.

    May be kept as long as the source: then a run reads nothing again, and calls that never came
    back count for all runs together.
    """

    def __init__(
        self,
        source: AgentSource,
        host: Host | None = None,
        configure: Configure = lambda _, config: config,
        isolated: Places = lambda _: None,
    ) -> None:
        """Know where to read, and for which *host*; read nothing yet.

        Args:
            source: Where the agents come from.
            host: Whose they are to be.
            configure: Gives what an agent is made with, from what its stage says.
            isolated: Gives the place of an agent's code that is not to be imported here.
        """
        self.source = source
        self._configure = configure
        self._isolated = isolated
        self.host = host or Host()
        self._read: dict[AgentId, Blueprint] = {}

    def known(self, agent: AgentId) -> Blueprint | None:
        """Return the blueprint of *agent* if it was read before; never imports."""
        return self._read.get(agent)

    def read(self, agent: AgentId) -> Blueprint:
        """Return the blueprint of *agent*; imports its code, so call it in a thread.

        Raises:
            AgentLoadError: If the code cannot be brought in, or is not what was declared.
        """
        definition = self.source.definition(agent)
        place = self._isolated(agent)
        if place is not None:
            blueprint = _isolated(agent, definition, place, self.host, self._configure)
            self._read[agent] = blueprint
            return blueprint
        target = self.source.load(agent)
        try:
            declaration = declare(target)
        except DefinitionError as error:
            raise AgentLoadError(agent, "declare", str(error)) from error
        _check_same(agent, definition, declaration.definition)
        blueprint = _blueprint(agent, definition, target, declaration, self._configure)
        self.host.watchdog.note(agent, target)
        self._read[agent] = blueprint
        return blueprint

    async def read_in(self, threads: AgentThreads, agent: AgentId) -> Blueprint:
        """Return what :meth:`read` returns, called in one of *threads*.

        Raises:
            AgentLoadError: As :meth:`read`, and for whatever else comes of it.
        """
        settled = await threads.call(lambda: self.read(agent), name=agent)
        match settled:
            case Raised(AgentLoadError() as error):
                raise error
            case Raised(error):
                raise _load_error(agent, "import", error)
            case _:
                return settled.value


class LoadedAgent:
    """One agent in one stage of one run."""

    __slots__ = ("_call", "_given", "_instance", "_threads", "blueprint", "settings")

    def __init__(
        self,
        blueprint: Blueprint,
        instance: object,
        settings: Values,
        threads: AgentThreads,
    ) -> None:
        """Keep the *instance* and the *settings*, which a function is called with."""
        function = blueprint.target if instance is None else _method(instance, "process")
        if function is None:
            raise AgentLoadError(blueprint.id, "create", "its instance has no process method")
        self.blueprint = blueprint
        self._instance = instance
        self._call = function
        self.settings = settings
        self._given: Values = settings if instance is None else {}
        self._threads = threads

    @property
    def id(self) -> AgentId:
        """Whose code it is."""
        return self.blueprint.id

    async def open(self) -> None:
        """Let the agent get what it needs, where it has an ``open`` method."""
        await self._tell("open")

    async def aclose(self) -> None:
        """Let the agent give back what it has, where it has an ``aclose`` method."""
        await self._tell("aclose")

    async def call(self, values: Values, context: RunContext | None) -> object:
        """Return the agent's answer.

        Args:
            values: Its inputs, by name.
            context: Facts of the attempt, for an agent that wants them.

        Raises:
            BaseException: What the agent raised.
        """
        arguments = {**values, **self._given}
        if context is not None:
            arguments["context"] = context
        if self.blueprint.is_async:
            return await self._call(**arguments)  # type: ignore[misc]
        return await self._in_thread(lambda: self._call(**arguments))

    async def _tell(self, verb: str) -> None:
        function = _method(self._instance, verb)
        if function is None:
            return
        if inspect.iscoroutinefunction(function):
            await _awaited(function())
        else:
            await self._in_thread(function)

    async def _in_thread(self, function: Callable[[], object]) -> object:
        settled = await self._threads.call(function, name=self.id)
        if isinstance(settled, Raised):
            raise carried(settled.error)
        value = settled.value
        return await _awaited(value) if inspect.isawaitable(value) else value


async def bring_in(
    blueprint: Blueprint, config: JsonObject, *, threads: AgentThreads
) -> LoadedAgent:
    """Return an instance of the agent, opened.

    Raises:
        AgentLoadError: If it cannot be made or opened; the cause is what it raised.
    """
    settings = blueprint.settings(config)
    instance = None
    if isinstance(blueprint.target, type):
        make = blueprint.target
        settled = await threads.call(lambda: make(**settings), name=blueprint.id)
        if isinstance(settled, Raised):
            raise _load_error(blueprint.id, "create", settled.error)
        instance = settled.value
    agent = LoadedAgent(blueprint, instance, settings, threads)
    try:
        await agent.open()
    except Exception as error:
        raise _load_error(blueprint.id, "open", error) from error
    return agent


async def _awaited(answer: object) -> object:
    """Return what *answer* leads to; what would end the host comes as an ordinary exception."""
    try:
        return await answer  # type: ignore[misc]
    except (SystemExit, KeyboardInterrupt) as error:
        raise carried(error) from error


def _method(instance: object, name: str) -> Callable[..., object] | None:
    method = getattr(instance, name, None)
    return method if callable(method) else None


def _load_error(agent: AgentId, step: str, error: BaseException) -> AgentLoadError:
    failure = AgentLoadError(agent, step, type_name(error))
    failure.__cause__ = error
    return failure


def _check_same(agent: AgentId, known: AgentDefinition, coded: AgentDefinition) -> None:
    if (known.inputs, known.output) != (coded.inputs, coded.output):
        raise AgentLoadError(
            agent,
            "declare",
            "its code takes or gives other values than its manifest says",
            "build the manifest again: agentreg manifest build",
        )


def _blueprint(
    agent: AgentId,
    definition: AgentDefinition,
    target: Callable[..., object],
    declaration: Declaration,
    configure: Configure,
) -> Blueprint:
    return Blueprint(
        id=agent,
        definition=definition,
        target=target,
        inputs={name: codec_of(annotation) for name, annotation in declaration.inputs.items()},
        output=codec_of(declaration.output),
        config=None if declaration.config is None else codec_of(declaration.config),
        configure=configure,
        config_optional=_has_default(target, "config"),
        wants_context=declaration.definition.wants_context,
        is_async=inspect.iscoroutinefunction(getattr(target, "process", target)),
    )


def _isolated(
    agent: AgentId,
    definition: AgentDefinition,
    place: CodePlace,
    host: Host,
    configure: Configure,
) -> Blueprint:
    """Return the blueprint of an agent whose values cross as JSON; its worker checks them."""
    from pydantic import JsonValue

    from registry_core.runtime.isolated_calls import calling

    json = codec_of(JsonValue)
    return Blueprint(
        id=agent,
        # What it changes is in its worker: no attempt needs copies of its own.
        definition=replace(definition, mutates=False),
        target=calling(agent, definition, place, host.workers_of(place.plugin)),
        inputs={taken.name: json for taken in definition.inputs},
        output=json,
        config=None if definition.config is None else json,
        configure=configure,
        config_optional=True,
        wants_context=definition.wants_context,
        is_async=True,
    )


def _has_default(target: Callable[..., object], name: str) -> bool:
    parameter = inspect.signature(target).parameters.get(name)
    return parameter is not None and parameter.default is not parameter.empty
