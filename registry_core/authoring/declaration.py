"""What a decorated function or class declares, read from its signature."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeGuard, cast

from registry_core.authoring.agent import AGENT_MARK, COLLECTOR_MARK, MIDDLEWARE_MARK, AgentOptions
from registry_core.authoring.signature import Signature, read_signature
from registry_core.definitions.agent import AgentDefinition, InputDefinition
from registry_core.definitions.capability import CapabilityClaim
from registry_core.definitions.collector import CollectorDefinition
from registry_core.definitions.middleware import MiddlewareDefinition
from registry_core.definitions.rules import faults_in_agent, faults_in_places
from registry_core.definitions.schema import SchemaDefinition
from registry_core.errors import DefinitionError, Fault, InvalidNameError
from registry_core.names import AgentName, CapabilityName, SchemaId
from registry_core.schemas.codec import codec_of
from registry_core.schemas.from_model import schema_of

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from registry_core.definitions.schema import JsonValue

__all__ = ["Declaration", "declare", "declare_collector", "declare_middleware", "is_agent"]

# Stands where a type could not be read, so that the rest is checked all the same.
_UNREAD = SchemaId("unread#000000000000")


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
    return isinstance(_mark(candidate, AGENT_MARK), AgentOptions)


def declare(target: Callable[..., object]) -> Declaration:
    """Return what the decorated *target* declares.

    Raises:
        DefinitionError: If it was not decorated, its signature is not fully typed, or a value
            is out of range; every fault at once, each with its path.
    """
    label = _label(target)
    options = _mark(target, AGENT_MARK)
    if not isinstance(options, AgentOptions):
        raise DefinitionError(label, [Fault("", "is not decorated with @agent")])
    signature = read_signature(target)
    schemas: dict[str, SchemaDefinition] = {}
    faults = list(signature.faults)
    for path, annotation in signature.annotated():
        try:
            schemas[path] = schema_of(annotation)
        except DefinitionError as error:
            faults.extend(Fault(path, str(fault)) for fault in error.faults)
    ids = {path: schema.id for path, schema in schemas.items()}
    definition = _definition(target, options, signature, ids)
    faults.extend(_mistyped(options) or faults_in_agent(definition))
    faults.extend(() if faults else _faults_in_examples(options, signature))
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
        DefinitionError: If it was not decorated, or is not an async function of two arguments;
            every fault at once.
    """
    label = _label(target)
    said = _mark(target, MIDDLEWARE_MARK)
    if not isinstance(said, MiddlewareDefinition):
        raise DefinitionError(label, [Fault("", "is not decorated with @middleware")])
    if not inspect.iscoroutinefunction(target):
        raise DefinitionError(label, [Fault("", "must be an async function (call, proceed)")])
    declared = replace(
        said,
        name=AgentName(said.name or _snake(target.__name__)),
        target=f"{target.__module__}:{label}",
        summary=_first_line(target),
    )
    if faults := tuple(_faults_in_middleware(target, declared)):
        raise DefinitionError(label, faults)
    return declared


def declare_collector(target: Callable[..., object]) -> CollectorDefinition:
    """Return what the decorated *target* declares.

    Raises:
        DefinitionError: If it was not decorated, or needs arguments; every fault at once.
    """
    label = _label(target)
    said = _mark(target, COLLECTOR_MARK)
    if not isinstance(said, CollectorDefinition):
        raise DefinitionError(label, [Fault("", "is not decorated with @collector")])
    name = AgentName(said.name or _snake(target.__name__))
    faults = list(_faults_in_call(target))
    try:
        AgentName.parse(name)
    except InvalidNameError as error:
        faults.append(Fault("name", str(error)))
    if faults:
        raise DefinitionError(label, faults)
    return CollectorDefinition(name, f"{target.__module__}:{label}", _first_line(target))


def _mark(candidate: object, name: str) -> object:
    """Return what *candidate* itself holds under *name*; no code of its class is run."""
    try:
        held = cast("Mapping[str, object]", object.__getattribute__(candidate, "__dict__"))
    except AttributeError:
        return None
    return held.get(name)


def _label(target: object) -> str:
    return getattr(target, "__qualname__", type(target).__name__)


@lru_cache(maxsize=1)
def _options_adapter() -> TypeAdapter[AgentOptions]:
    from pydantic import TypeAdapter

    return TypeAdapter(AgentOptions)


def _mistyped(options: AgentOptions) -> tuple[Fault, ...]:
    """Return the options whose types are wrong; a type checker would have said so."""
    from pydantic import ValidationError
    from pydantic_core import PydanticSerializationError, to_json

    try:
        _options_adapter().validate_json(to_json(options), strict=True)
    except PydanticSerializationError:
        return (Fault("examples", "must be JSON"),)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)
        return tuple(Fault(".".join(map(str, d["loc"])), d["msg"]) for d in details)
    return ()


def _faults_in_examples(options: AgentOptions, signature: Signature) -> Iterator[Fault]:
    required = signature.inputs.keys() - signature.optional
    for index, example in enumerate(options.examples):
        path = f"examples[{index}]"
        for name in sorted(required - example.inputs.keys()):
            yield Fault(f"{path}.inputs.{name}", "is missing")
        for name, value in example.inputs.items():
            if name in signature.inputs:
                yield from _misfits(f"{path}.inputs.{name}", signature.inputs[name], value)
            else:
                yield Fault(f"{path}.inputs.{name}", "is no input")
        yield from _misfits(f"{path}.output", signature.output, example.output)


def _misfits(path: str, annotation: object, value: JsonValue) -> Iterator[Fault]:
    try:
        codec_of(annotation).take(value)
    except DefinitionError as error:
        for fault in error.faults:
            yield Fault(".".join(filter(None, (path, fault.path))), fault.message)


def _faults_in_middleware(
    target: Callable[..., object], declared: MiddlewareDefinition
) -> Iterator[Fault]:
    try:
        AgentName.parse(declared.name)
    except InvalidNameError as error:
        yield Fault("name", str(error))
    if declared.scope not in {"run", "stage", "attempt"}:
        yield Fault("scope", "must be stage or attempt")
    yield from faults_in_places(declared.before, declared.after)
    yield from _faults_in_call(target, "call", "proceed")


def _faults_in_call(target: Callable[..., object], *arguments: str) -> Iterator[Fault]:
    try:
        inspect.signature(target).bind(*arguments)
    except TypeError:
        kind = "an async function (call, proceed)" if arguments else "callable without arguments"
        yield Fault("", f"must be {kind}")


def _definition(
    target: Callable[..., object],
    options: AgentOptions,
    signature: Signature,
    ids: Mapping[str, SchemaId],
) -> AgentDefinition:
    label = _label(target)
    return AgentDefinition(
        name=AgentName(options.name or _snake(label.rpartition(".")[2])),
        target=f"{target.__module__}:{label}",
        output=ids.get("return", _UNREAD),
        inputs=tuple(
            InputDefinition(name, ids.get(name, _UNREAD), name not in signature.optional)
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
        config=ids.get("config"),
        examples=options.examples,
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _first_line(target: object) -> str:
    return (inspect.getdoc(target) or "").partition("\n")[0].strip()
