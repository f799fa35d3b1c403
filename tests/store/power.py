"""A loss of power, replayed: what a process wrote, without what its disk had not confirmed.

The process is watched by ``strace``. A crash is a moment in what it did: up to the last
confirmation everything is there, and of what was written after that any part may be, in any
order, torn anywhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Literal

from registry_core.errors import RegistryError, UnknownNameError
from registry_core.store.store import Store
from tests.store.crashing import finish, say, start

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

__all__ = ["Story", "can_watch", "crash", "survive", "watch"]

_SECTOR = 512
_CALLS = "pwrite64,write,fdatasync,fsync,ftruncate,unlink"
_LINE = re.compile(
    r"(?P<thread>\d+) +(?P<call>\w+)\((?:(?P<number>\d+)<(?P<path>[^>]*)>|\"(?P<name>[^\"]*)\")"
    r"(?:, )?(?P<rest>.*)"
)
_RESUMED = re.compile(r"(?P<thread>\d+) +<\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that the process did: to a file of the store, or to tell that a stage is kept."""

    kind: Literal["write", "cut", "confirm", "remove", "kept"]
    file: str
    offset: int = 0
    content: bytes = b""


@dataclass(slots=True)
class Story:
    """What the process did, and how many stages it was told are kept at the crash."""

    acts: tuple[Act, ...]
    kept: int = 0


@dataclass(slots=True)
class _File:
    """A file as the disk has it, and what it was told since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Act] = field(default_factory=list[Act])

    def confirm(self) -> None:
        for act in self.pending:
            _apply(self.durable, act)
        self.pending.clear()


@cache
def can_watch() -> bool:
    """Return whether a process can be watched here."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], check=False).returncode == 0  # noqa: S607 -- whichever there is


def watch(folder: Path, *modes: str) -> Story:
    """Return what a process does that works on a run from beginning to end."""
    trace = folder.parent / "trace"
    options = ("-f", "-qq", "-y", "-xx", "-s", "1000000", "-e", f"trace={_CALLS}", "-o", str(trace))
    child = start(folder, "run", *modes, prefix=("strace", *options))
    say(child)
    assert finish(child)[0] == 0
    return Story(tuple(_acts(trace, folder)))


def crash(story: Story, folder: Path, chance: Random) -> Path:
    """Return the folder as it could be after a loss of power at a random moment."""
    first = next(n for n, act in enumerate(story.acts) if act.kind == "kept")
    moment = chance.randint(first + 1, len(story.acts))
    files: defaultdict[str, _File] = defaultdict(_File)
    story.kept = 0
    for act in story.acts[:moment]:
        match act.kind:
            case "kept":
                story.kept += 1
            case "confirm":
                files[act.file].confirm()
            case "remove":
                files.pop(act.file, None)
            case _:
                files[act.file].pending.append(act)
    after = folder.with_name("after")
    shutil.rmtree(after, ignore_errors=True)
    after.mkdir(mode=0o700)
    for name, file in files.items():
        content = file.durable
        some = [act for act in file.pending if chance.random() < 0.7]
        chance.shuffle(some)
        for act in some:
            _apply(content, _torn(act, chance))
        (after / name).write_bytes(content)
    return after


def survive(after: Path, story: Story) -> Literal["", "lost", "corrupt"]:
    """Return what is wrong with the store in *after*; empty when all that was kept is there."""
    try:
        with Store(after) as store:
            if store.check():
                return "corrupt"
            stages = store.report("run").stages
    except UnknownNameError:
        return "lost"
    except RegistryError:
        return "corrupt"
    there = sum(stage.state == "succeeded" for stage in stages)
    return "lost" if there < story.kept else ""


def _apply(content: bytearray, act: Act) -> None:
    if act.kind == "cut":
        del content[act.offset :]
        content.extend(bytes(act.offset - len(content)))
        return
    content.extend(bytes(max(act.offset - len(content), 0)))
    content[act.offset : act.offset + len(act.content)] = act.content


def _torn(act: Act, chance: Random) -> Act:
    """Return *act* with only the first of its sectors, every other time."""
    if act.kind == "cut" or chance.random() < 0.5:
        return act
    sectors = chance.randint(0, len(act.content) // _SECTOR)
    return Act("write", act.file, act.offset, act.content[: sectors * _SECTOR])


def _acts(trace: Path, folder: Path) -> list[Act]:
    acts: list[Act] = []
    begun: dict[str, str] = {}
    with trace.open(encoding="ascii") as lines:
        for line in lines:
            resumed = _RESUMED.match(line)
            if resumed is not None:
                text = begun.pop(resumed["thread"], "") + resumed["rest"]
            elif line.endswith("<unfinished ...>\n"):
                text = line.removesuffix("<unfinished ...>\n")
                begun[text.split(maxsplit=1)[0]] = text
                continue
            else:
                text = line
            found = _LINE.match(text)
            act = None if found is None else _act(found, folder)
            if act is not None:
                acts.append(act)
    return acts


def _act(found: re.Match[str], folder: Path) -> Act | None:
    path, rest = _text(found["path"] or found["name"] or ""), found["rest"]
    if path.endswith(".witness"):
        kept = found["call"] == "write" and _bytes(rest).startswith(b"kept")
        return Act("kept", "") if kept else None
    parent, _, name = path.rpartition("/")
    if parent != str(folder) or name.endswith("-shm") or rest.rstrip().endswith("= -1"):
        return None
    match found["call"]:
        case "write" | "pwrite64" as call:  # the mark is written from its beginning
            offset = 0 if call == "write" else int(rest.split(") = ")[0].rsplit(", ", 1)[1])
            return Act("write", name, offset, _bytes(rest))
        case "ftruncate":
            return Act("cut", name, int(rest.split(")")[0]))
        case call:
            return Act("remove" if call == "unlink" else "confirm", name)


def _bytes(rest: str) -> bytes:
    quoted = rest.split('"')[1]
    return bytes.fromhex(quoted.replace("\\x", ""))


def _text(escaped: str) -> str:
    return bytes.fromhex(escaped.replace("\\x", "")).decode() if "\\x" in escaped else escaped
