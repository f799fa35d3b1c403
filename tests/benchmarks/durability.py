"""What it costs to keep every stage, beside SQLite itself on the same disk, and what it saves.

Each ratio is the median of short turns that alternate, for a disk has moods. The rows of the bare
database are as long as ours. On other machines, for orientation: DBOS keeps 129 stages a second
in one run and 91 in twenty, LangGraph 148 in one.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import statistics
import tempfile
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING

from registry_core.results.durable import RunEnd, RunHead, StageDone
from registry_core.runtime.ids import run_id
from registry_core.store.database import open_database
from registry_core.store.store import Store
from tests.benchmarks.frame import NotThereYetError, benchmark
from tests.store.crashing import kill_once_or_twice, resume_twice_at_once
from tests.store.engine import done, head, names
from tests.store.power import can_watch, crash, survive, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_BUILD = Path(__file__).parents[2] / "build"
_TURNS = 15
_STAGES = 100
_TOGETHER = 20
_ADD_RUN = (
    "INSERT INTO runs VALUES"
    " (NULL, ?, 'p', 'success', ?, 1, NULL, '', '', '{}', '{}', x'', NULL, NULL)"
)
_BEGAN = datetime(2030, 1, 1, tzinfo=UTC)


@contextmanager
def _folder() -> Generator[Path, None, None]:
    # Beside the checkout: the usual place for temporary files may be memory.
    _BUILD.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="durability-", dir=_BUILD))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Bare:
    """The database alone, as careful as ours."""

    def __init__(self, folder: Path) -> None:
        """Make one table."""
        self._connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE steps (id INTEGER PRIMARY KEY, run, record, seal)")

    def rows_a_second(self, commits: int, rows: int) -> float:
        """Return how many rows are kept in a second, so many a commit."""
        row = (str(_ids(0)), b"x" * 380, b"0" * 16)
        began = perf_counter()
        for _ in range(commits):
            self._connection.execute("BEGIN IMMEDIATE")
            for _ in range(rows):
                self._connection.execute("INSERT INTO steps VALUES (NULL, ?, ?, ?)", row)
            self._connection.execute("COMMIT")
        return commits * rows / (perf_counter() - began)


def _ids(number: int) -> str:
    return run_id(_BEGAN + timedelta(milliseconds=number))


async def _run(store: Store, began: RunHead, stages: list[StageDone]) -> None:
    ids = names(len(stages))
    with store.begin(began) as keeper:
        await keeper.begin(ids[:1])
        for over, following in zip(stages, ids[1:], strict=False):
            await keeper.advance(over, (following,))
        await keeper.finish(stages[-1], RunEnd("success", 1.0))


def _stages_a_second(store: Store, runs: int) -> float:
    heads = [head(run_id(datetime.now(UTC)), stages=_STAGES) for _ in range(runs)]  # noqa: TID251 -- as users have them
    stages = [done(index) for index in range(_STAGES)]

    async def all_at_once() -> None:
        await asyncio.gather(*(_run(store, began, stages) for began in heads))

    began = perf_counter()
    asyncio.run(all_at_once())
    return runs * _STAGES / (perf_counter() - began)


def _share(runs: int) -> float:
    """Return our stages a second as a percentage of bare rows a second, *runs* a commit."""
    with _folder() as folder, Store(folder / "state") as store:
        bare = _Bare(folder)
        turn: Callable[[], float] = lambda: 100 * _stages_a_second(store, runs)  # noqa: E731 -- taken first
        return statistics.median(turn() / bare.rows_a_second(_STAGES, runs) for _ in range(_TURNS))


@benchmark(name="kept stages, one run, of bare rows", unit="%", goal=70, better="higher")
def one_run() -> float:
    """One run that waits for each of its stages."""
    return _share(1)


@benchmark(name="kept stages, 20 runs, of bare rows", unit="%", goal=40, better="higher")
def twenty_runs() -> float:
    """Twenty runs, each waiting for each of its own."""
    return _share(_TOGETHER)


@benchmark(name="kept stages, one run", unit="/s")
def one_run_rate() -> float:
    """As above, for whoever knows the disk."""
    with _folder() as folder, Store(folder / "state") as store:
        return statistics.median(_stages_a_second(store, 1) for _ in range(_TURNS))


@benchmark(name="kept stages, 20 runs", unit="/s", goal=50 * 91, better="higher")
def twenty_runs_rate() -> float:
    """Fifty times what DBOS keeps."""
    with _folder() as folder, Store(folder / "state") as store:
        return statistics.median(_stages_a_second(store, _TOGETHER) for _ in range(_TURNS))


@benchmark(name="100 kB document through 20 stages, on disk", unit="kB", goal=250)
def document_once() -> float:
    """The document once, and twenty short rows."""
    document = json.dumps("x" * 100_000).encode()
    with _folder() as folder:
        with Store(folder / "state") as store:
            stages = [done(index, document) for index in range(_TOGETHER)]
            asyncio.run(_run(store, head("run", stages=_TOGETHER), stages))
        return (folder / "state" / "runs.db").stat().st_size / 1000


@benchmark(name="list 10 000 runs", unit="ms", goal=200)
def listing() -> float:
    """All of them, on a machine that did nothing else before."""
    with _folder() as folder:
        with closing(open_database(folder / "runs.db")) as connection:
            rows = ((_ids(n), f"2030-01-01T00:00:{n:05}") for n in range(10_000))
            connection.execute("BEGIN")
            connection.executemany(_ADD_RUN, rows)
            connection.execute("COMMIT")
        with Store(folder) as store:
            began = perf_counter()
            assert len(store.runs()) == 10_000
            return 1000 * (perf_counter() - began)


@benchmark(name="50 times kill -9: stages lost, wrong or done twice", unit="", goal=0)
def kills() -> float:
    """Half of them are killed twice; a stage that was cut may be done again."""
    chance = Random(67)  # noqa: S311 -- moments, not secrets
    with _folder() as folder:
        tolls = [kill_once_or_twice(folder / "state", f"run{n}", chance) for n in range(50)]
    beyond = sum(max(toll.redone - toll.kills, 0) for toll in tolls)
    return sum(toll.lost + toll.repeated + toll.wrong for toll in tolls) + beyond


@benchmark(name="20 times two resumes at once: stages done twice", unit="", goal=0)
def resumes() -> float:
    """One goes on, the other is told."""
    with _folder() as folder:
        return sum(resume_twice_at_once(folder / "state", f"run{n}")[0] for n in range(20))


@benchmark(name="1 000 losses of power: runs lost or damaged", unit="", goal=0)
def losses_of_power() -> float:
    """Whatever the disk had not confirmed is dropped, torn and reordered."""
    if not can_watch():
        message = "strace, and leave to use it"
        raise NotThereYetError(message)
    chance = Random(68)  # noqa: S311 -- moments, not secrets
    wrong = 0
    for modes in ((), ("tidy",)):
        with _folder() as folder:
            story = watch(folder / "state", *modes)
            for _ in range(500):
                wrong += survive(crash(story, folder / "state", chance), story) != ""
    return wrong
