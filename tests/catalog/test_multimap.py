"""Agents by key, each map a value of its own."""

from __future__ import annotations

import pytest

from registry_core.catalog.multimap import AgentsBy
from registry_core.names import AgentId

ONE, TWO = AgentId("kit/one@1"), AgentId("kit/two@1")


class TestAgentsBy:
    def test_agents_come_sorted_and_once(self) -> None:
        """An agent with two inputs of one schema is one consumer."""
        found = AgentsBy[str]().adding([("k", TWO), ("k", ONE), ("k", TWO)])

        assert found["k"] == (ONE, TWO)
        assert found["other"] == ()

    def test_what_was_added_can_be_taken_away_and_leaves_no_key(self) -> None:
        """An index is what a fresh one would be."""
        full = AgentsBy[str]().adding([("k", ONE), ("l", TWO)])

        assert full.removing([("k", ONE)]) == AgentsBy[str]().adding([("l", TWO)])
        assert [*full.removing([("k", ONE), ("l", TWO)])] == []

    def test_the_order_of_adding_does_not_show(self) -> None:
        """Equal answers are equal maps."""
        forth = AgentsBy[str]().adding([("k", ONE), ("k", TWO)])
        back = AgentsBy[str]().adding([("k", TWO)]).adding([("k", ONE)])

        assert forth == back
        assert forth != AgentsBy[str]()
        assert forth != {"k": (ONE, TWO)}
        with pytest.raises(TypeError):
            hash(forth)
