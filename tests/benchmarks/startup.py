"""What a command costs before it has done anything: whole processes against a bare Python."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.frame import benchmark, cpu_ratio, cpu_seconds

AGENTREG = (str(Path(sys.executable).with_name("agentreg")), "agents")
NOTHING = (sys.executable, "-c", "pass")


def _with_cache(folder: str) -> dict[str, str]:
    return dict(os.environ) | {"XDG_CACHE_HOME": folder}  # noqa: TID251 -- handed down


def _nothing() -> float:
    return cpu_seconds(NOTHING)


@benchmark(name="agentreg agents, warm", unit="x python -c pass", goal=5)
def warm_listing() -> float:
    """Return the cost of listing when the cache is right."""
    with tempfile.TemporaryDirectory() as folder:
        environment = _with_cache(folder)
        cpu_seconds(AGENTREG, environment=environment)
        return cpu_ratio(lambda: cpu_seconds(AGENTREG, environment=environment), _nothing)


@benchmark(name="agentreg agents, cold", unit="x python -c pass")
def cold_listing() -> float:
    """Return the cost of the first listing, when there is no cache."""

    def first() -> float:
        with tempfile.TemporaryDirectory() as folder:
            return cpu_seconds(AGENTREG, environment=_with_cache(folder))

    return cpu_ratio(first, _nothing)
