"""What saved pipelines were made against, and what of it is no longer so.

One lock stands beside the pipelines of a folder: the distributions that offer their agents, by
version and digest of their RECORD, and for each pipeline the agents as they were declared.

    {"format": 1,
     "distributions": {"web-agents": {"version": "1.2.0", "record": "sha256:…"}},
     "pipelines": {"press.toml": {"digest": "sha256:…", "have": […], "want": […], "agents": {
         "web-agents/html_to_text@1.2.0": {"definition": "sha256:…", "inputs": {…}, …}}}}}
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, Literal, TypeAlias

from pydantic import TypeAdapter

from registry_core.definitions.agent import AgentDefinition
from registry_core.errors import ConfigError, Fault
from registry_core.names import AgentId, SchemaId
from registry_core.pipeline.documents import dump
from registry_core.pipeline.plan import Limits, Objective
from registry_core.pipeline.policy import STRICT
from registry_core.pipeline.reading import read_document

if TYPE_CHECKING:
    from registry_core.pipeline.pipeline import Pipeline

__all__ = ["LOCK_NAME", "Drift", "Lock", "LockedAgent", "LockedPipeline", "SealedDistribution"]
__all__ += ["agents_of", "digest_of", "drift", "joined", "locked_agent", "parse_lock"]

LOCK_NAME = "agentreg.lock"

DriftKind: TypeAlias = Literal["pipeline", "distribution", "agent"]


@dataclass(frozen=True, slots=True)
class SealedDistribution:
    """A distribution: its version, and the digest of its RECORD or nothing without one."""

    __pydantic_config__ = STRICT

    version: str
    record: str


@dataclass(frozen=True, slots=True)
class LockedAgent:
    """An agent as it was declared.

    Attributes:
        definition: Digest of all that was declared.
        output: Schema that it gives, with its fingerprint.
        inputs: Schemas that it takes, by name of the input.
    """

    __pydantic_config__ = STRICT

    definition: str
    output: SchemaId
    inputs: Mapping[str, SchemaId] = field(default_factory=dict[str, SchemaId])


@dataclass(frozen=True, slots=True)
class LockedPipeline:
    """A pipeline, its agents, and the goal it was planned for.

    Attributes:
        digest: Digest of the pipeline; how its file is laid out does not count.
        agents: Every agent that it names, those of fallbacks too.
        have: Schemas that were given.
        want: Schemas that had to come out.
        capabilities: Capabilities it had to pass through, with versions where they were asked for.
        any_order: Capabilities that some stage had to have.
        ends: Capability of the stage where the way through them began, and of that where it ended;
            empty for any.
        exclude: Agents that were not to be used.
        require: Agents that had to be used.
        limits: What it was not to need more of.
        objective: What was made as small as possible.
    """

    __pydantic_config__ = STRICT

    digest: str
    agents: Mapping[AgentId, LockedAgent]
    have: tuple[SchemaId, ...] = ()
    want: tuple[SchemaId, ...] = ()
    capabilities: tuple[str, ...] = ()
    any_order: tuple[str, ...] = ()
    ends: tuple[str, str] = ("", "")
    exclude: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    objective: Objective = "stages"


@dataclass(frozen=True, slots=True)
class Lock:
    """What pipelines were made against.

    Attributes:
        format: Of the file.
        distributions: By name; those of all pipelines, and whoever else is trusted.
        pipelines: By the name of the file, relative to the lock.
    """

    __pydantic_config__ = STRICT

    format: Literal[1] = 1
    distributions: Mapping[str, SealedDistribution] = field(
        default_factory=dict[str, SealedDistribution]
    )
    pipelines: Mapping[str, LockedPipeline] = field(default_factory=dict[str, LockedPipeline])

    def only(self, pipeline: str) -> Lock:
        """Return what this lock knows of one pipeline; nothing when it does not know it."""
        entry = self.pipelines.get(pipeline)
        if entry is None:
            return Lock()
        owners = {agent.distribution for agent in entry.agents}
        kept = {name: seal for name, seal in self.distributions.items() if name in owners}
        return Lock(distributions=kept, pipelines={pipeline: entry})

    def to_json(self) -> str:
        """Return the lock as sorted JSON text, one fact a line."""
        return json.dumps(json.loads(dump(Lock, self)), indent=2, sort_keys=True) + "\n"


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is not what was locked.

    Attributes:
        kind: What kind of thing.
        name: Which.
        reason: What is different, as the rest of a sentence.
    """

    kind: DriftKind
    name: str
    reason: str

    def __str__(self) -> str:
        """As a line of a list."""
        return f"{self.kind} {self.name} {self.reason}"


def parse_lock(file: str, content: bytes) -> Lock:
    """Return the lock that *file* holds.

    Raises:
        ConfigError: If it holds none; all faults at once, each with its line and its path.

    >>> parse_lock("agentreg.lock", b'{"distributions": {}}')
    Lock(format=1, distributions={}, pipelines={})
    """
    return read_document(file, content, Lock)[0]


