"""The agents of one run: brought in before they are needed, each closed exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from registry_core.errors import AgentLoadError
from registry_core.runtime.agents import Blueprint, Blueprints, LoadedAgent, bring_in
from registry_core.runtime.failures import type_name
from registry_core.runtime.settled import Raised, Returned
from registry_core.runtime.supervision import supervise

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from registry_core.definitions.schema import JsonObject
    from registry_core.names import AgentId
    from registry_core.runtime.clock import Clock
    from registry_core.runtime.journal import Journal
    from registry_core.runtime.lane import Lane
    from registry_core.runtime.threads import AgentThreads

__all__ = ["Crew"]

T = TypeVar("T")


class Crew:
    """Brings agents in and sends them home."""

    def __init__(
        self,
        blueprints: Blueprints,
        threads: AgentThreads,
        *,
        journal: Journal,
        clock: Clock,
        load_seconds: float,
        grace_seconds: float,
    ) -> None:
        """Start with nobody.

        Args:
            blueprints: What is known of the agents' code.
            threads: Where code is imported, and where agents run that are not async.
            journal: Hears of agents that do not close.
            clock: Times the closing.
            load_seconds: Longest time for bringing one agent in.
            grace_seconds: How long something cancelled may take to end.
        """
        self._blueprints = blueprints
        self._threads = threads
        self._journal = journal
        self._clock = clock
        self._load_seconds = load_seconds
        self._grace_seconds = grace_seconds
        self._members: list[LoadedAgent] = []

    async def bring_in(self, lane: Lane, agent: AgentId, config: JsonObject) -> LoadedAgent:
        """Return a new instance of *agent*, imported, configured and opened.

        Raises:
            AgentLoadError: If any of that fails or takes too long.
        """
        member = self.known(agent, config)
        if member is not None:
            return member
        return await self._in_time(lane, agent, self._make(agent, config))

    async def blueprint(self, lane: Lane, agent: AgentId) -> Blueprint:
        """Return what *agent* declares, with its codecs; its code is imported, nothing is made.

        Raises:
            AgentLoadError: If that fails or takes too long.
        """
        known = self._blueprints.known(agent)
        if known is not None:
            return known
        return await self._in_time(lane, agent, self._read(agent))

    def known(self, agent: AgentId, config: JsonObject) -> LoadedAgent | None:
        """Return *agent* if it is a function that is in already; nothing of it runs now.

        Raises:
            AgentLoadError: If it cannot be configured so.
        """
        blueprint = self._blueprints.known(agent)
        if blueprint is None or isinstance(blueprint.target, type):
            return None
        return LoadedAgent(blueprint, None, blueprint.settings(config), self._threads)

    async def close(self, seconds: float) -> None:
        """Close everybody in reverse order, in at most *seconds* and a grace together."""
        deadline = self._clock.monotonic() + seconds
        while self._members:
            member = self._members.pop()
            settled = await supervise(
                member.aclose(),
                now=self._clock.monotonic,
                seconds=max(deadline - self._clock.monotonic(), 0.0),
                grace_seconds=self._grace_seconds,
                forced=lambda: None,
            )
            match settled:
                case Returned():
                    pass
                case Raised(error):
                    self._journal.close_failed(member.id, type_name(error))
                case _:
                    self._journal.close_failed(member.id, "it took too long")

    async def _in_time(self, lane: Lane, agent: AgentId, work: Coroutine[object, object, T]) -> T:
        """Return what *work* on the code of *agent* returns.

        Raises:
            AgentLoadError: If it fails or takes too long.
        """
        match await lane.attempt(work, self._load_seconds):
            case Returned(value):
                return value
            case Raised(AgentLoadError() as error):
                raise error
            case Raised(error):
                raise AgentLoadError(agent, "import", type_name(error)) from error
            case _:
                reason = f"it took longer than {self._load_seconds:g} s"
                raise AgentLoadError(agent, "import", reason)

    async def _make(self, agent: AgentId, config: JsonObject) -> LoadedAgent:
        blueprint = self._blueprints.known(agent) or await self._read(agent)
        member = await bring_in(blueprint, config, threads=self._threads)
        if isinstance(blueprint.target, type):
            self._members.append(member)
        return member

    async def _read(self, agent: AgentId) -> Blueprint:
        return await self._blueprints.read_in(self._threads, agent)
