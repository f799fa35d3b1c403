"""Everything broken at once, beside what is good, and what the host says of it.

    python -m tests.journeys.broken GOOD FOLDER

shows the table of faults. GOOD is an environment with the host and the sample agents, FOLDER
the place of a new one, into which the broken distributions are installed.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from registry_core.cli.rendering import Output
from registry_core.results.run import RunResult
from tests.journeys.environment import CONSTRAINTS, ROOT, Environment, new_environment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from registry_core.definitions.schema import JsonObject

__all__ = ["BROKEN", "PLAIN", "REPORT", "Told", "canary", "everything_told"]
__all__ += ["install_broken", "markdown", "run", "write_hostile"]

REPORT = ("DocumentReport",)
# Of agents whose libraries do not read all entry points while they are imported, as networkx does.
PLAIN = ("Readability", "PersonalData", "Sentiment")
BROKEN = ROOT / "sample_agents" / "broken-agents"
_ROW = re.compile(r"\| (?P<names>`[^|]+`) \|.*\| (?P<fault>F\d+) \|")
_NOTE = "# A note\n\nThe harbour was calm, and the ships slept. Nobody spoke.\n" * 20


@dataclass(frozen=True, slots=True)
class Told:
    """What a user is told of one broken plugin.

    Attributes:
        fault: The fault that it stands for, such as ``F1``.
        distribution: Who is broken.
        state: Its state; one that is ok is listed, and breaks when it is run, or does not.
        said: What is wrong.
        fix: What to type.
    """

    fault: str
    distribution: str
    state: str
    said: str
    fix: str


def install_broken(folder: Path, *, good: Environment) -> Environment:
    """Return an environment with what *good* has, and with every broken wheel."""
    projects = sorted(file.parent for file in BROKEN.glob("*/pyproject.toml"))
    wheels = folder / "wheels"
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    options = ["--constraint", str(CONSTRAINTS), "--wheel-dir", str(wheels)]
    subprocess.run([*command, *options, *map(str, projects)], check=True)
    environment = new_environment(folder / "venv", on_top_of=good)
    environment.install(*sorted(wheels.glob("*.whl")), dependencies=False)
    return environment


def write_hostile(environment: Environment) -> None:
    """Add the distributions whose metadata no build tool makes.

    From then on ``importlib.metadata.entry_points()`` raises there, for pip and everybody.
    """
    written = _dist_info()
    for distribution in (*written.UNREADABLE_ENTRY_POINTS, *written.CONFUSABLE_NAMES):
        written.write(distribution, environment.site)


def everything_told(environment: Environment) -> tuple[Told, ...]:
    """Return what the host says of each broken plugin, by fault and name."""
    faults = _faults()
    listed = environment.run("agentreg", "plugins", "--json").stdout
    records = cast("list[JsonObject]", json.loads(listed))
    told = [
        _told(environment, record, fault)
        for record in records
        if (fault := faults.get(Path(str(record["location"])).name.partition("-")[0]))
    ]
    return tuple(sorted(told, key=lambda row: (int(row.fault[1:]), row.distribution)))


def run(
    environment: Environment, distribution: str
) -> tuple[RunResult, subprocess.CompletedProcess[str]]:
    """Return the result of running a distribution's one agent on a text, and the process."""
    agent = "shout" if distribution == "missing-target" else "echo"
    goal = ("--have", 'str="hello"', "--want", "str", "--require", f"{distribution}/{agent}")
    done = environment.run("agentreg", "run", *goal, "--json", check=False)
    facts = cast("JsonObject", json.loads(done.stdout))
    return RunResult.from_json(json.dumps(facts["result"])), done


def canary(environment: Environment, folder: Path, *wants: str) -> tuple[str, bytes]:
    """Return how the good agents are listed, and what they make of a document.

    Args:
        environment: Where they are installed.
        folder: For the document and what comes out.
        wants: Schemas that must come out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    note, result = folder / "note.md", folder / "result"
    note.write_text(_NOTE, encoding="utf-8")
    goal = [word for want in wants for word in ("--want", want)]
    # What is remembered of other runs is not to count: it is another time each time.
    forgotten = folder / "state"
    words = ("agentreg", "run", str(note), *goal, "--out", str(result), "--no-store")
    environment.run(*words, state=forgotten)
    listing = ("agentreg", "agents", "--capability", "content_analysis", "--plain")
    rows = environment.run(*listing, state=forgotten)
    return rows.stdout, result.read_bytes()


def markdown(told: Iterable[Told]) -> str:
    """Return the table as it stands on a page."""
    lines = [
        "| fault | distribution | state | what is said | what to type |",
        "|---|---|---|---|---|",
    ]
    for row in told:
        cells = (row.fault, f"`{row.distribution}`", row.state, row.said, row.fix)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _told(environment: Environment, record: JsonObject, fault: str) -> Told:
    words = {key: str(record[key]) for key in ("distribution", "state", "reason", "fix")}
    said = words["reason"]
    if words["state"] == "ok":
        result, done = run(environment, words["distribution"])
        errors = [stage.error.message for stage in result.stages if stage.error]
        warnings = [line for line in done.stderr.splitlines() if line.startswith("importing ")]
        notes = cast("list[str]", record["notes"])
        said = "; ".join((f"listed; run: {result.status}", *errors, *warnings, *notes))
    return Told(
        fault=fault,
        distribution=words["distribution"],
        state=words["state"],
        said=re.sub(r"(?<!:)\n\s*", "; ", re.sub(r":\n\s*", ": ", said)).replace(
            f"{environment.site}/", ""
        ),
        fix=words["fix"],
    )


def _faults() -> dict[str, str]:
    """Return the fault of each distribution, by the first part of its metadata folder."""
    text = (BROKEN / "README.md").read_text(encoding="utf-8")
    faults: dict[str, str] = {}
    for row in _ROW.finditer(text):
        for name in re.findall(r"`([a-z0-9-]+)`", row["names"]):
            faults[name.replace("-", "_")] = row["fault"]
    written = _dist_info()
    for number, distributions in (
        ("F13", written.UNREADABLE_ENTRY_POINTS),
        ("F15", written.CONFUSABLE_NAMES),
    ):
        for one in distributions:
            stem: str = one.folder or one.name.replace("-", "_")
            faults[stem.partition("-")[0]] = number
    return faults


def _dist_info() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dist_info", BROKEN / "dist_info.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["dist_info"] = module
    spec.loader.exec_module(module)
    return module


def _show(good: Environment, folder: Path) -> None:
    output = Output(plain=True)
    environment = install_broken(folder, good=good)
    same = canary(environment, folder, *REPORT) == canary(good, folder, *REPORT)
    write_hostile(environment)
    same &= canary(environment, folder, *PLAIN) == canary(good, folder, *PLAIN)
    told = everything_told(environment)
    columns = ("fault", "distribution", "state", "what is said")
    output.table(columns, ((row.fault, row.distribution, row.state, row.said) for row in told))
    output.text(f"\n{len(told)} broken plugins are installed; explain each: agentreg doctor")
    answer = "the same bytes as without them" if same else "SOMETHING ELSE than without them"
    output.text(f"the good agents beside them are listed, and give {answer}")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    _show(Environment(Path(sys.argv[1]).absolute()), Path(sys.argv[2]).absolute())
