"""The registry: from what is installed to what comes out of a run.

    DiscoveryReport -> Catalog -> PlanSearch -> Pipeline -> RunResult

The one place where the rooms meet; every decision is made in one of them.
"""

from __future__ import annotations

from registry_core.discovery.installation import Installation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeAlias, Unpack

    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.ranking import Evidence
    from registry_core.composer.suggesting import Chained
    from registry_core.composer.terms import GoalTerms
    from registry_core.definitions.middleware import MiddlewareFunction
    from registry_core.discovery.loading import Loader
    from registry_core.discovery.report import DiscoveryReport, PluginRecord
    from registry_core.discovery.rows import AgentRow
    from registry_core.names import AgentId
    from registry_core.pipeline.pipeline import Pipeline
    from registry_core.pipeline.plan import Plan, PlanSearch
    from registry_core.results.events import Observer
    from registry_core.results.run import RunResult
    from registry_core.runtime.agents import Blueprints
    from registry_core.runtime.middleware import ActiveMiddleware
    from registry_core.runtime.scope import RunOptions
    from registry_core.settings.sources import SettingsSource
    from registry_core.settings.values import Settings

    SchemaLike: TypeAlias = object  # a name or id as text, or a Python type that has a schema
else:
    SchemaLike = object

__all__ = ["Registry", "SchemaLike"]


