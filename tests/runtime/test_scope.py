"""What a caller may say about a run."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import ConfigError
from registry_core.runtime.scope import RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ["timeout_seconds", "attempt_timeout_seconds", "grace_seconds", "close_seconds"]


def made(make: Callable[..., RunOptions], **facts: object) -> RunOptions:
    """Return options of values that no type checker would let through."""
    return make(**facts)


@pytest.mark.requirement("R11", "R49")
class TestRunOptions:
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "3"])
    def test_a_time_that_is_none_is_refused_by_name(self, name: str, value: object) -> None:
        """A limit that is not a number never fires, and nobody notices until it should."""
        with pytest.raises(ConfigError) as caught:
            made(RunOptions, **{name: value})

        assert [fault.path for fault in caught.value.faults] == [name]

    @pytest.mark.requirement("R34")
    @pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), True, "1"])
    def test_a_share_that_is_none_is_refused_by_name(self, value: object) -> None:
        """One who writes 5 for five percent would have every run measured."""
        with pytest.raises(ConfigError) as caught:
            made(RunOptions, measure_share=value)

        assert [fault.path for fault in caught.value.faults] == ["measure_share"]

    def test_all_faults_come_at_once(self) -> None:
        """Mending one after the other is no way to spend a morning."""
        with pytest.raises(ConfigError) as caught:
            RunOptions(timeout_seconds=-1, grace_seconds=-1)

        assert len(caught.value.faults) == 2

    def test_options_never_change(self) -> None:
        """A run that is under way was started with them."""
        with pytest.raises(dataclasses.FrozenInstanceError):
            RunOptions().grace_seconds = 1.0  # type: ignore[misc]
