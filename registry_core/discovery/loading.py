"""Bring in an agent's code: the one place where plugin code is imported into this process."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar, cast

from registry_core.definitions.place import CodePlace
from registry_core.discovery.breadcrumbs import noting_import
from registry_core.discovery.guard import ForeignError, guarded
from registry_core.discovery.ownership import OwnedFiles
from registry_core.discovery.quarantine import refusal
from registry_core.discovery.trust import TrustList
from registry_core.errors import AgentLoadError, AmbiguousNameError, UnknownNameError
from registry_core.settings.choosing import PluginSettings
from registry_core.settings.pydantic_start import start_pydantic
from registry_core.settings.sources import user_cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from registry_core.catalog.catalog import Catalog
    from registry_core.definitions.agent import AgentDefinition
    from registry_core.definitions.collector import CollectorDefinition
    from registry_core.definitions.manifest import Manifest
    from registry_core.definitions.middleware import MiddlewareDefinition, MiddlewareFunction
    from registry_core.discovery.report import PluginRecord
    from registry_core.names import AgentId
    from registry_core.results.events import Event, Observer
    from registry_core.settings.limits import IsolationPolicy

__all__ = ["Loader", "load_place", "load_target"]

LoadedT = TypeVar("LoadedT")
OfferT = TypeVar("OfferT", "CollectorDefinition", "MiddlewareDefinition")

_log = logging.getLogger(__name__)


class Loader:
    """The way to the code of what plugins offer."""

    def __init__(
        self,
        records: Sequence[PluginRecord],
        settings: PluginSettings,
        *,
        catalog: Catalog,
        local: Mapping[AgentId, Callable[..., object]],
        isolation: IsolationPolicy | None = None,
    ) -> None:
        """Know the *records* of the plugins, and whom the user trusts.

        Args:
            records: The plugins.
            settings: What the user decided about them.
            catalog: What their agents declare.
            local: Agents from code, by id.
            isolation: Whose agents are not to be imported here; nobody's unless given.

        Raises:
            ConfigError: If the lock that the settings name cannot be read.
        """
        self._records = records
        self._trust = TrustList(settings)
        self._catalog = catalog
        self._local = local
        self._isolation = isolation
        self._loaded: dict[tuple[str, str], Callable[..., object]] = {}

    def definition(self, agent: AgentId) -> AgentDefinition:
        """Return what everybody may know of *agent*."""
        return self._catalog.definition(agent)

    def load(self, agent: AgentId) -> Callable[..., object]:
        """Return the code of *agent*.

        Raises:
            AgentLoadError: If it cannot be brought in.
        """
        if agent in self._local:
            return self._local[agent]
        target = self.definition(agent).target
        return self._load(agent, target, self._owner(agent, target))

    def place(self, agent: AgentId) -> CodePlace | None:
        """Return where the code of *agent* lies if it is not to be imported here.

        Raises:
            AgentLoadError: If the lock keeps it out.
        """
        if agent in self._local or self._isolation is None or not self._isolation.plugins:
            return None
        target = self.definition(agent).target
        owner = self._owner(agent, target)
        if not self._is_isolated(owner):
            return None
        place = CodePlace(
            plugin=owner.full_name,
            version=owner.version,
            metadata=owner.location,
            target=target,
            lock=self._trust.lock_file,
        )
        _refuse_unlocked(agent, place, self._trust)
        return place

    def middleware(self, name: str) -> tuple[str, MiddlewareDefinition, MiddlewareFunction]:
        """Return the full name, the declaration and the code of a middleware.

        Raises:
            UnknownNameError: If nobody offers it.
            AmbiguousNameError: If several do.
            AgentLoadError: If its code cannot be brought in, or its plugin is in quarantine.
        """
        full, definition, record = self._offer("middleware", name, lambda of: of.middleware)
        self._refuse_isolated(full, record)
        code = self._load(full, definition.target, record)
        return full, definition, cast("MiddlewareFunction", code)

    def observers(self, collectors: Iterable[str]) -> tuple[Observer, ...]:
        """Return what tells each of *collectors* of each run.

        Raises:
            UnknownNameError: If nobody offers one of them.
            AmbiguousNameError: If several do.
            AgentLoadError: If its code cannot be brought in.
        """
        return tuple(map(self._observer, dict.fromkeys(collectors)))

    def _observer(self, name: str) -> Observer:
        full, definition, record = self._offer("collector", name, lambda of: of.collectors)
        self._refuse_isolated(full, record)
        code = self._load(full, definition.target, record)
        return _RunByRun(full, cast("Callable[[], Observer]", code))

    def _offer(
        self, kind: str, name: str, items: Callable[[Manifest], Sequence[OfferT]]
    ) -> tuple[str, OfferT, PluginRecord]:
        """Return the full name, the declaration and the plugin of what is called *name*."""
        declared = [
            (f"{record.distribution}/{item.name}", item, record)
            for record in self._records
            if record.manifest is not None and record.state in {"ok", "quarantined"}
            for item in items(record.manifest)
        ]
        meant = [offer for offer in declared if name in {offer[0], offer[1].name}]
        found = [offer for offer in meant if offer[2].state == "ok"]
        if meant and not found:
            raise refusal(meant[0][0], meant[0][2])
        if not found:
            known = [full for full, _, record in declared if record.state == "ok"]
            raise UnknownNameError(kind, name, known)
        if len(found) > 1:
            raise AmbiguousNameError(kind, name, [full for full, _, _ in found])
        return found[0]

    def _owner(self, agent: AgentId, target: str) -> PluginRecord:
        return next(
            record
            for record in self._records
            if record.distribution == agent.distribution
            and record.offered is not None
            and any(item.target == target for item in record.offered.agents)
        )

    def _is_isolated(self, record: PluginRecord) -> bool:
        held = self._isolation
        return held is not None and held.holds(record.distribution, record.name)

    def _refuse_isolated(self, subject: str, record: PluginRecord) -> None:
        if self._is_isolated(record):
            reason = "it would act inside this process, and its plugin is isolated"
            hint = f"take {record.distribution} out of [isolation], or go without {subject}"
            raise AgentLoadError(subject, "isolation", reason, hint)

    def _load(self, subject: str, target: str, record: PluginRecord) -> Callable[..., object]:
        # Bringing it in takes a millisecond, and a layer or a collector is asked for in each run.
        if (subject, target) not in self._loaded:
            self._loaded[subject, target] = self._bring_in(subject, target, record)
        return self._loaded[subject, target]

    def _bring_in(self, subject: str, target: str, record: PluginRecord) -> Callable[..., object]:
        lock = self._trust.lock_file
        place = CodePlace(record.full_name, record.version, record.location, target, lock)
        with noting_import(user_cache_folder(), record.full_name, record.location):
            return _from_place(subject, place, self._trust)


class _RunByRun:
    """One observer for each run, made at its first event: where events come, it may fail."""

    def __init__(self, name: str, make: Callable[[], Observer]) -> None:
        self.__qualname__ = name
        self._make = make
        self._made: dict[str, Observer] = {}

    def __call__(self, event: Event) -> None:
        observer = self._made.get(event.run_id)
        if observer is None:
            observer = self._made[event.run_id] = self._make()
        if event.kind == "run_finished":
            del self._made[event.run_id]
        observer(event)


def load_place(agent: AgentId, place: CodePlace) -> Callable[..., object]:
    """Return the code of *agent*, for a process that was told its *place* by another.

    Raises:
        AgentLoadError: If the lock keeps it out, or it cannot be brought in.
    """
    trust = PluginSettings(trust="locked" if place.lock else "installed", lock=place.lock)
    return _from_place(agent, place, TrustList(trust))


def _from_place(subject: str, place: CodePlace, trust: TrustList) -> Callable[..., object]:
    _refuse_unlocked(subject, place, trust)
    load = partial(load_target, subject, place.target, metadata=Path(place.metadata))
    return _from_source(load) if place.lock else load()


def _refuse_unlocked(subject: str, place: CodePlace, trust: TrustList) -> None:
    # What was true when the index was made may not be when the code is brought in.
    refused = trust.lock_refusal(place.distribution, place.version, place.metadata)
    if refused:
        raise AgentLoadError(subject, "trust", f"{place.distribution} {refused}")


def load_target(subject: str, target: str, *, metadata: Path) -> Callable[..., object]:
    """Return the function or class that *target* names.

    Args:
        subject: The agent or middleware, for errors.
        target: ``module:qualified.name``, as its manifest says.
        metadata: Metadata folder of the distribution; the module must be a file of it.

    Raises:
        AgentLoadError: If the module is not a file of the distribution (then nothing is
            imported), or importing it fails in any way.
    """
    module_name, _, qualified = target.partition(":")
    owned = OwnedFiles(metadata).module_file(module_name)
    if owned is None:
        reason = f"{module_name!a} is not a file of the distribution in {metadata.name}"
        raise AgentLoadError(subject, "ownership", reason, "nothing was imported")
    if not _leads_to(module_name, owned):
        reason = f"{module_name.partition('.')[0]!a} on the path is not the one in {owned}"
        raise AgentLoadError(subject, "ownership", reason, "nothing was imported")
    start_pydantic()
    try:
        module, changed = guarded(lambda: importlib.import_module(module_name))
    except ForeignError as error:
        reason = f"{type(error.error).__name__} while {module_name} was imported"
        raise AgentLoadError(subject, "import", reason) from error.error
    if changed:
        what = ", ".join(changed)
        # Half the scientific packages add a filter for warnings; that alone is no news.
        level = logging.INFO if what == "warnings" else logging.WARNING
        _log.log(level, "importing %s changed %s; it was put back", module_name, what)
    try:
        found, _ = guarded(lambda: _part(module, qualified))
    except ForeignError as error:
        reason = f"{module_name} has no {qualified}"
        raise AgentLoadError(subject, "attribute", reason) from error.error
    # isinstance would ask the object for its class, and a hostile one answers.
    if issubclass(type(found), ModuleType) or not callable(found):
        raise AgentLoadError(subject, "attribute", f"{target} cannot be called")
    return found


def _from_source(load: Callable[[], LoadedT]) -> LoadedT:
    """Return what *load* returns when it finds no compiled code: none is in any RECORD."""
    before, sys.pycache_prefix = sys.pycache_prefix, os.devnull
    wrote, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        return load()
    finally:
        sys.pycache_prefix, sys.dont_write_bytecode = before, wrote


def _part(module: ModuleType, qualified: str) -> object:
    found: object = module
    for name in qualified.split("."):
        found = getattr(found, name)
    return found


def _leads_to(module_name: str, owned: Path) -> bool:
    """Return whether importing *module_name* starts in the package that *owned* lies in.

    A folder earlier on the path, or a module that is loaded already, may have the same name.
    """
    try:
        spec = importlib.util.find_spec(module_name.partition(".")[0])
    except Exception:  # noqa: BLE001 -- import hooks are foreign code
        return False
    if spec is None:
        return False
    places = [*(spec.submodule_search_locations or ()), *filter(None, [spec.origin])]
    try:
        return any(owned.is_relative_to(Path(place).resolve()) for place in places)
    except (OSError, RuntimeError, ValueError):
        return False
