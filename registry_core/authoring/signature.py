"""The typed parts of a function's or class's signature, and everything that is wrong with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_type_hints

from registry_core.definitions.context import RunContext
from registry_core.errors import Fault

__all__ = ["Signature", "read_signature"]


@dataclass(frozen=True, slots=True)
class Signature:
    """What an agent takes and gives, as Python types.

    Attributes:
        inputs: Type of each input, by name, in the order of the parameters.
        optional: Inputs that have a default.
        output: Type of the output; None when it is missing.
        config: Type of the configuration, or None.
        wants_context: Whether there is a ``context`` parameter.
        faults: What is wrong; then the other facts are what could be read.
    """

    inputs: Mapping[str, object]
    optional: frozenset[str] = frozenset()
    output: object = None
    config: object = None
    wants_context: bool = False
    faults: tuple[Fault, ...] = ()

    def annotated(self) -> tuple[tuple[str, object], ...]:
        """Return pairs of a path and the type that stands there."""
        types = [*self.inputs.items(), ("return", self.output), ("config", self.config)]
        return tuple((path, annotation) for path, annotation in types if annotation is not None)


def read_signature(target: Callable[..., object]) -> Signature:
    """Return the signature of a function, or of a class with a ``process`` method."""
    call, is_method = _call_of(target)
    if call is None:
        advice = "must be a function, or a class with a method process"
        return Signature({}, faults=(Fault("process", advice),))
    faults: list[Fault] = []
    hints = _hints(call, faults)
    parameters = list(inspect.signature(call).parameters.values())[is_method:]
    inputs = _typed(parameters, hints, faults)
    context = inputs.pop("context", None)
    if context is not None and context is not RunContext:
        faults.append(Fault("context", "is reserved for registry_core.RunContext"))
    is_class = isinstance(target, type)
    config = _config_of(target, faults) if is_class else inputs.pop("config", None)
    output = hints.get("return") if hints is not None else None
    if hints is not None and (output is None or output is type(None)):
        faults.append(Fault("return", "needs a type annotation other than None"))
        output = None
    if inspect.isgeneratorfunction(call) or inspect.isasyncgenfunction(call):
        faults.append(Fault("return", "must be one value, not a generator"))
    return Signature(
        inputs=inputs,
        optional=frozenset(p.name for p in parameters if p.default is not p.empty),
        output=output,
        config=config,
        wants_context=context is not None,
        faults=tuple(faults),
    )


def _call_of(target: Callable[..., object]) -> tuple[Callable[..., object] | None, bool]:
    """Return what is called, and whether its first parameter is the instance."""
    if not isinstance(target, type):
        return (target if inspect.isfunction(target) else None), False
    found: object = inspect.getattr_static(target, "process", None)
    if isinstance(found, staticmethod):
        return getattr(target, "process", None), False
    return (found if inspect.isfunction(found) else None), True


def _hints(call: Callable[..., object], faults: list[Fault]) -> Mapping[str, object] | None:
    try:
        return get_type_hints(call, include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        advice = "import what they name at the top of the module, not under TYPE_CHECKING"
        faults.append(Fault("", f"annotations cannot be resolved ({error}): {advice}"))
        return None


def _typed(
    parameters: list[inspect.Parameter], hints: Mapping[str, object] | None, faults: list[Fault]
) -> dict[str, object]:
    types: dict[str, object] = {}
    for parameter in parameters:
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            faults.append(Fault(parameter.name, "must be a parameter that can be named"))
        elif hints is not None and parameter.name not in hints:
            faults.append(Fault(parameter.name, "needs a type annotation"))
        elif hints is not None:
            types[parameter.name] = hints[parameter.name]
    return types


def _config_of(target: object, faults: list[Fault]) -> object:
    """Return the type of ``__init__``'s ``config``, which is all that it is ever given."""
    init: object = inspect.getattr_static(target, "__init__", None)
    if not inspect.isfunction(init):
        return None
    hints = _hints(init, faults)
    parameters = list(inspect.signature(init).parameters.values())[1:]
    faults.extend(
        Fault(f"__init__.{p.name}", "needs a default: an agent is made with its config alone")
        for p in parameters
        if p.name != "config"
        and p.default is p.empty
        and p.kind not in {p.VAR_POSITIONAL, p.VAR_KEYWORD}
    )
    own = [parameter for parameter in parameters if parameter.name == "config"]
    return _typed(own, hints, faults).get("config")
