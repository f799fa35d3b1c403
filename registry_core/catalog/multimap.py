"""An immutable map from a key to the sorted agents that have it.

Adding touches only the keys that are added to, so registering agents costs what they hold, not
what is there already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, cast

from registry_core.catalog.layered import Layered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from registry_core.names import AgentId

__all__ = ["AgentsBy"]

KeyT = TypeVar("KeyT")


class AgentsBy(Generic[KeyT]):
    """Agents by key, each list sorted and without repeats.

    >>> from registry_core.names import AgentId
    >>> by_tag = AgentsBy[str]().adding([("nlp", AgentId("b/y@1")), ("nlp", AgentId("a/x@1"))])
    >>> by_tag["nlp"], by_tag["pdf"]
    (('a/x@1', 'b/y@1'), ())
    """

    __slots__ = ("_agents",)

    def __init__(self, agents: Layered[KeyT, tuple[AgentId, ...]] | None = None) -> None:
        """Start from *agents*."""
        self._agents: Layered[KeyT, tuple[AgentId, ...]] = agents or Layered()

    def __getitem__(self, key: KeyT) -> tuple[AgentId, ...]:
        """Return the agents that have *key*, sorted; empty for an unknown key."""
        agents = self._agents.get(key, ())
        return tuple(sorted({*agents})) if len(agents) > 1 else agents

    def __iter__(self) -> Iterator[KeyT]:
        """Every key that some agent has."""
        return iter(self._agents)

    def __contains__(self, key: object) -> bool:
        return key in self._agents

    def __eq__(self, other: object) -> bool:
        """Whether the same keys have the same agents."""
        if not isinstance(other, AgentsBy):
            return NotImplemented
        there = cast("AgentsBy[KeyT]", other)
        return self._agents.keys() == there._agents.keys() and all(
            self[key] == there[key] for key in self
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"AgentsBy({self._agents!r})"

    def adding(self, pairs: Iterable[tuple[KeyT, AgentId]]) -> AgentsBy[KeyT]:
        """Return this map with *pairs* added."""
        there = self._agents
        fresh: dict[KeyT, tuple[AgentId, ...]] = {}
        grown: dict[KeyT, list[AgentId]] = {}
        for key, agent in pairs:
            # Most keys have one agent, and a list for each would double the time.
            if key not in fresh and key not in there:
                fresh[key] = (agent,)
            else:
                grown.setdefault(key, []).append(agent)
        for key, added in grown.items():
            fresh[key] = (*(fresh.get(key) or there[key]), *added)
        return AgentsBy(there.changed(fresh)) if fresh else self

    def removing(self, pairs: Iterable[tuple[KeyT, AgentId]]) -> AgentsBy[KeyT]:
        """Return this map with *pairs* removed; a key without agents is gone."""
        shrunk: dict[KeyT, set[AgentId]] = {}
        for key, agent in pairs:
            if key in self._agents:
                shrunk.setdefault(key, set()).add(agent)
        kept = {
            key: tuple(agent for agent in self._agents[key] if agent not in removed)
            for key, removed in shrunk.items()
        }
        left = {key: agents for key, agents in kept.items() if agents}
        return AgentsBy(self._agents.changed(left, without=kept.keys() - left.keys()))
