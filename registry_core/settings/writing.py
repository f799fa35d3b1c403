"""Change a file that others may be changing: nobody's change is lost, and no reader sees half.

A writer holds the lock of the file itself, so none is left lying around; what it wrote goes to
the disk under another name first and takes the old one's place in one step. Whoever waited sees
then that the file is another one and begins again with that.

Where there is no fcntl (Windows), there is no lock: of two writers at once, the later one wins.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from registry_core.errors import ConfigError, Fault
from registry_core.text.toml import MAX_FILE_BYTES

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import BinaryIO

__all__ = ["change_file", "set_aside"]

_PRIVATE = 0o600


def change_file(file: str | os.PathLike[str], change: Callable[[bytes], bytes]) -> bool:
    """Replace what *file* holds by what *change* makes of it, and return whether that differs.

    A file that is not there is empty, and is made for its owner only; links are followed. The
    content before stays beside it, under the name with ``.bak``. If *change* raises, nothing is
    touched.

    Args:
        file: Which.
        change: Takes the bytes there are and returns those to be; others wait for it.

    Raises:
        ConfigError: If the new content could not be read again.
        OSError: If the file cannot be read or written.
    """
    path = Path(os.path.realpath(file))
    with _locked(path) as old:
        new = change(old)
        if new == old:
            return False
        if len(new) > MAX_FILE_BYTES:
            raise ConfigError(str(file), [Fault("", "would be larger than 1 MiB")])
        mode = stat.S_IMODE(path.stat().st_mode)
        if old:
            _put(path.with_name(f"{path.name}.bak"), old, mode)
        _put(path, new, mode)
        _sync(path.parent)
    return True


def set_aside(file: str | os.PathLike[str]) -> Path:
    """Empty *file*, whatever it holds, and return where its content is now.

    Raises:
        OSError: If the file cannot be read or written.
    """
    path = Path(os.path.realpath(file))
    with _locked(path):
        mode = stat.S_IMODE(path.stat().st_mode)
        number = 0
        while True:
            place = path.with_name(f"{path.name}.bak{number or ''}")
            try:
                place.hardlink_to(path)
            except FileExistsError:
                number += 1
            else:
                break
        _put(path, b"", mode)
        _sync(path.parent)
    return place


@contextlib.contextmanager
def _locked(path: Path) -> Generator[bytes, None, None]:
    """Give the content of *path*, made if it is not there, while nobody else changes it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = not path.exists()
    while True:
        with open(path, "rb", opener=_make) as stream:
            if sys.platform != "win32":
                fcntl.flock(stream, fcntl.LOCK_EX)
            if not _is_still(path, stream):
                continue
            old = stream.read(MAX_FILE_BYTES + 1)
            if sys.platform == "win32":
                stream.close()  # nor can it replace a file that is open
            try:
                yield old
            finally:
                # What was made only to be locked does not outlive a change that failed.
                if made and _is_empty_still(path, stream):
                    path.unlink()
            return


def _make(path: str, flags: int) -> int:
    del flags
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), _PRIVATE)


def _is_still(path: Path, stream: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False


def _is_empty_still(path: Path, stream: BinaryIO) -> bool:
    return not stream.closed and _is_still(path, stream) and not path.stat().st_size


def _put(path: Path, content: bytes, mode: int) -> None:
    """Let *path* be a file with *content*, or what it was, whenever the power goes."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)  # of a writer that was killed
    try:
        with part.open("xb") as stream:
            part.chmod(_PRIVATE)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(mode)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    # Windows opens no folders; there the name is written when the system likes.
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
