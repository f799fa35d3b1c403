"""Secrets stay where they are: settings name the variable, and nobody reads it before an agent.

    {env = "OPENAI_API_KEY"}          the variable of that name
    {provider = "openai.api_key"}     what the section [providers] has there

References count in ``[providers]`` and ``[agents]`` only: a pipeline that somebody sent cannot
ask for a variable of whoever runs it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, TypeVar, cast

from registry_core.errors import ConfigError, Fault
from registry_core.settings.keys import key_of, key_text, part_at
from registry_core.text.toml import TomlTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.names import AgentId
    from registry_core.settings.values import Settings
    from registry_core.text.lines import Steps
    from registry_core.text.toml import TomlValue

__all__ = ["agent_config", "is_reference", "overlaid", "resolve_references", "written_secrets"]

ConfigT = TypeVar("ConfigT", bound=Mapping[str, object])

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_REFERENCES = frozenset({"env", "provider"})
_SECRET_KEY = re.compile(
    r"(?:^|[_-])(?:(?:api|access|auth|bearer|private|secret|signing)[_-]?(?:key|token)"
    r"|secret|password|passwd|passphrase|credential)s?$|^token$",
    re.IGNORECASE | re.ASCII,
)
_PROVIDER_KEY = re.compile(r"(?:^|[_-])(?:key|token)s?$", re.IGNORECASE | re.ASCII)
_SECRET = re.compile(
    r"\b(?:sk-[\w-]{16,}|gh[opsur]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}"
    r"|AKIA[A-Z0-9]{16}|AIza[\w-]{30,}|hf_\w{20,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,})"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|[a-z]://[^/\s:@]*:[^/\s:@]+@",
    re.ASCII,
)
_ADVICE = 'is a secret written out: name the variable that holds it, {env = "VARIABLE"}'


def is_reference(value: TomlValue) -> bool:
    """Return whether *value* stands for another.

    >>> is_reference({"env": "OPENAI_API_KEY"}), is_reference({"env": "prod env"})
    (True, False)
    """
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((kind, name),) = value.items()
    if not isinstance(name, str) or kind not in _REFERENCES:
        return False
    return kind == "provider" or _VARIABLE.fullmatch(name) is not None


def overlaid(under: TomlTable, over: Mapping[str, TomlValue]) -> TomlTable:
    """Return *under* with *over* laid over it; tables merge, all else is replaced; both stay.

    >>> overlaid({"limits": {"rpm": 9, "tpm": 5}}, {"limits": {"rpm": 1}})
    {'limits': {'rpm': 1, 'tpm': 5}}
    """
    merged = {key: _copied(value) for key, value in under.items()}
    for key, value in over.items():
        there = merged.get(key)
        merge = isinstance(value, dict) and isinstance(there, dict)
        if merge and not is_reference(value) and not is_reference(there or {}):
            merged[key] = overlaid(cast("TomlTable", there), cast("TomlTable", value))
        else:
            merged[key] = _copied(value)
    return merged


def written_secrets(document: TomlTable) -> Iterator[tuple[Steps, str]]:
    """Yield the place of each secret that is written out in *document*, and what to do."""
    yield from _secrets(document, (), named=False)


def agent_config(
    agent: AgentId, own: ConfigT, settings: Settings, variables: Mapping[str, str]
) -> ConfigT:
    """Return what *agent* is to be made with: what the settings say, and over it its *own*.

    Args:
        agent: Whose.
        own: What the stage says, as JSON; taken as it is, references are none in it.
        settings: What the user decided.
        variables: Of the environment.

    Raises:
        ConfigError: If the settings refer to what is not there.
    """
    written = [
        settings.agents[key].config
        for key in (agent.partition("@")[0], agent)
        if key in settings.agents
    ]
    if not written:
        return own
    config = reduce(overlaid, written, TomlTable())
    resolved = resolve_references(config, settings, variables, subject=f"of agent {agent}")
    return cast("ConfigT", overlaid(resolved, cast("TomlTable", own)))


def resolve_references(
    config: TomlTable,
    settings: Settings,
    variables: Mapping[str, str],
    *,
    subject: str = "of agents",
) -> TomlTable:
    """Return *config* with the values that it refers to. Not to be kept, shown or recorded.

    Raises:
        ConfigError: If a variable is not set, or a provider does not have what is asked of it;
            all faults at once.
    """
    faults: list[Fault] = []
    resolver = _Resolver(cast("TomlTable", settings.providers), variables, faults)
    found = {key: resolver.value(value, (key,)) for key, value in config.items()}
    if faults:
        raise ConfigError(subject, faults)
    return found


class _Resolver:
    """Looks up references, and collects those that lead nowhere."""

    def __init__(
        self, providers: TomlTable, variables: Mapping[str, str], faults: list[Fault]
    ) -> None:
        self._providers = providers
        self._variables = variables
        self._faults = faults

    def value(self, value: TomlValue, steps: Steps) -> TomlValue:
        if is_reference(value):
            ((kind, name),) = cast("dict[str, str]", value).items()
            return self._variable(name, steps) if kind == "env" else self._provided(name, steps)
        match value:
            case dict():
                return {key: self.value(part, (*steps, key)) for key, part in value.items()}
            case list():
                return [self.value(part, (*steps, place)) for place, part in enumerate(value)]
            case _:
                return value

    def _variable(self, name: str, steps: Steps) -> TomlValue:
        if found := self._variables.get(name):
            return found
        self._faults.append(Fault(key_text(steps), f"the variable {name} is not set"))
        return ""

    def _provided(self, name: str, steps: Steps) -> TomlValue:
        found = part_at(self._providers, key_of(name))
        if found is None:
            reason = f"[providers] has no {name}; see: agentreg config show"
            self._faults.append(Fault(key_text(steps), reason))
            return ""
        # A provider refers to variables only, so that none leads back to itself.
        return _Resolver({}, self._variables, self._faults).value(found, steps)


def _secrets(value: TomlValue, steps: Steps, *, named: bool) -> Iterator[tuple[Steps, str]]:
    """Yield the place of each secret in *value*; *named* says that what is around it is one."""
    match value:
        case dict() if not is_reference(value):
            for key, part in value.items():
                inner = (*steps, key)
                yield from _secrets(part, inner, named=named or _names_secret(inner))
        case list():
            for place, part in enumerate(value):
                yield from _secrets(part, (*steps, place), named=named)
        case str() if value and (named or _SECRET.search(value)):
            yield steps, _ADVICE
        case _:
            pass


def _names_secret(steps: Steps) -> bool:
    section, name = steps[0], str(steps[-1])
    if section not in {"agents", "providers"}:
        return False
    return bool(_SECRET_KEY.search(name) or (section == "providers" and _PROVIDER_KEY.search(name)))


def _copied(value: TomlValue) -> TomlValue:
    match value:
        case dict():
            return {key: _copied(part) for key, part in value.items()}
        case list():
            return [_copied(part) for part in value]
        case _:
            return value
