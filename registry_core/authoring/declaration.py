"""What a decorated function or class declares, read from its signature."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeGuard, cast, get_type_hints

from registry_core.authoring.agent import (
    AGENT_MARK,
    MIDDLEWARE_MARK,
    AgentOptions,
    MiddlewareOptions,
)
from registry_core.definitions.agent import AgentDefinition, InputDefinition
from registry_core.definitions.capability import CapabilityClaim
from registry_core.definitions.context import RunContext
from registry_core.definitions.middleware import MiddlewareDefinition
from registry_core.definitions.rules import faults_in_agent
from registry_core.definitions.schema import SchemaDefinition
from registry_core.errors import DefinitionError, Fault
from registry_core.names import AgentName, CapabilityName
from registry_core.schemas.from_model import schema_of

__all__ = ["Declaration", "declare", "declare_middleware", "is_agent"]


@dataclass(frozen=True, slots=True)
class Declaration:
    """An agent as its code declares it.

    Attributes:
        definition: What everybody may know.
        schemas: Each schema that the definition mentions.
        inputs: Python type of each input, by name.
        output: Python type of the output.
        config: Python type of the configuration, or None.
    """

    definition: AgentDefinition
    schemas: tuple[SchemaDefinition, ...]
    inputs: Mapping[str, object]
    output: object
    config: object = None


def is_agent(candidate: object) -> TypeGuard[Callable[..., object]]:
    """Return whether *candidate* was marked by ``@agent``."""
    return isinstance(vars_of(candidate).get(AGENT_MARK), AgentOptions)


def declare(target: Callable[..., object]) -> Declaration:
    """Return what the decorated *target* declares.

    Raises:
        DefinitionError: If it was not decorated, its signature is not fully typed, or a value
            is out of range; every fault at once.
    """
    label = getattr(target, "__qualname__", type(target).__name__)
    options = vars_of(target).get(AGENT_MARK)
    if not isinstance(options, AgentOptions):
        raise DefinitionError(label, [Fault("", "is not decorated with @agent")])
    signature = _Signature.read(target, label)
    schemas: dict[str, SchemaDefinition] = {}
    faults: list[Fault] = list(signature.faults)
    for path, annotation in signature.annotated():
        try:
            schemas[path] = schema_of(annotation)
        except DefinitionError as error:
            faults.extend(Fault(path, str(fault)) for fault in error.faults)
    if faults:
        raise DefinitionError(label, faults)
    definition = _definition(target, options, signature, schemas)
    faults.extend(faults_in_agent(definition))
    if faults:
        raise DefinitionError(label, faults)
    unique = {schema.id: schema for schema in schemas.values()}
    return Declaration(
        definition=definition,
        schemas=tuple(unique[key] for key in sorted(unique)),
        inputs=signature.inputs,
        output=signature.output,
        config=signature.config,
    )


def declare_middleware(target: Callable[..., object]) -> MiddlewareDefinition:
    """Return what the decorated *target* declares.

    Raises:
        DefinitionError: If it was not decorated, or is not an async function.
    """
    label = getattr(target, "__qualname__", type(target).__name__)
    options = vars_of(target).get(MIDDLEWARE_MARK)
    if not isinstance(options, MiddlewareOptions):
        raise DefinitionError(label, [Fault("", "is not decorated with @middleware")])
    if not inspect.iscoroutinefunction(target):
        raise DefinitionError(label, [Fault("", "must be an async function (call, proceed)")])
    return MiddlewareDefinition(
        name=AgentName.parse(options.name or _snake(target.__name__)),
        target=f"{target.__module__}:{label}",
        scope=options.scope,
        order=options.order,
        guard=options.guard,
        summary=_first_line(target),
    )


def vars_of(candidate: object) -> Mapping[str, object]:
    """Return the attributes that *candidate* itself holds, without running code of its class."""
    try:
        return cast("Mapping[str, object]", object.__getattribute__(candidate, "__dict__"))
    except AttributeError:
        return {}


@dataclass(frozen=True, slots=True)
class _Signature:
    """The typed parts of a signature, and what is wrong with it."""

    inputs: Mapping[str, object]
    optional: frozenset[str]
    output: object
    config: object
    wants_context: bool
    faults: tuple[Fault, ...]

    @classmethod
    def read(cls, target: Callable[..., object], label: str) -> _Signature:
        call = getattr(target, "process", None) if isinstance(target, type) else target
        if not inspect.isfunction(call):
            raise DefinitionError(label, [Fault("process", "must be a method of the class")])
        faults: list[Fault] = []
        hints = _hints(call, faults)
        parameters = list(inspect.signature(call).parameters.values())
        if isinstance(target, type):
            parameters = parameters[1:]
        inputs: dict[str, object] = {}
        for parameter in parameters:
            if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
                faults.append(Fault(parameter.name, "must be a parameter that can be named"))
            elif parameter.name not in hints:
                faults.append(Fault(parameter.name, "needs a type annotation"))
            else:
                inputs[parameter.name] = hints[parameter.name]
        context = inputs.pop("context", None)
        if context is not None and context is not RunContext:
            faults.append(Fault("context", "is reserved for registry_core.RunContext"))
        config = (
            _config_of(target, faults) if isinstance(target, type) else inputs.pop("config", None)
        )
        if hints.get("return") in {None, type(None)}:
            faults.append(Fault("return", "needs a type annotation other than None"))
        if inspect.isgeneratorfunction(call) or inspect.isasyncgenfunction(call):
            faults.append(Fault("return", "must be one value, not a generator"))
        defaults = {p.name for p in parameters if p.default is not p.empty}
        return cls(
            inputs=inputs,
            optional=frozenset(defaults),
            output=hints.get("return"),
            config=config,
            wants_context=context is not None,
            faults=tuple(faults),
        )

    def annotated(self) -> list[tuple[str, object]]:
        """Pairs of a path and the type that stands there."""
        found = [*self.inputs.items()]
        if self.output is not None:
            found.append(("return", self.output))
        if self.config is not None:
            found.append(("config", self.config))
        return found


def _hints(call: Callable[..., object], faults: list[Fault]) -> dict[str, object]:
    try:
        return get_type_hints(call, include_extras=True)
    except (NameError, TypeError, SyntaxError) as error:
        faults.append(Fault("", f"annotations cannot be resolved: {error}"))
        return {}


def _config_of(target: type, faults: list[Fault]) -> object:
    init = vars_of(target).get("__init__")
    return _hints(init, faults).get("config") if inspect.isfunction(init) else None


def _definition(
    target: Callable[..., object],
    options: AgentOptions,
    signature: _Signature,
    schemas: Mapping[str, SchemaDefinition],
) -> AgentDefinition:
    return AgentDefinition(
        name=AgentName(options.name or _snake(target.__name__)),
        target=f"{target.__module__}:{target.__qualname__}",
        output=schemas["return"].id,
        inputs=tuple(
            InputDefinition(name, schemas[name].id, name not in signature.optional)
            for name in signature.inputs
        ),
        version=options.version,
        summary=options.summary or _first_line(target),
        capabilities=tuple(
            CapabilityClaim(CapabilityName(name), score)
            for name, score in sorted(options.capabilities.items())
        ),
        tags=options.tags,
        cost=options.cost,
        resources=options.resources,
        timeout_seconds=options.timeout_seconds,
        idempotent=options.idempotent,
        mutates=options.mutates,
        wants_context=signature.wants_context,
        config=schemas["config"].id if signature.config is not None else None,
        examples=options.examples,
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _first_line(target: object) -> str:
    return (inspect.getdoc(target) or "").partition("\n")[0].strip()
