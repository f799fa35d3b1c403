"""Fields that may be taken out of a value, each declared as a small agent of its own.

A plan never takes a field by itself: that a title is text does not make every text a title.
Whoever knows that a field stands for itself says so, and from then on a plan may use it,
as it uses any other converter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar, cast, get_type_hints

from registry_core.authoring.agent import agent
from registry_core.errors import DefinitionError, Fault

__all__ = ["field_of"]

ModelT = TypeVar("ModelT")


def field_of(
    model: type[ModelT], field: str, *, name: str = "", module: str = ""
) -> Callable[[ModelT], object]:
    """Return an agent that takes a *model* and gives its *field*.

    It costs nothing and is tagged as a converter, so of two plans that are alike the one
    without it comes first. In a plugin, bind it to a name of the module that is its own name.

    Args:
        model: A pydantic model, a dataclass or a typed dictionary.
        field: Name of the field.
        name: Name of the agent; the model's in snake case and the field's unless given.
        module: ``__name__`` of the module that binds it; that of the model unless given.

    Raises:
        DefinitionError: If the model has no such field.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Titled:
    ...     title: str
    >>> titled_title = field_of(Titled, "title")
    >>> titled_title(Titled("News"))
    'News'
    """
    hints = get_type_hints(model, include_extras=True)
    if field not in hints:
        faults = [Fault(field, f"is no field; there is {', '.join(sorted(hints))}")]
        raise DefinitionError(model.__name__, faults)

    def take(value: ModelT) -> object:
        if isinstance(value, Mapping):
            return cast("Mapping[str, object]", value)[field]
        return getattr(value, field)

    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model.__name__).lower()
    take.__name__ = take.__qualname__ = name or f"{words}_{field}"
    take.__module__ = module or model.__module__
    take.__doc__ = f"Take the {field} of a {model.__name__}."
    take.__annotations__ = {"value": model, "return": hints[field]}
    return agent(tags=["converter"], cost=0.0, idempotent=True, mutates=False)(take)
