"""How a benchmark is declared, run and reported.

A benchmark is a function that returns one number. Times are processor times and, where
they could be, ratios of interleaved pairs: a busy machine slows both sides alike.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "Benchmark",
    "Measurement",
    "NotThereYetError",
    "benchmark",
    "benchmarks_of",
    "cpu_ratio",
    "cpu_seconds",
    "draw",
    "measure",
]

Better: TypeAlias = Literal["lower", "higher"]


class NotThereYetError(Exception):
    """What a benchmark measures does not exist in this checkout."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A number to take, and what it should be.

    Attributes:
        name: What is measured, as a noun.
        unit: Unit of the value, such as ``x`` for a ratio or ``ms``.
        goal: Bound that the value should keep, or None when there is none.
        better: Whether the goal is an upper bound (``lower``) or a lower one (``higher``).
        take: Takes the measurement.
    """

    name: str
    unit: str
    goal: float | None
    better: Better
    take: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a benchmark gave.

    Attributes:
        name: Name of the benchmark.
        value: The number, or None when there was nothing to measure.
        unit: Unit of *value* and *goal*.
        goal: Bound that the value should keep.
        met: Whether it does; None without a goal or a subject, False when taking it failed.
        remark: Why there is no value.
    """

    name: str
    value: float | None
    unit: str
    goal: float | None
    met: bool | None
    remark: str = ""


def benchmark(
    *, name: str, unit: str, goal: float | None = None, better: Better = "lower"
) -> Callable[[Callable[[], float]], Benchmark]:
    """Return a decorator that makes a benchmark of a function.

    >>> @benchmark(name="nothing at all", unit="ms", goal=1)
    ... def nothing() -> float:
    ...     return 0.0
    >>> measure(nothing).met
    True
    """

    def decorate(take: Callable[[], float]) -> Benchmark:
        return Benchmark(name, unit, goal, better, take)

    return decorate


def benchmarks_of(namespace: Mapping[str, object]) -> tuple[Benchmark, ...]:
    """Return the benchmarks of a module's *namespace*, in the order they are written."""
    return tuple(value for value in namespace.values() if isinstance(value, Benchmark))


def measure(subject: Benchmark) -> Measurement:
    """Return what *subject* gives; one that has nothing to measure, or fails, says so."""
    met: bool | None = None
    try:
        value = subject.take()
    except NotThereYetError as reason:
        remark = f"not there yet: {reason}"
    except Exception as reason:  # noqa: BLE001 -- one broken subject must not hide the others
        remark, met = f"failed: {type(reason).__name__}: {reason}", False
    else:
        return Measurement(subject.name, value, subject.unit, subject.goal, _met(subject, value))
    return Measurement(subject.name, None, subject.unit, subject.goal, met, remark)


def _met(subject: Benchmark, value: float) -> bool | None:
    if subject.goal is None:
        return None
    return value <= subject.goal if subject.better == "lower" else value >= subject.goal


def draw(measurements: Iterable[Measurement]) -> str:
    """Return the measurements as a table, one line each."""
    rows = [("benchmark", "value", "unit", "goal", "met")]
    for taken in measurements:
        value = taken.remark if taken.value is None else f"{taken.value:.4g}"
        goal = "" if taken.goal is None else f"{taken.goal:g}"
        met = {None: "", True: "yes", False: "NO"}[taken.met]
        rows.append((taken.name, value, taken.unit, goal, met))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def cpu_seconds(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> float:
    """Return the processor time of a whole process, user and system, in seconds.

    What the process prints is thrown away; children that it waited for are counted.

    Args:
        command: Program with its arguments, found by ``PATH``.
        environment: The process's environment; by default that of this process.

    Raises:
        NotThereYetError: If the program is not there.
        ChildProcessError: If it ends with another code than 0.
    """
    silent = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
    own = dict(os.environ if environment is None else environment)  # noqa: TID251 -- handed down
    try:
        process = os.posix_spawnp(command[0], list(command), own, file_actions=silent)
    except FileNotFoundError:
        raise NotThereYetError(command[0]) from None
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        message = f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}"
        raise ChildProcessError(message)
    return usage.ru_utime + usage.ru_stime


def cpu_ratio(
    subject: Callable[[], float], baseline: Callable[[], float], *, pairs: int = 15
) -> float:
    """Return how many times *subject* costs what *baseline* costs.

    Pairs are taken back to back and the median of their ratios is kept, so that neither
    drift of the machine nor one disturbed pair moves the answer.

    >>> cpu_ratio(lambda: 3.0, lambda: 2.0)
    1.5
    """
    return statistics.median(subject() / baseline() for _ in range(pairs))
