"""Where decisions are written: flags, the environment and one file; gathered, not yet read.

The warm path compares these with what the cache was built under and reads no further, so
this module imports nothing that costs anything.
"""
# pathlib costs as much as starting Python does.
# ruff: noqa: PTH100, PTH111, PTH113, PTH117, PTH118, PTH123

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ALLOW_VARIABLE",
    "BLOCK_VARIABLE",
    "CONFIG_VARIABLE",
    "LOCK_VARIABLE",
    "MAX_BYTES",
    "TRUST_VARIABLE",
    "SettingsSource",
    "switch_off_pydantic_plugins",
    "user_cache_folder",
    "user_config_file",
    "user_state_folder",
]

ALLOW_VARIABLE = "AGENTREG_ALLOW"
BLOCK_VARIABLE = "AGENTREG_BLOCK"
CONFIG_VARIABLE = "AGENTREG_CONFIG"
LOCK_VARIABLE = "AGENTREG_LOCK"
TRUST_VARIABLE = "AGENTREG_TRUST"
MAX_BYTES = 1 << 20
_ENVIRONMENT = os.environ  # noqa: TID251 -- this room is the reader of the environment


class SettingsSource:
    """What was written, by place: the file, the environment and the flags.

    Attributes:
        file: The configuration file, or empty when there is none.
        content: Its bytes.
        allow: Names to add to the allow list; those of a flag stand for all others.
        block: Names to add to the block list.
        trust: Given by flag or environment, or empty.
        lock: Given by flag or environment, absolute, or empty.
    """

    __slots__ = ("allow", "block", "content", "file", "lock", "trust")

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        allow: Iterable[str] = (),
        block: Iterable[str] = (),
        trust: str = "",
        lock: str = "",
    ) -> None:
        """Gather what is written in *path*, else in ``AGENTREG_CONFIG``, else the user's file.

        A file in the current directory is never read by itself: a folder that one merely
        stands in decides nothing.

        Raises:
            ConfigError: If the named file cannot be opened.
        """
        named = os.fspath(path) if path is not None else _ENVIRONMENT.get(CONFIG_VARIABLE, "")
        self.file, self.content = _content(named) if named else _own_content()
        self.allow = tuple(allow) or _words(ALLOW_VARIABLE)
        self.block = (*_words(BLOCK_VARIABLE), *block)
        self.trust = trust or _ENVIRONMENT.get(TRUST_VARIABLE, "")
        named_lock = lock or _ENVIRONMENT.get(LOCK_VARIABLE, "")
        self.lock = os.path.abspath(named_lock) if named_lock else ""

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """Equal for equal sources: plain values, so that they can be stored."""
        file = os.path.abspath(self.file) if self.file else ""
        return (file, self.content, self.allow, self.block, self.trust, self.lock)


def user_config_file() -> str:
    """Return the place of the user's own file, whether or not it exists; empty without a home."""
    return _in_home("XDG_CONFIG_HOME", ".config", "agentreg.toml")


def user_cache_folder() -> str:
    """Return the place for what can be made again; empty without a home."""
    return _in_home("XDG_CACHE_HOME", ".cache")


def user_state_folder() -> str:
    """Return the place for what must outlive this process; empty without a home."""
    return _in_home("XDG_STATE_HOME", os.path.join(".local", "state"))


def switch_off_pydantic_plugins() -> None:
    """Keep pydantic from reading the entry points of everything installed, in this process.

    At its first model it reads them all, and one that is not UTF-8 stops every program that
    uses pydantic. Only for a process that is ours from beginning to end.
    """
    _ENVIRONMENT.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _in_home(variable: str, default: str, *parts: str) -> str:
    folder = _ENVIRONMENT.get(variable, "")
    if not os.path.isabs(folder):
        folder = os.path.join(os.path.expanduser("~"), default)
    return os.path.join(folder, "agentreg", *parts) if os.path.isabs(folder) else ""


def _words(variable: str) -> tuple[str, ...]:
    return tuple(_ENVIRONMENT.get(variable, "").replace(",", " ").split())


def _own_content() -> tuple[str, bytes]:
    file = user_config_file()
    return _content(file) if os.path.isfile(file) else ("", b"")


def _content(file: str) -> tuple[str, bytes]:
    try:
        with open(file, "rb") as stream:
            return file, stream.read(MAX_BYTES + 1)
    except OSError as error:
        from registry_core.errors import ConfigError, Fault

        raise ConfigError(file, [Fault("", error.strerror or "cannot be read")]) from error
