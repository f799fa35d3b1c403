"""Run the benchmarks: ``python -m tests.benchmarks [WORD ...]``.

With words, only the modules whose name holds one of them. Prints a table and writes
``build/bench.json``.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.frame import Measurement, benchmarks_of, draw, measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "build" / "bench.json"
FRAME = {"__main__", "frame"}


def measure_module(name: str) -> Iterator[Measurement]:
    """Yield what the benchmarks of a module give, or that its subject is not there yet."""
    try:
        module = importlib.import_module(f"tests.benchmarks.{name}")
    except ImportError as reason:
        yield Measurement(name, None, "", None, None, f"not there yet: {reason}")
        return
    yield from map(measure, benchmarks_of(vars(module)))


def main(words: Sequence[str]) -> int:
    """Measure and report; return 1 when one failed, for a missed goal is only a number."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    names = sorted({module.name for module in found} - FRAME)
    wanted = [name for name in names if not words or any(word in name for word in words)]
    measurements = [taken for name in wanted for taken in measure_module(name)]
    print(draw(measurements))
    RECORD.parent.mkdir(exist_ok=True)
    rows = [asdict(taken) for taken in measurements]
    RECORD.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return int(any(taken.value is None and taken.met is False for taken in measurements))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
