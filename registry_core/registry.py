"""The registry: from what is installed to what comes out of a run.

    DiscoveryReport -> Catalog -> PlanSearch -> Pipeline -> RunResult

The one place where the rooms meet; every decision is made in one of them.
"""

from __future__ import annotations

from registry_core.discovery.installation import Installation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Mapping
    from typing import TypeAlias, Unpack

    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.ranking import Evidence
    from registry_core.composer.suggesting import Chained
    from registry_core.composer.terms import GoalTerms
    from registry_core.discovery.report import DiscoveryReport, PluginRecord
    from registry_core.discovery.rows import AgentRow
    from registry_core.names import AgentId
    from registry_core.pipeline.pipeline import Pipeline
    from registry_core.pipeline.plan import Plan, PlanSearch
    from registry_core.results.batch import BatchResult
    from registry_core.results.metrics import MetricsSnapshot
    from registry_core.results.run import RunResult
    from registry_core.running import Runnable, Runner, RunTerms
    from registry_core.runtime.batch import BatchStream
    from registry_core.runtime.batching_options import BatchOptions
    from registry_core.runtime.batching_progress import TellProgress
    from registry_core.settings.sources import SettingsSource
    from registry_core.settings.values import Settings
    from registry_core.store.store import Store

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

    __slots__ = ("_runner", "installed", "local")

    def __init__(
        self,
        installed: Installation | None = None,
        local: Mapping[AgentId, Callable[..., object]] | None = None,
    ) -> None:
        """Start from what is *installed*, and agents from code by id; from nothing when empty."""
        self.installed = installed or Installation()
        self.local: Mapping[AgentId, Callable[..., object]] = local or {}
        self._runner: Runner | None = None

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
        away = self._runner.refusing() if self._runner else ()
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

        runner, adopted = self.runner.adopting(pipeline)
        return bind(adopted, runner.installed.catalog)

    async def run(
        self,
        what: Runnable,
        /,
        *values: object,
        inputs: Mapping[str, object] | None = None,
        **terms: Unpack[RunTerms],
    ) -> RunResult:
        """Return what came out of running *what*.

        Args:
            what: A plan, a pipeline, or one agent: its name, or the decorated code itself.
            values: Values for its inputs, in their order: objects, or JSON.
            inputs: Values for its inputs by name; those of one agent may be optional ones.
            terms: How it is run, such as *middleware*, *observers*, *options* and *store*; each
                term is told in :class:`registry_core.running.RunTerms`.

        Raises:
            PipelineError: If the pipeline is not valid, or the values are not its inputs.
            UnknownNameError: If an agent, a middleware or a collector is not here.
            AgentLoadError: If a middleware's code cannot be brought in, or an agent is quarantined.
            StoreError: If the run was to be kept and cannot be.
            asyncio.CancelledError: If the calling task is cancelled; ``result`` of the
                exception is the result so far.
        """
        return await self.runner.run(what, values, inputs or {}, terms)

    def run_sync(
        self,
        what: Runnable,
        /,
        *values: object,
        inputs: Mapping[str, object] | None = None,
        **terms: Unpack[RunTerms],
    ) -> RunResult:
        """Return what :meth:`run` returns, from code that is not async.

        Raises:
            RuntimeError: If an event loop runs already, as it does in a notebook.
        """
        from registry_core.runtime.engine import run_blocking

        try:
            return run_blocking(lambda: self.run(what, *values, inputs=inputs, **terms))
        finally:
            self.runner.collectors().wait(1.0)

    async def resume(
        self,
        store: Store,
        run: str,
        /,
        *,
        retry_in_doubt: bool = False,
        accept_drift: bool = False,
        **terms: Unpack[RunTerms],
    ) -> RunResult:
        """Return what came out of a kept run, once it has gone on from where it was cut.

        Args:
            store: Where it is kept.
            run: Its id, or the beginning of it.
            retry_in_doubt: Whether to run stages again that may have had their effect already.
            accept_drift: Whether to go on although what the run was decided on has changed.
            terms: How the rest is run, as in :meth:`run`.

        Raises:
            UnknownNameError: If no kept run begins so.
            ResumeError: If it is not to go on, and why.
            StoreError: If the store cannot be used.
        """
        return await self.runner.resume(
            store, run, terms, retry_in_doubt=retry_in_doubt, accept_drift=accept_drift
        )

    async def batch(
        self,
        what: Runnable,
        items: Iterable[object] | AsyncIterable[object],
        *,
        batch: BatchOptions | None = None,
        key: Callable[[object], str] | None = None,
        progress: TellProgress | None = None,
        **terms: Unpack[RunTerms],
    ) -> BatchResult:
        """Return what became of running *what*, which takes one value, on each of *items*.

        Args:
            what: A plan, a pipeline, or one agent.
            items: The values; pulled as there is room for them.
            batch: How many at once, in which order, how long, what to keep.
            key: Names an item in its record.
            progress: Told how far the batch is.
            terms: How each item is run, as in :meth:`run`.

        Raises:
            PipelineError: If the pipeline is not valid, or takes more than one value.
            UnknownNameError: If an agent, a middleware or a collector is not here.
            asyncio.CancelledError: If the calling task is cancelled; ``batch_result_of`` gives
                the result so far.
        """
        from registry_core.runtime.batch import run_batch
        from registry_core.runtime.batching_options import BatchOptions

        work = self.runner.work(what, terms)
        options = batch or BatchOptions()
        return await run_batch(items, work, options=options, key=key, progress=progress)

    def stream(
        self,
        what: Runnable,
        items: Iterable[object] | AsyncIterable[object],
        *,
        batch: BatchOptions | None = None,
        key: Callable[[object], str] | None = None,
        progress: TellProgress | None = None,
        **terms: Unpack[RunTerms],
    ) -> BatchStream[object]:
        """Return the records of :meth:`batch` as they come, in constant memory."""
        from registry_core.runtime.batch import stream_batch
        from registry_core.runtime.batching_options import BatchOptions

        work = self.runner.work(what, terms)
        options = batch or BatchOptions()
        return stream_batch(items, work, options=options, key=key, progress=progress)

    @property
    def metrics(self) -> MetricsSnapshot:
        """What was counted and timed of the runs of this registry up to now."""
        return self.runner.host.metrics.snapshot()

    @property
    def runner(self) -> Runner:
        """Who runs what is in this registry, and keeps what was found out for it."""
        if self._runner is None:
            from registry_core.running import Runner

            self._runner = Runner(self.installed, self.local)
        return self._runner
