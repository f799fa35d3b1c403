# ruff: noqa: INP001 -- a script among distributions, in no package
"""Write installed distributions, right or wrong, into a directory, as installers would.

No build tool makes what breaks here by its metadata, so these distributions are written as
they would lie in ``site-packages``: their files, and a ``*.dist-info`` folder beside them.

    python dist_info.py DIRECTORY    write every hostile one into DIRECTORY
"""

from __future__ import annotations

import sys
import tomllib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

__all__ = ["CONFUSABLE_NAMES", "UNREADABLE_ENTRY_POINTS", "Distribution", "from_source", "write"]

HERE = Path(__file__).parent

_PLUGIN = b'''"""An agent in order, in a distribution that is not."""

from __future__ import annotations

from registry_core import agent, hookimpl


@agent(idempotent=True, mutates=False)
def echo(text: str) -> str:
    """Return the text as it is."""
    return text


@hookimpl
def registry_agents() -> list[object]:
    """Offer the agent."""
    return [echo]
'''


@dataclass(frozen=True, slots=True)
class Distribution:
    """What an installer leaves behind.

    Attributes:
        name: As ``METADATA`` has it.
        version: As ``METADATA`` has it.
        entry_points: Content of ``entry_points.txt``.
        files: Content of each installed file, by its path.
        folder: Stem of the ``*.dist-info`` folder; name and version unless given.
    """

    name: str
    version: str = "0.1.0"
    entry_points: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    folder: str = ""

    @property
    def metadata(self) -> bytes:
        """Content of ``METADATA``."""
        return f"Metadata-Version: 2.4\nName: {self.name}\nVersion: {self.version}\n".encode()


def write(distribution: Distribution, directory: Path) -> Path:
    """Write *distribution* into *directory* and return its ``*.dist-info`` folder."""
    stem = distribution.folder or f"{distribution.name.replace('-', '_')}-{distribution.version}"
    folder = f"{stem}.dist-info"
    contents = {
        **distribution.files,
        f"{folder}/METADATA": distribution.metadata,
        f"{folder}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{folder}/INSTALLER": b"dist_info\n",
        f"{folder}/entry_points.txt": distribution.entry_points,
    }
    contents[f"{folder}/RECORD"] = _record(contents, f"{folder}/RECORD")
    for path, content in contents.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return directory / folder


def from_source(name: str) -> Distribution:
    """Return the distribution that the folder *name* beside this file would be installed as."""
    source = HERE / name / "src"
    project = tomllib.loads((HERE / name / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines: list[str] = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in entries.items()), ""]
    return Distribution(
        name=project["name"],
        version=project["version"],
        entry_points="\n".join(lines).encode(),
        files={
            path.relative_to(source).as_posix(): path.read_bytes()
            for path in sorted(source.rglob("*"))
            if path.is_file() and path.suffix != ".pyc"
        },
    )


def _record(contents: Mapping[str, bytes], record: str) -> bytes:
    rows = [
        f"{path},sha256={urlsafe_b64encode(sha256(content).digest()).rstrip(b'=').decode()},{len(content)}"
        for path, content in contents.items()
    ]
    return ("\n".join((*rows, f"{record},,")) + "\n").encode()


def _unreadable(name: str, entry_points: bytes) -> Distribution:
    module = name.replace("-", "_")
    return Distribution(name=name, entry_points=entry_points, files={f"{module}.py": _PLUGIN})


_GROUP = b"[registry_core.plugins]\n"

UNREADABLE_ENTRY_POINTS = (
    _unreadable("not-utf-8", _GROUP + b"caf\xe9 = not_utf_8\n"),
    _unreadable("no-equals", _GROUP + b"no_equals\n"),
    _unreadable("no-section", b"no-section = no_section\n"),
    _unreadable("open-section", b"[registry_core.plugins\nopen-section = open_section\n"),
    _unreadable("continued-line", _GROUP + b"continued-line = \n    continued_line\n"),
    _unreadable("doubled-section", _GROUP + b"a = doubled_section\n" + _GROUP + b"b = os\n"),
    _unreadable("doubled-key", _GROUP + b"a = doubled_key\na = os\n"),
    _unreadable("zero-byte", _GROUP + b"zero\x00byte = zero_byte\n"),
    _unreadable("utf-16", (_GROUP + b"utf-16 = utf_16\n").decode().encode("utf-16")),
)
"""Distributions whose ``entry_points.txt`` breaks readers: nothing of one may break another."""

CONFUSABLE_NAMES = tuple(
    Distribution(
        name=name,
        entry_points=_GROUP + f"{name} = confusable_{number}\n".encode(),
        files={f"confusable_{number}.py": _PLUGIN},
        folder=f"confusable_{number}-0.1.0",
    )
    for number, name in enumerate(
        (
            "web-\u0430gents",  # Cyrillic a
            "\uff57eb-agents",  # fullwidth w
            "web\u200b-agents",  # zero-width space
            "\u202estnega-bew",  # written right to left, reads web-agents
            "WEB-Agents",
            "web--agents",
            "web-agents ",
            "-web-agents",
            "web/agents",
        )
    )
)
"""Distributions whose names look like ``web-agents``, or are no names at all."""


def _main() -> None:
    directory = Path(sys.argv[1])
    for distribution in (*UNREADABLE_ENTRY_POINTS, *CONFUSABLE_NAMES):
        write(distribution, directory)


if __name__ == "__main__":
    _main()
