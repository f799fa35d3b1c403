"""Where decisions are written: files, the environment and flags; gathered, not yet read.

    user's own file < project's file < environment < flags

The warm path compares these with what the cache was built under and reads no further, so
this module imports nothing that costs anything.
"""
# pathlib costs as much as starting Python does.
# ruff: noqa: PTH100, PTH109, PTH111, PTH113, PTH117, PTH118, PTH120, PTH123

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    Said: TypeAlias = tuple[str, str, str | tuple[str, ...]]

__all__ = [
    "CONFIG_VARIABLE",
    "FILE_NAME",
    "SettingsSource",
    "content_of",
    "environment",
    "project_file",
    "switch_off_pydantic_plugins",
    "trusted_folders",
    "trusted_folders_file",
    "user_cache_folder",
    "user_config_file",
    "user_state_folder",
]

CONFIG_VARIABLE = "AGENTREG_CONFIG"
FILE_NAME = "agentreg.toml"
_PREFIX = "AGENTREG_"
_BETWEEN = "__"
_MAX_BYTES = 1 << 20
_DISCOVERY = ("plugins.", "pins.")
_ENVIRONMENT = os.environ  # noqa: TID251 -- this room is the reader of the environment


class SettingsSource:
    """What was written, by place.

    Attributes:
        files: The configuration files with their bytes; a later one goes over an earlier one.
        untrusted: The project's file when it was found and not read, else empty.
        said: What variables and flags say, each as who says it, the key, and the words; a
            later one goes over an earlier one.
    """

    __slots__ = ("files", "said", "untrusted")

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        allow: Iterable[str] = (),
        block: Iterable[str] = (),
        trust: str = "",
        lock: str = "",
        assign: Iterable[str] = (),
    ) -> None:
        """Gather what is written in the user's own file, and over it in the project's.

        The project's file is *path*, else what ``AGENTREG_CONFIG`` names, else the first
        ``agentreg.toml`` from the current directory upwards, if the user trusts its folder: a
        folder that one merely stands in decides nothing.

        Args:
            path: The project's file.
            allow: Names that alone may take part.
            block: Names to add to the block list.
            trust: ``installed`` or ``locked``.
            lock: The lock file, from the current directory.
            assign: ``KEY=VALUE``, each over everything else.

        Raises:
            ConfigError: If a file cannot be opened, or one of *assign* is no assignment.
        """
        named = os.fspath(path) if path is not None else _ENVIRONMENT.get(CONFIG_VARIABLE, "")
        found = "" if named else project_file()
        self.untrusted = "" if not found or _is_trusted(found) else found
        self.files = _contents(user_config_file(), named or ("" if self.untrusted else found))
        self.said = (
            *_variables(),
            *(("--allow", "plugins.allow", words) for words in (tuple(allow),) if words),
            *(("--block", "plugins.block", words) for words in (tuple(block),) if words),
            *(("--trust", "plugins.trust", word) for word in (trust,) if word),
            *(("--lock", "plugins.lock", os.path.abspath(word)) for word in (lock,) if word),
            *map(_assignment, assign),
        )

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """Equal for sources that discover alike: plain values, so that they can be stored."""
        files = tuple((os.path.abspath(file), content) for file, content in self.files)
        said = tuple(one for one in self.said if one[1].startswith(_DISCOVERY))
        return (files, said)

    def mentions(self, word: str) -> bool:
        """Return whether *word* is written anywhere; if not, nobody decided anything about it."""
        raw = word.encode()
        return any(raw in content for _, content in self.files) or any(
            word in key for _, key, _ in self.said
        )


def project_file() -> str:
    """Return the first ``agentreg.toml`` from the current directory upwards; empty without one."""
    try:
        folder = os.getcwd()
    except OSError:
        return ""
    own = user_config_file()
    while True:
        file = os.path.join(folder, FILE_NAME)
        if os.path.isfile(file) and file != own:
            return file
        folder, child = os.path.dirname(folder), folder
        if folder == child:
            return ""


def trusted_folders_file() -> str:
    """Return the place of the list of folders whose file counts; empty without a home."""
    return _in_home("XDG_CONFIG_HOME", ".config", "trusted-folders")


def trusted_folders() -> tuple[str, ...]:
    """Return the folders whose file counts, with links followed."""
    file = trusted_folders_file()
    try:
        with open(file, "rb") as stream:
            lines = stream.read(_MAX_BYTES).split(b"\n")
    except OSError:
        return ()
    return tuple(os.fsdecode(line) for line in lines if line)


def content_of(file: str) -> bytes:
    """Return the bytes of *file*, or enough of them to see that there are too many.

    Raises:
        ConfigError: If it cannot be read.
    """
    try:
        with open(file, "rb") as stream:
            return stream.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        from registry_core.errors import ConfigError, Fault

        reason = getattr(error, "strerror", None) or "cannot be read"
        raise ConfigError(file, [Fault("", reason)]) from error


def environment() -> Mapping[str, str]:
    """Return the variables of this process, for what refers to one."""
    return _ENVIRONMENT


def user_config_file() -> str:
    """Return the place of the user's own file, whether or not it exists; empty without a home."""
    return _in_home("XDG_CONFIG_HOME", ".config", FILE_NAME)


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


def _variables() -> tuple[Said, ...]:
    said: list[Said] = []
    for name in sorted(name for name in _ENVIRONMENT if name.startswith(_PREFIX)):
        value = _ENVIRONMENT[name]
        key = name.removeprefix(_PREFIX).lower()
        if not value:
            continue
        if key in {"allow", "block"}:
            said.append((name, f"plugins.{key}", tuple(value.replace(",", " ").split())))
        elif key == "trust":
            said.append((name, "plugins.trust", value))
        elif key == "lock":
            said.append((name, "plugins.lock", os.path.abspath(value)))
        elif _BETWEEN in key:
            said.append((name, key.replace(_BETWEEN, "."), value))
    return tuple(said)


def _assignment(text: str) -> Said:
    key, equals, value = text.partition("=")
    if not equals:
        from registry_core.errors import ConfigError, Fault

        raise ConfigError("as typed", [Fault("--set", "is not of the form KEY=VALUE")])
    return ("--set", key.strip(), value)


def _is_trusted(file: str) -> bool:
    return os.path.realpath(os.path.dirname(file)) in trusted_folders()


def _contents(own: str, project: str) -> tuple[tuple[str, bytes], ...]:
    files = [own] if os.path.isfile(own) else []
    if project and os.path.abspath(project) != own:
        files.append(project)
    return tuple((file, content_of(file)) for file in files)
