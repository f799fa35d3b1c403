"""Whether a document can be settings, and everything that is wrong with it.

No fault repeats a value: it may be a password at the wrong place.
"""

from __future__ import annotations

import difflib
import json
import math
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from pydantic import TypeAdapter, ValidationError

from registry_core.errors import ConfigError, InvalidNameError
from registry_core.names import AgentId
from registry_core.settings.keys import key_of, leaves, part_at
from registry_core.settings.pydantic_start import start_pydantic
from registry_core.settings.references import is_reference, written_secrets
from registry_core.settings.values import FORMAT, AgentSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from dataclasses import Field

    from pydantic_core import ErrorDetails

    from registry_core.text.lines import Steps
    from registry_core.text.toml import TomlTable, TomlValue

    Found = tuple[Steps, str]

__all__ = ["dangling", "faults_in", "settings_of", "suggestion"]


def settings_of(document: TomlTable) -> Settings:
    """Return the settings that *document* is, which has no fault."""
    return _adapter().validate_json(json.dumps(document), strict=True)


def faults_in(document: TomlTable) -> Iterator[Found]:
    """Yield the place of each fault of *document*, and what it is."""
    if document.get("format", FORMAT) != FORMAT:
        yield ("format",), f"is not {FORMAT}, which is all that this version reads: upgrade it"
        return
    try:
        settings_of(document)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False, include_context=False):
            yield _explained(detail)
    except ConfigError as error:  # of a section that checks itself
        for fault in error.faults:
            yield (*key_of(error.subject), fault.path), fault.message
    yield from _out_of_bounds(document)
    yield from _misnamed_agents(document)
    yield from written_secrets(document)
    yield from _chained(document)


def dangling(document: TomlTable) -> Iterator[Found]:
    """Yield the place of each reference to a provider that *document* does not have."""
    providers = cast("TomlTable", document.get("providers", {}))
    for steps, name in _provider_references(document.get("agents"), ("agents",)):
        try:
            found = part_at(providers, key_of(name))
        except ConfigError:
            found = None
        if found is None:
            known = [".".join(key) for key, _ in _references_as_leaves(providers)]
            yield steps, f"[providers] has none such{_near(name, known)}"


def suggestion(steps: Steps) -> str:
    """Return what the last step of an unknown key may have been meant to be."""
    owner = _owner(steps[:-1])
    return _near(str(steps[-1]), [item.name for item in fields(owner)] if owner else [])


@cache
def _adapter() -> TypeAdapter[Settings]:
    start_pydantic()
    return TypeAdapter(Settings)


def _explained(detail: ErrorDetails) -> Found:
    steps = detail["loc"]
    if detail["type"] == "unexpected_keyword_argument":
        return steps, f"is unknown{suggestion(steps)}"
    return steps, detail["msg"]


def _near(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""


def _owner(above: Steps) -> type[Settings] | None:
    """Return the class of the table at *above*, or None where any key is known."""
    if above[:1] == ("agents",):
        return cast("type[Settings]", AgentSettings) if len(above) == 2 else None  # noqa: PLR2004 -- the table of one agent
    owner = Settings
    for step in above:
        inner = _sections(owner).get(str(step))
        if inner is None:
            return None
        owner = inner
    return owner


def _sections(owner: type[Settings]) -> dict[str, type[Settings]]:
    """Return the classes of the tables in *owner* that know all their keys, by name."""
    made: dict[str, object] = {item.name: item.default_factory for item in fields(owner)}
    return {key: cast("type[Settings]", each) for key, each in made.items() if is_dataclass(each)}


def _out_of_bounds(
    table: TomlTable, owner: type[Settings] = Settings, above: Steps = ()
) -> Iterator[Found]:
    sections = _sections(owner)
    for item in fields(owner):
        value = table.get(item.name)
        if isinstance(value, int | float) and (reason := _bound_of(item, value)):
            yield (*above, item.name), reason
        if isinstance(value, dict) and item.name in sections:
            yield from _out_of_bounds(value, sections[item.name], (*above, item.name))


def _bound_of(item: Field[object], value: float) -> str:
    above: float = item.metadata.get("above", -math.inf)
    least: float = item.metadata.get("least", -math.inf)
    most: float = item.metadata.get("most", math.inf)
    if value <= above:
        return f"must be above {above}"
    if least <= value <= most:
        return ""
    return f"must be between {least} and {most}" if most < math.inf else f"must be {least} or more"


def _misnamed_agents(document: TomlTable) -> Iterator[Found]:
    agents = document.get("agents")
    for name in agents if isinstance(agents, dict) else ():
        try:
            AgentId.parse(name if "@" in name else f"{name}@1")
        except InvalidNameError:
            yield ("agents", name), "is no agent: write distribution/agent, or that with @version"


def _chained(document: TomlTable) -> Iterator[Found]:
    for steps, _ in _provider_references(document.get("providers"), ("providers",)):
        yield steps, "a provider refers to variables only"


def _provider_references(value: TomlValue | None, steps: Steps) -> Iterator[tuple[Steps, str]]:
    match value:
        case dict() if is_reference(value):
            if "provider" in value:
                yield steps, str(value["provider"])
        case dict():
            for key, part in value.items():
                yield from _provider_references(part, (*steps, key))
        case list():
            for place, part in enumerate(value):
                yield from _provider_references(part, (*steps, place))
        case _:
            pass


def _references_as_leaves(providers: TomlTable) -> Iterator[tuple[tuple[str, ...], TomlValue]]:
    for key, value in leaves(providers):
        yield (key[:-1] if key[-1:] == ("env",) else key), value
