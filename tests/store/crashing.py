"""Runs that are killed, and what that cost: lost, wrong and repeated stages."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from tests.store.lane import OWNED

if TYPE_CHECKING:
    from random import Random

__all__ = ["STAGES", "Toll", "kill_once_or_twice", "resume_twice_at_once", "start"]

STAGES = 20
_ROOT = Path(__file__).parents[2]
_SPAN_SECONDS = 0.09  # about how long the run takes


@dataclass(slots=True)
class Toll:
    """What went wrong with one run.

    Attributes:
        kills: How often it was killed.
        lost: Stages that were kept and are not in the store.
        wrong: Whether something else came out than without a kill.
        repeated: Calls of stages that were kept.
        redone: Calls of stages that had begun and were not kept.
    """

    kills: int = 0
    lost: int = 0
    wrong: bool = False
    repeated: int = 0
    redone: int = 0


@dataclass(slots=True)
class Witness:
    """What the processes that worked on a run did, in order."""

    did: Counter[int] = field(default_factory=Counter[int])
    kept: set[int] = field(default_factory=set[int])
    repeated: int = 0

    @classmethod
    def read(cls, file: Path) -> Witness:
        """Return what stands in *file*."""
        witness = cls()
        lines = file.read_text(encoding="ascii").splitlines() if file.exists() else []
        for line in lines:
            word, number = line.split()
            if word == "kept":
                witness.kept.add(int(number))
            else:
                witness.did[int(number)] += 1
                witness.repeated += int(number) in witness.kept
        return witness


def start(
    folder: Path, run_id: str, *modes: str, prefix: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """Return a process that works on a run once it gets a line, and that is ready to."""
    words = (str(folder), run_id, str(folder.parent / f"{run_id}.witness"), str(STAGES), *modes)
    child = subprocess.Popen(
        [*prefix, sys.executable, "-m", "tests.store.lane", *words],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def say(child: subprocess.Popen[str]) -> None:
    """Let a process begin."""
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.flush()


def finish(child: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit code of a process and the last that it said."""
    out, _ = child.communicate(timeout=60)
    return child.returncode, out.strip()


def kill_once_or_twice(folder: Path, run_id: str, chance: Random, *modes: str) -> Toll:
    """Kill a run at a random moment, every other one twice; let it end, and count the cost."""
    toll = Toll(kills=chance.choice([1, 2]))
    file = folder.parent / f"{run_id}.witness"
    for _ in range(toll.kills):
        child = start(folder, run_id, *modes)
        say(child)
        Event().wait(chance.uniform(0, _SPAN_SECONDS / toll.kills))
        child.kill()
        child.communicate()
    child = start(folder, run_id, *modes)
    say(child)
    code, said = finish(child)
    witness = Witness.read(file)
    ended_before = code == OWNED and said == "ended"
    toll.wrong = not ended_before and (code, said) != (0, str(sum(range(STAGES))))
    toll.lost = STAGES - len(witness.did)
    toll.repeated = witness.repeated
    toll.redone = sum(count - 1 for count in witness.did.values()) - toll.repeated
    return toll


def resume_twice_at_once(folder: Path, run_id: str) -> tuple[int, list[str]]:
    """Cut a run, let two processes go on with it; return the calls too many, and what they said."""
    first = start(folder, run_id)
    say(first)
    Event().wait(_SPAN_SECONDS / 3)
    first.kill()
    first.communicate()
    file = folder.parent / f"{run_id}.witness"
    before = Witness.read(file).did
    children = [start(folder, run_id) for _ in range(2)]
    for child in children:
        say(child)
    said = [finish(child)[1] for child in children]
    after = Witness.read(file).did
    again = sum((after - before).values())
    return again - len([n for n in range(STAGES) if after[n] > before[n]]), said
