"""Feed bytes to every parser of files that strangers wrote: ``python -m tests.fuzz.parsers``.

Needs atheris, which follows the bytes through the code and grows those that reach new lines.
Arguments are libFuzzer's, such as ``-runs=1000000``. Anything that is raised and not promised
stops it.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

__all__ = ["PARSERS", "main", "parse"]


class Fuzzer(Protocol):
    """What is used of atheris."""

    def instrument_imports(self, *, include: Sequence[str]) -> AbstractContextManager[object]:
        """Follow what is imported within."""
        ...

    def Setup(self, arguments: list[str], target: Callable[[bytes], None]) -> object:  # noqa: N802 -- theirs
        """Say what to call."""
        ...

    def Fuzz(self) -> None:  # noqa: N802 -- theirs
        """Call it until there is enough."""
        ...


Parser: TypeAlias = Callable[[bytes, Path], None]


def _entry_points(data: bytes, folder: Path) -> None:
    from registry_core.discovery.entry_points import EntryPointError, parse_entry_points

    del folder
    with contextlib.suppress(EntryPointError):
        parse_entry_points(data)


def _metadata(data: bytes, folder: Path) -> None:
    from registry_core.discovery.compatibility import Metadata, check_requirements, read_metadata

    (folder / "METADATA").write_bytes(data)
    metadata = read_metadata(folder)
    if isinstance(metadata, Metadata):
        check_requirements(metadata, {"words": "1.0"})


def _record(data: bytes, folder: Path) -> None:
    from registry_core.discovery.ownership import OwnedFiles, read_record

    (folder / "RECORD").write_bytes(data)
    (folder / "direct_url.json").write_bytes(data)
    owned = OwnedFiles(folder)
    for file in read_record(folder)[:3]:
        owned.find(file.path)


def _manifest(data: bytes, folder: Path) -> None:
    from registry_core.definitions.validating import read_manifest
    from registry_core.discovery.codec import from_plain, to_plain
    from registry_core.errors import ManifestError

    del folder
    with contextlib.suppress(ManifestError):
        manifest, _ = read_manifest("fuzz", data)
        assert from_plain(to_plain(manifest)) == manifest


def _settings(data: bytes, folder: Path) -> None:
    from registry_core.errors import ConfigError
    from registry_core.settings.reading import load_settings

    (folder / "agentreg.toml").write_bytes(data)
    with contextlib.suppress(ConfigError):
        load_settings(folder / "agentreg.toml")


PARSERS: tuple[Parser, ...] = (_entry_points, _metadata, _record, _manifest, _settings)


def parse(data: bytes, folder: Path) -> None:
    """Give all but the first byte of *data* to the parser that the first one chooses."""
    if data:
        PARSERS[data[0] % len(PARSERS)](data[1:], folder)


def main(arguments: Sequence[str]) -> None:
    """Fuzz until libFuzzer has enough."""
    # Built for some platforms only, and its types are not published.
    atheris: Fuzzer = cast("Fuzzer", importlib.import_module("atheris"))
    with atheris.instrument_imports(include=["registry_core", "packaging"]):
        for module in ("registry_core.settings.reading", "registry_core.discovery.codec"):
            importlib.import_module(module)

    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = Path(name)
        atheris.Setup(list(arguments), lambda data: parse(data, folder))
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
