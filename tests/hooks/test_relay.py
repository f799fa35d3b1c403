"""Tests of asking one plugin what it offers."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from registry_core.definitions.capability import CapabilityDefinition
from registry_core.errors import DefinitionError
from registry_core.hooks import specs
from registry_core.hooks.markers import hookimpl
from registry_core.hooks.relay import ask
from registry_core.names import CapabilityName

if TYPE_CHECKING:
    from collections.abc import Callable


def plugin(**hooks: Callable[..., object]) -> ModuleType:
    """Return a module with *hooks*."""
    module = ModuleType("words")
    for name, hook in hooks.items():
        setattr(module, name, hookimpl(hook))
    return module


def with_a_slip(hots_version: str) -> list[str]:
    """Take an argument that no hook has."""
    return [hots_version]


class TestAsking:
    def test_a_plugin_implements_what_it_wants(self) -> None:
        """Most offer agents and nothing else."""
        offers = ask(plugin(registry_agents=lambda: [len]), host_version="1.0")

        assert offers.agents == (len,)
        assert (offers.capabilities, offers.schemas) == ((), ())
        assert (offers.middleware, offers.collectors) == ((), ())
        assert offers.hooks == ("registry_agents",)

    def test_a_hook_takes_the_arguments_it_names(self) -> None:
        """Feature tests need the version, most hooks need nothing."""

        def registry_schemas(host_version: str) -> list[type]:
            return [int] if host_version == "1.0" else []

        assert ask(plugin(registry_schemas=registry_schemas), host_version="1.0").schemas == (int,)

    def test_every_hook_says_when_in_which_order_and_what_if_it_fails(self) -> None:
        """A contract with strangers is read without us."""
        for name in specs.__all__:
            text = getattr(specs, name).__doc__
            assert all(word in text for word in ("When:", "Order:", "Failure:", "Since:")), name


@pytest.mark.fault("F18")
class TestRefusals:
    @pytest.mark.parametrize(
        ("hooks", "reason"),
        [
            ({"registry_agnets": lambda: [len]}, "registry_agnets"),
            ({"registry_agents": with_a_slip}, "hots_version"),
            ({"registry_agents": lambda: 7}, "registry_agents: must return a list, not int"),
            ({"registry_agents": lambda: [7]}, r"registry_agents\[0\]: int is not what"),
            ({"registry_schemas": lambda: [7]}, r"registry_schemas\[0\]: int is not what"),
            ({"registry_metrics_collectors": lambda: [7]}, r"_collectors\[0\]: int is not what"),
            ({"registry_capabilities": lambda: ["a"]}, r"registry_capabilities\[0\]: str is"),
        ],
    )
    def test_a_mistake_is_named(self, hooks: dict[str, Callable[..., object]], reason: str) -> None:
        """A hook that is spelt wrong would be called never, and silence explains nothing."""
        with pytest.raises(DefinitionError, match=reason):
            ask(plugin(**hooks), host_version="1.0")

    def test_a_subclass_of_a_definition_is_not_one(self) -> None:
        """It could answer differently each time it is asked."""

        class Odd(CapabilityDefinition):
            pass

        with pytest.raises(DefinitionError):
            ask(
                plugin(registry_capabilities=lambda: [Odd(CapabilityName("a"), "b")]),
                host_version="1.0",
            )