def joined(file: str, lock: Lock, new: Lock) -> Lock:
    """Return *lock* with what is in *new*, which replaces pipelines of the same name.

    Args:
        file: Name of the lock, for messages.
        lock: What stands there.
        new: What was made now.

    Raises:
        ConfigError: If another pipeline was made against another state of a distribution: one
            lock stands for one installation.
    """
    others = {name: entry for name, entry in lock.pipelines.items() if name not in new.pipelines}
    faults = [
        Fault(
            f"distributions.{name}",
            f"{found} is needed, and {pipeline} was made against {kept}: lock both in one go",
        )
        for pipeline in others
        for name, seal in lock.only(pipeline).distributions.items()
        if (found := _named(new.distributions.get(name, seal))) != (kept := _named(seal))
    ]
    if faults:
        raise ConfigError(file, faults)
    return replace(
        new,
        distributions={**lock.distributions, **new.distributions},
        pipelines={**others, **new.pipelines},
    )


def drift(lock: Lock, now: Lock) -> tuple[Drift, ...]:
    """Return everything in *lock* that is not so *now*: pipelines, distributions, agents.

    Args:
        lock: What was locked.
        now: The same facts as they are; what is gone is missing. An agent that came in place
            of a locked one, from the same distribution, explains what became of it.

    >>> was = Lock(distributions={"kit": SealedDistribution("1.0", "sha256:1")})
    >>> now = Lock(distributions={"kit": SealedDistribution("1.1", "sha256:2")})
    >>> print(*drift(was, now))
    distribution kit is 1.1, and 1.0 is locked
    """
    found = chain(_edited(lock, now), _exchanged(lock, now), _redeclared(lock, now))
    return tuple(dict.fromkeys(found))


def agents_of(pipeline: Pipeline) -> tuple[str, ...]:
    """Return every agent that *pipeline* names, each once, those of fallbacks too."""
    fallbacks = (s.policy.fallback for s in pipeline.stages if s.policy and s.policy.fallback)
    return tuple(dict.fromkeys((*(stage.agent for stage in pipeline.stages), *fallbacks)))


def digest_of(pipeline: Pipeline) -> str:
    """Return the digest of a pipeline; equal pipelines have equal ones."""
    return _digest(pipeline.to_json().encode())


def locked_agent(definition: AgentDefinition) -> LockedAgent:
    """Return what to lock of an agent."""
    # Without defaults, so that a field that a later host knows changes no digest.
    text = _definitions().dump_json(definition, exclude_defaults=True)
    inputs = {item.name: item.schema for item in definition.inputs}
    return LockedAgent(_digest(text), definition.output, inputs)


@cache
def _definitions() -> TypeAdapter[AgentDefinition]:
    return TypeAdapter(AgentDefinition)


def _digest(text: bytes) -> str:
    canonical = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    return f"sha256:{sha256(canonical.encode()).hexdigest()}"


def _edited(lock: Lock, now: Lock) -> Iterator[Drift]:
    for name, was in lock.pipelines.items():
        entry = now.pipelines.get(name)
        if entry is None:
            yield Drift("pipeline", name, "is gone")
        elif entry.digest != was.digest:
            yield Drift("pipeline", name, "was edited since it was locked")


def _exchanged(lock: Lock, now: Lock) -> Iterator[Drift]:
    for name, was in lock.distributions.items():
        seal = now.distributions.get(name)
        if seal is None:
            yield Drift("distribution", name, f"is not installed, and {was.version} is locked")
        elif seal.version != was.version:
            yield Drift("distribution", name, f"is {seal.version}, and {was.version} is locked")
        elif seal.record != was.record:
            yield Drift("distribution", name, f"has other files than the {was.version} locked")


def _redeclared(lock: Lock, now: Lock) -> Iterator[Drift]:
    for name, entry in lock.pipelines.items():
        present = now.pipelines.get(name)
        there: Mapping[AgentId, LockedAgent] = {} if present is None else present.agents
        for agent, was in entry.agents.items():
            found = there.get(agent)
            heirs = (other for other in there if _unversioned(other) == _unversioned(agent))
            heir = next(heirs, None)
            if found is None and heir is None:
                yield Drift("agent", agent, "is gone")
            elif found is None and heir is not None:
                changes = _changes(was, there[heir])
                yield Drift("agent", agent, "; ".join((f"became {heir}", *changes)))
            elif found is not None and found.definition != was.definition:
                changes = _changes(was, found) or ("is declared otherwise",)
                yield Drift("agent", agent, "; ".join(changes))


def _changes(was: LockedAgent, found: LockedAgent) -> tuple[str, ...]:
    changes = [
        f"takes {found.inputs.get(name, 'no')} as {name} instead of {was.inputs.get(name, 'none')}"
        for name in dict.fromkeys((*was.inputs, *found.inputs))
        if found.inputs.get(name) != was.inputs.get(name)
    ]
    if found.output != was.output:
        changes.append(f"gives {found.output} instead of {was.output}")
    return tuple(changes)


def _named(seal: SealedDistribution) -> str:
    return f"{seal.version} ({seal.record[:19] or 'no RECORD'})"


def _unversioned(agent: AgentId) -> str:
    return agent.rpartition("@")[0]
