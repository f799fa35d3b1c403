"""From what is wanted to a bound pipeline, its code and what comes out of it.

What a :class:`Runner` has found out once it keeps: an agent's code is read once, a plan is
bound once, a chain is compiled once, and all runs share one host.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypedDict, TypeVar

from registry_core.discovery.loading import Loader
from registry_core.discovery.local import adopt, join, wrap
from registry_core.errors import Fault, PipelineError
from registry_core.pipeline.binding import bind
from registry_core.pipeline.calling import by_input, sources_for
from registry_core.pipeline.pipeline import Pipeline
from registry_core.pipeline.plan import Plan
from registry_core.runtime.agents import Blueprints
from registry_core.runtime.clock import SystemClock, utc_now
from registry_core.runtime.compiling import Chains
from registry_core.runtime.engine import execute
from registry_core.runtime.host import Host
from registry_core.runtime.ids import run_id
from registry_core.runtime.items import work_of
from registry_core.runtime.middleware import ActiveMiddleware
from registry_core.runtime.observing import ObserverFeed
from registry_core.runtime.scope import RunOptions
from registry_core.runtime.terms import Terms
from registry_core.settings.references import agent_config
from registry_core.settings.sources import environment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from registry_core.definitions.middleware import MiddlewareFunction
    from registry_core.discovery.installation import Installation
    from registry_core.names import AgentId
    from registry_core.results.batch import Outcome
    from registry_core.results.durable import EarlierRun, RunKeeper
    from registry_core.results.events import Observer
    from registry_core.results.run import RunResult
    from registry_core.store.store import Store

    Runnable: TypeAlias = Plan | Pipeline | str | Callable[..., object]
    Work: TypeAlias = Callable[[object], Awaitable[Outcome]]

__all__ = ["RunTerms", "Runner"]

_MOST_KEPT = 128


class RunTerms(TypedDict, total=False):
    """How something is run.

    Attributes:
        middleware: Middleware to wrap around it, beside those in the settings: names, or
            decorated code.
        observers: Called with each event, beside the collectors in the settings.
        options: Deadlines and metadata.
        store: Keeps the run, so that it can be gone on with.
    """

    middleware: Iterable[str | MiddlewareFunction]
    observers: Sequence[Observer]
    options: RunOptions
    store: Store


class Runner:
    """Runs what one registry knows.

    Attributes:
        installed: What is installed.
        local: Agents from code, by id.
    """

    __slots__ = (
        "_chains",
        "_feed",
        "_host",
        "_layers",
        "_loader",
        "_ready",
        "_unasked",
        "installed",
        "local",
    )

    def __init__(
        self,
        installed: Installation,
        local: Mapping[AgentId, Callable[..., object]],
        host: Host | None = None,
    ) -> None:
        """Know what there is; nothing is read or imported yet."""
        self.installed = installed
        self.local = local
        self._host = host
        self._loader: Loader | None = None
        self._chains: Chains | None = None
        self._feed: ObserverFeed | None = None
        self._unasked: RunOptions | None = None
        self._layers: dict[tuple[object, ...], tuple[ActiveMiddleware, ...]] = {}
        self._ready: dict[tuple[object, ...], tuple[object, Runner, Pipeline]] = {}

    @property
    def host(self) -> Host:
        """What all runs share."""
        if self._host is None:
            settings = self.installed.settings
            run = settings.run
            self._host = Host(run.breaker, run.retries, run.capacity, settings.isolation)
        return self._host

    @property
    def loader(self) -> Loader:
        """The way to the code of what is here; it keeps what it brought in."""
        if self._loader is None:
            known = self.installed
            self._loader = Loader(
                known.report.plugins,
                known.settings.plugins,
                catalog=known.catalog,
                local=self.local,
                isolation=known.settings.isolation,
            )
        return self._loader

    @property
    def chains(self) -> Chains:
        """What is known of the agents' code, and the pipelines that were compiled."""
        if self._chains is None:
            settings = self.installed.settings
            configure = partial(agent_config, settings=settings, variables=environment())
            self._chains = Chains(Blueprints(self.loader, self.host, configure, self.loader.place))
        return self._chains

    def refusing(self) -> tuple[AgentId, ...]:
        """Return the agents whose breakers would refuse every call now, sorted."""
        return self.host.breakers.refusing(SystemClock.monotonic())

    def layers(
        self, wanted: Iterable[str | MiddlewareFunction] = ()
    ) -> tuple[ActiveMiddleware, ...]:
        """Return the middleware of the settings and what else is *wanted*, with its code.

        Raises:
            UnknownNameError: If nobody offers one of them.
            AgentLoadError: If its code cannot be brought in.
            DefinitionError: If code is not a valid middleware.
        """
        asked = tuple(dict.fromkeys((*self.installed.settings.run.middleware, *wanted)))
        layers = self._layers.get(asked)
        if layers is None:
            found = (self.loader.middleware(a) if isinstance(a, str) else wrap(a) for a in asked)
            layers = tuple(ActiveMiddleware(*offer) for offer in found)
            _keep(self._layers, asked, layers)
        return layers

    def ready(
        self, what: Runnable, count: int, named: Collection[str] = ()
    ) -> tuple[Runner, Pipeline]:
        """Return who runs *what*, given *count* values and those *named*, and the bound pipeline.

        Raises:
            PipelineError: If it is not valid here; all faults at once.
            UnknownNameError: If an agent is not here.
            AgentLoadError: If an agent is in quarantine.
        """
        key: tuple[object, ...] = (
            what if isinstance(what, str) else id(what),
            count,
            *sorted(named),
        )
        kept = self._ready.get(key)
        if kept is None:
            kept = (what, *self._made_ready(what, count, named))  # so that no id is used again
            _keep(self._ready, key, kept)
        return kept[1], kept[2]

    def _made_ready(
        self, what: Runnable, count: int, named: Collection[str]
    ) -> tuple[Runner, Pipeline]:
        if isinstance(what, Plan):
            # What it was planned with may be gone: better said before anything runs.
            self._refuse(what.pipeline)
            for stage in what.pipeline.stages:
                self.installed.catalog.entry(stage.agent)
            return self, what.pipeline
        pipeline = what if isinstance(what, Pipeline) else self._single(what, count, named)
        runner, adopted = self.adopting(pipeline)
        self._refuse(adopted)
        return runner, bind(adopted, runner.installed.catalog)

    def adopting(self, pipeline: Pipeline) -> tuple[Runner, Pipeline]:
        """Return who knows the pipeline's own agents as well, and the pipeline with their ids."""
        adopted, own = adopt(pipeline)
        if not own:
            return self, adopted
        catalog, local = join(self.installed.catalog, self.local, own, replacing=True)
        return Runner(self.installed.replacing(catalog), local, self.host), adopted

    async def run(
        self,
        what: Runnable,
        values: Sequence[object],
        inputs: Mapping[str, object],
        terms: RunTerms,
    ) -> RunResult:
        """Return what came out of running *what* on *values*, and on *inputs* by name."""
        runner, pipeline = self.ready(what, len(values), inputs)
        given = by_input(pipeline, values, inputs)
        store = terms.get("store")
        if store is None:
            return await runner.execute(pipeline, given, terms)
        return await runner.keep(store, pipeline, given, terms)

    async def execute(
        self,
        pipeline: Pipeline,
        values: Mapping[str, object],
        terms: RunTerms,
        *,
        keeper: RunKeeper | None = None,
        earlier: EarlierRun | None = None,
    ) -> RunResult:
        """Return what came out of one run of a bound *pipeline*; see the engine's own."""
        return await execute(
            pipeline,
            values,
            agents=self.chains,
            middleware=self.layers(terms.get("middleware", ())),
            observers=terms.get("observers", ()),
            feed=self.collectors(),
            options=self._options(terms),
            keeper=keeper,
            earlier=earlier,
        )

    async def resume(
        self,
        store: Store,
        beginning: str,
        terms: RunTerms,
        *,
        retry_in_doubt: bool = False,
        accept_drift: bool = False,
    ) -> RunResult:
        """Return what came out of a kept run, once it has gone on from where it was cut."""
        from registry_core.store.resuming import resume

        found = resume(
            store,
            store.find(beginning),
            self.installed.catalog,
            retry_in_doubt=retry_in_doubt,
            accept_drift=accept_drift,
        )
        with found.keeper as keeper:
            return await self.execute(
                found.pipeline, found.values, terms, keeper=keeper, earlier=found.earlier
            )

    def work(self, what: Runnable, terms: RunTerms) -> Work:
        """Return what runs one item of a batch: the value of *what*'s one input.

        Raises:
            PipelineError: If it is not valid here, or takes more than one value.
        """
        runner, pipeline = self.ready(what, 1)
        if "store" in terms:
            fault = Fault("store", "items are not kept; run them one by one to keep them")
            raise PipelineError(pipeline.name, [fault])
        terms_of_each = Terms(
            pipeline,
            runner.chains.blueprints,
            runner.layers(terms.get("middleware", ())),
            tuple(filter(None, (runner.collectors(),))),
            self._options(terms),
        )
        if len(pipeline.inputs) != 1:
            fault = Fault("inputs", f"an item is one value, and it takes {len(pipeline.inputs)}")
            raise PipelineError(pipeline.name, [fault])
        observers = tuple(terms.get("observers", ()))
        return work_of(terms_of_each, runner.chains, pipeline.inputs[0].name, observers)

    async def keep(
        self, store: Store, pipeline: Pipeline, values: Mapping[str, object], terms: RunTerms
    ) -> RunResult:
        """Return what came out of one run of a bound *pipeline* that *store* keeps.

        Raises:
            DefinitionError: If a value has no JSON form, so that no other process could have it.
            StoreError: If the run cannot be kept.
        """
        from registry_core.store.resuming import head_of_run

        options = self._options(terms)
        moment = utc_now(SystemClock())
        head = head_of_run(
            pipeline,
            values,
            self.installed.catalog,
            run_id=options.run_id or run_id(moment),
            started_at=moment.isoformat(),
            metadata=options.metadata,
        )
        named = terms.copy()
        named["options"] = replace(options, run_id=head.run_id)
        with store.begin(head) as keeper:
            return await self.execute(pipeline, values, named, keeper=keeper)

    def _single(
        self, agent: str | Callable[..., object], count: int, named: Collection[str]
    ) -> Pipeline:
        """Return the pipeline of one agent, which takes *count* values and those *named*."""
        runner, adopted = self.adopting(Pipeline("single").stage(agent, id="only"))
        catalog = runner.installed.catalog
        definition = catalog.definition(runner.installed.resolve(adopted.stages[0].agent))
        return Pipeline("single").stage(
            agent, id="only", sources=sources_for(definition, count, named)
        )

    def _refuse(self, pipeline: Pipeline) -> None:
        self.installed.refuse_quarantined(*(stage.agent for stage in pipeline.stages))

    def _options(self, terms: RunTerms) -> RunOptions:
        given = terms.get("options")
        if given is None and self._unasked is not None:
            return self._unasked
        seconds = self.installed.settings.run.timeout_seconds
        if given is None:
            self._unasked = RunOptions(attempt_timeout_seconds=seconds)
            return self._unasked
        if given.attempt_timeout_seconds is None:
            return replace(given, attempt_timeout_seconds=seconds)
        return given

    def collectors(self) -> ObserverFeed:
        """Return what leads to the collectors of the settings."""
        if self._feed is None:
            collectors = self.installed.settings.run.collectors
            self._feed = ObserverFeed(self.loader.observers(collectors))
        return self._feed


ValueT = TypeVar("ValueT")


def _keep(kept: dict[tuple[object, ...], ValueT], key: tuple[object, ...], value: ValueT) -> None:
    if len(kept) >= _MOST_KEPT:
        del kept[next(iter(kept))]
    kept[key] = value
