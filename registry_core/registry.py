"""The registry: from what is installed to what comes out of a run.

    DiscoveryReport -> Catalog -> PlanSearch -> Pipeline -> RunResult

The one place where the rooms meet; every decision is made in one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from registry_core.catalog.catalog import Catalog
from registry_core.catalog.entry import CatalogEntry
from registry_core.catalog.merge import Contribution, merge
from registry_core.discovery.report import PluginRecord
from registry_core.errors import AmbiguousNameError, Fault, PipelineError, UnknownNameError
from registry_core.names import AgentId, SchemaId
from registry_core.pipeline.binding import bind
from registry_core.pipeline.pipeline import Pipeline
from registry_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from registry_core.definitions.agent import AgentDefinition
    from registry_core.definitions.middleware import MiddlewareFunction
    from registry_core.definitions.schema import SchemaDefinition
    from registry_core.discovery.report import DiscoveryReport
    from registry_core.pipeline.plan import Objective, Plan, PlanSearch
    from registry_core.results.events import Observer
    from registry_core.results.run import RunResult
    from registry_core.runtime.engine import RunOptions
    from registry_core.runtime.middleware import ActiveMiddleware

__all__ = ["LOCAL", "Registry", "SchemaLike"]

LOCAL = "local"
"""Distribution of agents that come from code and not from a package."""

SchemaLike: TypeAlias = object
"""A schema's name or id as text, or a Python type that has a schema."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Agents that can be found, planned with and run.

    A registry never changes; :meth:`with_agents` and :meth:`without` return another one.

    Attributes:
        catalog: All agents with their indexes.
        plugins: One record for each installed plugin, the failed too.
        settings: What the user decided.
        local: Agents from code, by id.

    >>> from registry_core import agent
    >>> @agent
    ... def count_words(text: str) -> int:
    ...     return len(text.split())
    >>> registry = Registry().with_agents(count_words)
    >>> registry.run_sync(registry.plan(have=[str], want=[int]), "one two three").output
    3
    """

    catalog: Catalog = field(default_factory=Catalog)
    plugins: tuple[PluginRecord, ...] = ()
    settings: Settings = field(default_factory=Settings)
    local: Mapping[AgentId, Callable[..., object]] = field(
        default_factory=dict[AgentId, Callable[..., object]]
    )

    @classmethod
    def discover(
        cls, *, settings: Settings | None = None, path: Iterable[str] | None = None
    ) -> Registry:
        """Return the registry of everything that is installed; imports no plugin.

        Args:
            settings: What the user decided; read from the configuration file unless given.
            path: Folders to search; the interpreter's own unless given.

        Raises:
            ConfigError: If the configuration file cannot be used.
        """
        from registry_core.discovery.discover import discover

        settings = settings or load_settings()
        return cls.of(discover(settings, path=path), settings)

    @classmethod
    def of(cls, report: DiscoveryReport, settings: Settings | None = None) -> Registry:
        """Return the registry of the plugins in *report* that can be used."""
        settings = settings or Settings()
        contributions = (
            Contribution(r.distribution, r.version, r.manifest, contested=r.state == "conflict")
            for r in report.plugins
            if r.manifest is not None and r.state in {"ok", "conflict"}
        )
        return cls(merge(contributions, pins=settings.pins), report.plugins, settings)

    def with_agents(self, *agents: Callable[..., object], replacing: bool = False) -> Registry:
        """Return this registry with agents from code, under the distribution ``local``.

        Args:
            agents: Functions and classes decorated with ``@agent``.
            replacing: Whether one may take the id of one that is there.

        Raises:
            DefinitionError: If one of them is not a valid agent.
            DuplicateAgentError: If an id is taken, unless *replacing*.
        """
        from registry_core.authoring.declaration import declare

        entries: list[CatalogEntry] = []
        schemas: list[SchemaDefinition] = []
        local = dict(self.local)
        for target in agents:
            declared = declare(target)
            definition = declared.definition
            agent = AgentId.of(LOCAL, definition.name, definition.version or "0")
            entries.append(CatalogEntry(agent, definition))
            schemas.extend(declared.schemas)
            local[agent] = target
        catalog = self.catalog.adding(entries, schemas=schemas, replacing=replacing)
        return replace(self, catalog=catalog, local=local)

    def without(self, *names: str) -> Registry:
        """Return this registry without the agents that *names* lead to.

        Raises:
            UnknownNameError: If nothing has one of the names.
            AmbiguousNameError: If several have.
        """
        return replace(self, catalog=self.catalog.removing(map(self.catalog.resolve, names)))

    def plan(
        self,
        *,
        have: Iterable[SchemaLike] = (),
        want: Iterable[SchemaLike] = (),
        capabilities: Iterable[str] = (),
        exclude: Iterable[str] = (),
        require: Iterable[str] = (),
        max_stages: int | None = None,
        objective: Objective = "stages",
    ) -> Plan:
        """Return the best plan; see :meth:`plans`.

        Raises:
            NoPlanError: If there is none.
        """
        search = self.plans(
            have=have,
            want=want,
            capabilities=capabilities,
            exclude=exclude,
            require=require,
            max_stages=max_stages,
            objective=objective,
        )
        return search.best

    def plans(
        self,
        *,
        have: Iterable[SchemaLike] = (),
        want: Iterable[SchemaLike] = (),
        capabilities: Iterable[str] = (),
        exclude: Iterable[str] = (),
        require: Iterable[str] = (),
        max_stages: int | None = None,
        objective: Objective = "stages",
        limit: int = 1,
    ) -> PlanSearch:
        """Return the best plans for a goal; nothing of a plugin is executed.

        Args:
            have: Schemas of the values at hand: names, ids or Python types.
            want: Schemas of the values that must come out.
            capabilities: Capabilities to pass through, one stage each, in this order; instead
                of or beside the two ends.
            exclude: Agents that must not be used.
            require: Agents that must be used.
            max_stages: Most stages a plan may have.
            objective: What to make as small as possible.
            limit: Most plans to return.

        Raises:
            NoPlanError: If there is none, with how far the search got and what is missing.
            NameLookupError: If a name leads to nothing, or to several things.
        """
        from registry_core.composer.chaining import find_chains
        from registry_core.composer.goal import Goal
        from registry_core.composer.planning import find_plans

        catalog, given = _resolved(self.catalog, have)
        catalog, wanted = _resolved(catalog, want)
        goal = Goal(
            have=given,
            want=wanted,
            capabilities=tuple(map(catalog.resolve_capability, capabilities)),
            exclude=frozenset(map(catalog.resolve, exclude)),
            require=frozenset(map(catalog.resolve, require)),
            max_stages=max_stages,
            objective=objective,
        )
        find = find_chains if goal.capabilities else find_plans
        return find(catalog, goal, limit=limit)

    def bind(self, pipeline: Pipeline) -> Pipeline:
        """Return *pipeline* with full ids and a source for every input.

        Raises:
            PipelineError: If it is not valid here; all faults at once.
        """
        return bind(pipeline, self._with_local(pipeline).catalog)

    async def run(
        self,
        what: Plan | Pipeline | str,
        /,
        *values: object,
        inputs: Mapping[str, object] | None = None,
        middleware: Iterable[str] = (),
        observers: Sequence[Observer] = (),
        options: RunOptions | None = None,
    ) -> RunResult:
        """Return what came out of running *what*.

        Args:
            what: A plan, a pipeline, or the name of one agent.
            values: Values for its inputs, in their order: objects, or JSON.
            inputs: Values for its inputs by name.
            middleware: Middleware to wrap around it, beside those in the settings.
            observers: Called with each event.
            options: Deadlines and metadata.

        Raises:
            PipelineError: If the pipeline is not valid, or the values are not its inputs.
            AgentLoadError: If a middleware's code cannot be brought in.
            asyncio.CancelledError: If the calling task is cancelled; ``result`` of the
                exception is the result so far.
        """
        from registry_core.runtime.engine import RunOptions, execute

        if isinstance(what, str):
            what = Pipeline("single").stage(what)
        if isinstance(what, Pipeline):
            known = self._with_local(what)
            pipeline = bind(what, known.catalog)
        else:
            known, pipeline = self, what.pipeline
        options = options or RunOptions(attempt_timeout_seconds=self.settings.run.timeout_seconds)
        return await execute(
            pipeline,
            _by_input(pipeline, values, inputs or {}),
            agents=_Source(known),
            middleware=known.active_middleware(middleware),
            observers=observers,
            options=options,
        )

    def run_sync(
        self,
        what: Plan | Pipeline | str,
        /,
        *values: object,
        inputs: Mapping[str, object] | None = None,
        middleware: Iterable[str] = (),
        observers: Sequence[Observer] = (),
        options: RunOptions | None = None,
    ) -> RunResult:
        """Return what :meth:`run` returns, from code that is not async."""
        return asyncio.run(
            self.run(
                what,
                *values,
                inputs=inputs,
                middleware=middleware,
                observers=observers,
                options=options,
            )
        )

    def _with_local(self, pipeline: Pipeline) -> Registry:
        return self.with_agents(*pipeline.local, replacing=True) if pipeline.local else self

    def active_middleware(self, names: Iterable[str] = ()) -> tuple[ActiveMiddleware, ...]:
        """Return the middleware of the settings and of *names*, with its code.

        Raises:
            UnknownNameError: If nobody offers one of them.
            AgentLoadError: If its code cannot be brought in.
        """
        wanted = dict.fromkeys((*self.settings.run.middleware, *names))
        return tuple(_middleware(self.plugins, name) for name in wanted)


class _Source:
    """Where the runtime takes agents from."""

    def __init__(self, registry: Registry) -> None:
        self._catalog = registry.catalog
        self._local = registry.local
        self._places = {r.distribution: Path(r.location) for r in registry.plugins}

    def definition(self, agent: AgentId) -> AgentDefinition:
        """Return what everybody may know of *agent*."""
        return self._catalog.definition(agent)

    def load(self, agent: AgentId) -> Callable[..., object]:
        """Return its code."""
        from registry_core.discovery.loading import load_target

        if agent in self._local:
            return self._local[agent]
        target = self.definition(agent).target
        return load_target(agent, target, metadata=self._places[agent.distribution])


def _resolved(
    catalog: Catalog, likes: Iterable[SchemaLike]
) -> tuple[Catalog, tuple[SchemaId, ...]]:
    """Return the schemas that *likes* stand for, and a catalog that knows them."""
    from registry_core.schemas.from_model import schema_of

    found: list[SchemaId] = []
    for like in likes:
        if isinstance(like, str):
            found.append(catalog.resolve_schema(like))
        else:
            definition = schema_of(like)
            catalog = replace(catalog, schemas=catalog.schemas.describing([definition]))
            found.append(definition.id)
    return catalog, tuple(found)


def _by_input(
    pipeline: Pipeline, values: tuple[object, ...], named: Mapping[str, object]
) -> dict[str, object]:
    names = [declared.name for declared in pipeline.inputs]
    given = dict(zip(names, values, strict=False)) | dict(named)
    faults = [Fault(name, "was not given") for name in names if name not in given]
    faults += [Fault(name, "is no input of this pipeline") for name in named if name not in names]
    if len(values) > len(names):
        faults.append(Fault("values", f"{len(values)} were given for {len(names)} inputs"))
    if faults:
        raise PipelineError(pipeline.name, faults)
    return given


def _middleware(plugins: Sequence[PluginRecord], name: str) -> ActiveMiddleware:
    from registry_core.discovery.loading import load_target
    from registry_core.runtime.middleware import ActiveMiddleware

    offered = [
        (f"{record.distribution}/{item.name}", item, record)
        for record in plugins
        if record.manifest is not None and record.state == "ok"
        for item in record.manifest.middleware
    ]
    found = [offer for offer in offered if name in {offer[0], offer[1].name}]
    if not found:
        raise UnknownNameError("middleware", name, [full for full, _, _ in offered])
    if len(found) > 1:
        raise AmbiguousNameError("middleware", name, [full for full, _, _ in found])
    full, definition, record = found[0]
    code = load_target(full, definition.target, metadata=Path(record.location))
    return ActiveMiddleware(full, definition, cast("MiddlewareFunction", code))
