"""What a host may be told to take upon itself."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from pydantic import TypeAdapter, ValidationError

from registry_core.errors import ConfigError
from registry_core.settings.layers import file_layer
from registry_core.settings.limits import (
    BreakerPolicy,
    HostCapacity,
    IsolationPolicy,
    RetryBudgetPolicy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = [BreakerPolicy, HostCapacity, IsolationPolicy, RetryBudgetPolicy]
BAD: list[tuple[Callable[..., object], str, object]] = [
    (BreakerPolicy, "failure_rate", 0),
    (BreakerPolicy, "failure_rate", 1.5),
    (BreakerPolicy, "failure_rate", math.nan),
    (BreakerPolicy, "minimum_calls", 0),
    (BreakerPolicy, "window_calls", 2.5),
    (BreakerPolicy, "open_seconds", math.inf),
    (BreakerPolicy, "probes", True),
    (BreakerPolicy, "probe_seconds", -1),
    (IsolationPolicy, "plugins", ("pdf agents",)),
    (IsolationPolicy, "workers", 0),
    (IsolationPolicy, "memory_mib", 0.5),
    (IsolationPolicy, "start_seconds", math.inf),
    (IsolationPolicy, "environment", ("A=1",)),
    (RetryBudgetPolicy, "max_tokens", 0),
    (RetryBudgetPolicy, "token_ratio", 1.01),
    (HostCapacity, "memory_mib", 0),
    (HostCapacity, "cpu_cores", -0.5),
    (HostCapacity, "queue_limit", -1),
    (HostCapacity, "queue_seconds", "long"),
]


class TestRefusals:
    @pytest.mark.parametrize(("kind", "name", "value"), BAD)
    def test_what_could_not_be_carried_out_is_refused_by_name(
        self, kind: Callable[..., object], name: str, value: object
    ) -> None:
        """A breaker that can never open is worse than none: everybody relies on it."""
        with pytest.raises(ConfigError) as caught:
            kind(**{name: value})

        assert name in [fault.path for fault in caught.value.faults]

    def test_all_faults_are_told_at_once(self) -> None:
        """Nobody wants to be corrected line by line."""
        with pytest.raises(ConfigError) as caught:
            BreakerPolicy(failure_rate=2, open_seconds=0, probes=0)

        assert len(caught.value.faults) == 3

    def test_no_queue_at_all_is_a_choice(self) -> None:
        """Refusing at once is what a busy gateway wants."""
        assert HostCapacity(queue_limit=0).queue_limit == 0


class TestDocuments:
    @pytest.mark.parametrize("kind", KINDS)
    def test_they_are_read_strictly_from_plain_values(self, kind: type[object]) -> None:
        """A misspelt limit must not be a forgotten one."""
        adapter = TypeAdapter(kind)

        assert adapter.validate_json("{}", strict=True) == kind()
        with pytest.raises(ValidationError, match="misspelt"):
            adapter.validate_json('{"misspelt": 1}', strict=True)

    @pytest.mark.parametrize("kind", KINDS)
    def test_each_has_a_default_for_everything(self, kind: type[object]) -> None:
        """Resilience that has to be configured is resilience nobody has."""
        assert [one.name for one in fields(kind()) if not hasattr(kind(), one.name)] == []  # type: ignore[arg-type]

    @pytest.mark.fault("F91")
    def test_a_fault_in_a_file_is_told_with_its_line(self) -> None:
        """Who has three tables of numbers wants to know which one."""
        text = b"[run]\ntimeout_seconds = 5\n[run.breaker]\nopen_seconds = 9\nprobes = 0\n"

        with pytest.raises(ConfigError) as caught:
            file_layer("agentreg.toml", text)

        assert [fault.path for fault in caught.value.faults] == ["line 5: run.breaker.probes"]