class Registry:  # noqa: PLR0904 -- one method a verb
    """Agents that can be found, planned with and run.

    A registry never changes; :meth:`with_agents` and :meth:`without` return another one.
    Nothing is imported or decoded before it is asked for: the ids of all agents, and what a
    name leads to, come out of the index as it is.

    Attributes:
        installed: What is installed, with lists that decode nothing.
        local: Agents from code, by id.

    >>> from registry_core import agent
    >>> @agent
    ... def count_words(text: str) -> int:
    ...     return len(text.split())
    >>> registry = Registry().with_agents(count_words)
    >>> registry.run_sync(registry.plan(have=[str], want=[int]), "one two three").output
    3
    """

    __slots__ = ("_blueprints", "_loader", "installed", "local")

    def __init__(
        self,
        installed: Installation | None = None,
        local: Mapping[AgentId, Callable[..., object]] | None = None,
    ) -> None:
        """Start from what is *installed*, and agents from code by id; from nothing when empty."""
        self.installed = installed or Installation()
        self.local: Mapping[AgentId, Callable[..., object]] = local or {}
        self._blueprints: Blueprints | None = None
        self._loader: Loader | None = None

    @classmethod
    def discover(
        cls,
        *,
        settings: Settings | SettingsSource | None = None,
        path: Iterable[str] | None = None,
        rescan: bool = False,
    ) -> Registry:
        """Return the registry of everything that is installed; imports no plugin.

        Args:
            settings: What the user decided, or where that is written; the configuration
                file and the environment unless given.
            path: Folders to search; the interpreter's own unless given. Only the interpreter's
                own are cached.
            rescan: Whether to read every file again, whatever the cache says.

        Raises:
            ConfigError: If the configuration file cannot be used.
        """
        from registry_core.discovery.index import open_index
        from registry_core.settings.sources import SettingsSource, user_cache_folder

        source = settings or SettingsSource()
        cache = user_cache_folder() if path is None else ""
        index = open_index(source, path=path, cache=cache, rescan=rescan)
        return cls(Installation(settings=source, index=index, cache=cache))

    @classmethod
    def of(cls, report: DiscoveryReport, settings: Settings | None = None) -> Registry:
        """Return the registry of the plugins in *report* that can be used."""
        return cls(Installation(report, settings))

    @property
    def catalog(self) -> Catalog:
        """All agents with their indexes."""
        return self.installed.catalog

    @property
    def report(self) -> DiscoveryReport:
        """What discovery found: a record for each plugin, and the conflicts."""
        return self.installed.report

    @property
    def plugins(self) -> tuple[PluginRecord, ...]:
        """One record for each installed plugin, the failed too."""
        return self.report.plugins

    @property
    def settings(self) -> Settings:
        """What the user decided."""
        return self.installed.settings

    @property
    def agents(self) -> tuple[AgentId, ...]:
        """The ids of all agents, sorted."""
        return self.installed.agents

    @property
    def listing(self) -> tuple[AgentRow, ...]:
        """What a list shows of each agent, as plain values sorted by id."""
        return self.installed.listing

    def resolve(self, name: str) -> AgentId:
        """Return the id that *name* leads to.

        Args:
            name: A full id, ``distribution/agent``, or a short name that has one owner.

        Raises:
            UnknownNameError: If nothing has the name.
            AmbiguousNameError: If several have it and no pin decides.
            AgentLoadError: If it is the name of an agent in quarantine.
        """
        return self.installed.resolve(name)

    def with_agents(self, *agents: Callable[..., object], replacing: bool = False) -> Registry:
        """Return this registry with agents from code, under the distribution ``local``.

        Args:
            agents: Functions and classes decorated with ``@agent``; one that is there already
                changes nothing.
            replacing: Whether one may take the id of another that is there.

        Raises:
            DefinitionError: If one of them is not a valid agent.
            DuplicateAgentError: If an id belongs to another agent, unless *replacing*.
        """
        from registry_core.discovery.local import join

        catalog, local = join(self.catalog, self.local, agents, replacing=replacing)
        return Registry(self.installed.replacing(catalog), local)

    def without(self, *names: str) -> Registry:
        """Return this registry without the agents that *names* lead to.

        Raises:
            UnknownNameError: If nothing has one of the names.
            AmbiguousNameError: If several have.
        """
        kept = self.catalog.removing(map(self.catalog.resolve, names))
        local = {agent: target for agent, target in self.local.items() if agent in kept}
        return Registry(self.installed.replacing(kept), local)

    def plan(self, *, evidence: Evidence | None = None, **terms: Unpack[GoalTerms]) -> Plan:
        """Return the best plan; see :meth:`plans`.

        Raises:
            NoPlanError: If there is none.
        """
        return self.plans(evidence=evidence, **terms).best

    def plans(
        self, *, limit: int = 1, evidence: Evidence | None = None, **terms: Unpack[GoalTerms]
    ) -> PlanSearch:
        """Return the best plans for a goal; nothing of a plugin is executed.

        An optional input keeps its default, unless a given value or a required agent's output
        fits it that nothing else takes. Where an event loop must go on meanwhile, call it by
        ``asyncio.to_thread(registry.plans, ...)``.

        Args:
            limit: Most plans to return.
            evidence: What was measured of agents; what they declare counts without. Whoever is
                left alone, as by a breaker that runs here opened, is planned around if possible.
            terms: What is asked, such as *have*, *want* and *capabilities*; each term is told
                in :class:`registry_core.composer.terms.GoalTerms`.

        Raises:
            NoPlanError: If there is none, with how far the search got and what is missing.
            NameLookupError: If a name of an agent or a schema leads to nothing, or to several.
            InvalidNameError: If a capability could not be the name of one.
        """
        from registry_core.composer.choosing import choose_plans
        from registry_core.composer.terms import goal_of

        goal = goal_of(self.catalog, **terms)
        weights = self.settings.ranking
        away = self._blueprints.refusing() if self._blueprints else ()
        return choose_plans(*goal, evidence=evidence, weights=weights, away=away, limit=limit)

    def suggest(
        self,
        start: str,
        end: str,
        *,
        limit: int = 10,
        max_stages: int = 6,
        objective: Chained = "stages",
    ) -> PlanSearch:
        """Return chains of agents from the capability *start* to the capability *end*, best first.

        Unlike a plan, a chain may hold agents that it could do without.

        Args:
            start: Capability of the first agent; versions may follow it.
            end: Capability of the last one, which may be the first one.
            limit: Most chains to return.
            max_stages: Most agents in a chain.
            objective: Whether short chains or cheap ones come first; then ids decide.

        Raises:
            NoPlanError: If there is none.
            InvalidNameError: If one of them could not be the name of a capability.
        """
        from registry_core.composer.goal import CapabilityTerm
        from registry_core.composer.suggesting import suggest

        ends = CapabilityTerm.parse(start), CapabilityTerm.parse(end)
        return suggest(self.catalog, *ends, limit=limit, max_stages=max_stages, objective=objective)

    def bind(self, pipeline: Pipeline) -> Pipeline:
        """Return *pipeline* with full ids and a source for every input.

        Raises:
            PipelineError: If it is not valid here; all faults at once.
        """
        from registry_core.pipeline.binding import bind

        known, adopted = self._adopting(pipeline)
        return bind(adopted, known.catalog)

    async def run(
        self,
        what: Plan | Pipeline | str | Callable[..., object],
        /,
        *values: object,
        inputs: Mapping[str, object] | None = None,
        middleware: Iterable[str | MiddlewareFunction] = (),
        observers: Sequence[Observer] = (),
        options: RunOptions | None = None,
    ) -> RunResult:
        """Return what came out of running *what*.

        Args:
            what: A plan, a pipeline, or one agent: its name, or the decorated code itself.
            values: Values for its inputs, in their order: objects, or JSON.
            inputs: Values for its inputs by name; those of one agent may be optional ones.
            middleware: Middleware to wrap around it, beside those in the settings: names, or
                decorated code.
            observers: Called with each event, beside the collectors in the settings.
            options: Deadlines and metadata.

        Raises:
            PipelineError: If the pipeline is not valid, or the values are not its inputs.
            UnknownNameError: If an agent, a middleware or a collector is not here.
            AgentLoadError: If a middleware's code cannot be brought in, or an agent is quarantined.
            asyncio.CancelledError: If the calling task is cancelled; ``result`` of the
                exception is the result so far.
        """
        from registry_core.pipeline.binding import bind
        from registry_core.pipeline.calling import by_input
        from registry_core.pipeline.pipeline import Pipeline
        from registry_core.pipeline.plan import Plan
        from registry_core.runtime.engine import execute
        from registry_core.runtime.scope import RunOptions

        if isinstance(what, Plan):
            self.installed.refuse_quarantined(*(stage.agent for stage in what.pipeline.stages))
            # What it was planned with may be gone: better said before anything runs.
            for stage in what.pipeline.stages:
                self.catalog.entry(stage.agent)
            known, pipeline = self, what.pipeline
        else:
            if not isinstance(what, Pipeline):
                what = self._single(what, len(values), inputs or {})
            known, adopted = self._adopting(what)
            self.installed.refuse_quarantined(*(stage.agent for stage in adopted.stages))
            pipeline = bind(adopted, known.catalog)
        options = options or RunOptions(attempt_timeout_seconds=self.settings.run.timeout_seconds)
        return await execute(
            pipeline,
            by_input(pipeline, values, inputs or {}),
            agents=known.blueprints(),
            middleware=known.active_middleware(middleware),
            observers=(*self.loader().observers(self.settings.run.collectors), *observers),
            options=options,
        )

    def run_sync(
        self,
        what: Plan | Pipeline | str | Callable[..., object],
        /,
        *values: object,
        inputs: Mapping[str, object] | None = None,
        middleware: Iterable[str | MiddlewareFunction] = (),
        observers: Sequence[Observer] = (),
        options: RunOptions | None = None,
    ) -> RunResult:
        """Return what :meth:`run` returns, from code that is not async.

        Raises:
            RuntimeError: If an event loop runs already, as it does in a notebook.
        """
        from registry_core.runtime.engine import run_blocking

        return run_blocking(
            lambda: self.run(
                what,
                *values,
                inputs=inputs,
                middleware=middleware,
                observers=observers,
                options=options,
            )
        )

    def _single(
        self, agent: str | Callable[..., object], count: int, named: Mapping[str, object]
    ) -> Pipeline:
        """Return the pipeline of one agent, which takes *count* values and those *named*."""
        from registry_core.pipeline.calling import sources_for
        from registry_core.pipeline.pipeline import Pipeline

        known, adopted = self._adopting(Pipeline("single").stage(agent, id="only"))
        definition = known.catalog.definition(known.resolve(adopted.stages[0].agent))
        sources = sources_for(definition, count, named)
        return Pipeline("single").stage(agent, id="only", sources=sources)

    def _adopting(self, pipeline: Pipeline) -> tuple[Registry, Pipeline]:
        """Return this registry with the pipeline's own agents, and the pipeline with their ids."""
        from registry_core.discovery.local import adopt

        adopted, own = adopt(pipeline)
        return (self.with_agents(*own, replacing=True) if own else self), adopted

    def active_middleware(
        self, wanted: Iterable[str | MiddlewareFunction] = ()
    ) -> tuple[ActiveMiddleware, ...]:
        """Return the middleware of the settings and what else is *wanted*, with its code.

        Raises:
            UnknownNameError: If nobody offers one of them.
            AgentLoadError: If its code cannot be brought in.
            DefinitionError: If code is not a valid middleware.
        """
        from registry_core.discovery.local import wrap
        from registry_core.runtime.middleware import ActiveMiddleware

        loader = self.loader()
        asked = dict.fromkeys((*self.settings.run.middleware, *wanted))
        found = (loader.middleware(a) if isinstance(a, str) else wrap(a) for a in asked)
        return tuple(ActiveMiddleware(*offer) for offer in found)

    def blueprints(self) -> Blueprints:
        """Return what is known of the agents' code; read once, by the first run that needs it."""
        from functools import partial

        from registry_core.runtime.agents import Blueprints
        from registry_core.settings.references import agent_config
        from registry_core.settings.sources import environment

        if self._blueprints is None:
            configure = partial(agent_config, settings=self.settings, variables=environment())
            self._blueprints = Blueprints(self.loader(), configure=configure)
        return self._blueprints

    def loader(self) -> Loader:
        """Return the way to the code of what is in this registry; it keeps what it brought in."""
        from registry_core.discovery.loading import Loader

        if self._loader is None:
            trusted = self.settings.plugins
            self._loader = Loader(self.plugins, trusted, catalog=self.catalog, local=self.local)
        return self._loader
