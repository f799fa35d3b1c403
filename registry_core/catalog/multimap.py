"""An immutable map from a key to the sorted agents that have it.

Adding a batch copies the map once and then touches only the keys that the batch has, so
registering many agents costs what they hold, not what is there already.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from registry_core.names import AgentId

__all__ = ["AgentsBy"]

KeyT = TypeVar("KeyT")


class AgentsBy(Generic[KeyT]):
    """Agents by key, each list sorted and without repeats.

    >>> by_tag = AgentsBy[str]().adding([("nlp", AgentId("b/y@1")), ("nlp", AgentId("a/x@1"))])
    >>> by_tag["nlp"], by_tag["pdf"]
    (('a/x@1', 'b/y@1'), ())
    """

    __slots__ = ("_agents",)

    def __init__(self, agents: Mapping[KeyT, tuple[AgentId, ...]] | None = None) -> None:
        """Start from *agents*, which is not copied."""
        self._agents: Mapping[KeyT, tuple[AgentId, ...]] = agents or {}

    def __getitem__(self, key: KeyT) -> tuple[AgentId, ...]:
        """Return the agents that have *key*, sorted; empty for an unknown key."""
        return self._agents.get(key, ())

    def __iter__(self) -> Iterator[KeyT]:
        return iter(self._agents)

    def __contains__(self, key: object) -> bool:
        return key in self._agents

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AgentsBy):
            return NotImplemented
        return self.as_mapping() == cast("AgentsBy[KeyT]", other).as_mapping()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"AgentsBy({dict(self._agents)!r})"

    def as_mapping(self) -> Mapping[KeyT, tuple[AgentId, ...]]:
        """Return the whole map."""
        return self._agents

    def keys(self) -> Iterable[KeyT]:
        """Return every key that some agent has."""
        return self._agents.keys()

    def adding(self, pairs: Iterable[tuple[KeyT, AgentId]]) -> AgentsBy[KeyT]:
        """Return this map with *pairs* added."""
        grown: defaultdict[KeyT, set[AgentId]] = defaultdict(set)
        for key, agent in pairs:
            grown[key].add(agent)
        agents = dict(self._agents)
        for key, added in grown.items():
            agents[key] = tuple(sorted(added.union(agents.get(key, ()))))
        return AgentsBy(agents)

    def removing(self, pairs: Iterable[tuple[KeyT, AgentId]]) -> AgentsBy[KeyT]:
        """Return this map with *pairs* removed; a key without agents is gone."""
        shrunk: defaultdict[KeyT, set[AgentId]] = defaultdict(set)
        for key, agent in pairs:
            shrunk[key].add(agent)
        agents = dict(self._agents)
        for key, removed in shrunk.items():
            left = tuple(agent for agent in agents.get(key, ()) if agent not in removed)
            if left:
                agents[key] = left
            else:
                agents.pop(key, None)
        return AgentsBy(agents)
