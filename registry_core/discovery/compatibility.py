"""Whether a plugin fits this host, decided by its metadata before anything is imported."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from registry_core.definitions.manifest import HOST_API
from registry_core.discovery.files import UnreadableError, read_bounded
from registry_core.discovery.releases import fits, is_release, normal_name, plain_requirement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packaging.requirements import Requirement

    from registry_core.discovery.places import Mark

__all__ = [
    "Metadata",
    "Misfit",
    "check_host_api",
    "check_requirements",
    "read_metadata",
    "version_of",
]

_SHOWN = 200
_HEADERS = re.compile(
    r"^(name|version|requires-python|requires-dist)[ \t]*:(.*)$",
    re.ASCII | re.IGNORECASE | re.MULTILINE,
).findall


class Metadata(NamedTuple):
    """The part of a distribution's metadata that decides whether it fits.

    Attributes:
        name: As the file says; it should equal the name of the folder.
        version: As the file says.
        requires_python: Version specifier, or empty.
        requires: Requirements as written.
    """

    name: str
    version: str
    requires_python: str = ""
    requires: tuple[str, ...] = ()


class Misfit(NamedTuple):
    """Why a plugin does not fit, and what mends it."""

    code: str
    reason: str
    fix: str


def read_metadata(folder: Path | str, marks: list[Mark] | None = None) -> Metadata | str:
    """Return the metadata in *folder*, or why it cannot be used.

    Args:
        folder: The metadata folder.
        marks: Gets the marks of the files that are read.
    """
    for name in ("METADATA", "PKG-INFO"):
        try:
            fields = _fields(read_bounded(f"{folder}/{name}", marks=marks).decode("utf-8"))
        except FileNotFoundError:
            continue
        except UnreadableError as error:
            return f"{name} {error}"
        except UnicodeDecodeError:
            return f"{name} is not UTF-8"
        for wanted in ("name", "version"):
            if len(fields.get(wanted, ())) != 1:
                found = "twice" if wanted in fields else "no"
                return f"{name} has {found} {wanted.capitalize()}"
        (written,) = fields["version"]
        version = version_of(written)
        if version is None:
            return f"{name}: {written[:_SHOWN]!a} is not a version"
        return Metadata(
            name=normal_name(fields["name"][0]),
            version=version,
            requires_python="".join(fields.get("requires-python", ())),
            requires=tuple(fields.get("requires-dist", ())),
        )
    return "METADATA is missing"


def version_of(text: str) -> str | None:
    """Return the version that *text* is, in normal form, or None when it is none."""
    if len(text) > _SHOWN:
        return None
    if is_release(text):
        return text
    from packaging.version import Version

    try:
        return str(Version(text))
    except ValueError:  # also a number of more digits than Python takes
        return None


def _fields(text: str) -> dict[str, list[str]]:
    """Return the headers that matter before the first empty line, by name in lower case."""
    fields: dict[str, list[str]] = {}
    head = text.replace("\r\n", "\n").partition("\n\n")[0]
    for name, value in _HEADERS(head):
        fields.setdefault(name.lower(), []).append(value.strip())
    return fields


def check_host_api(specifier: str, *, plugin: str) -> Misfit | None:
    """Return why the hook API of this host is not what the manifest of *plugin* asks for."""
    try:
        if _allows(specifier, HOST_API):
            return None
    except ValueError:
        reason = f"host_api {specifier[:_SHOWN]!a} is not a version specifier"
        return Misfit("host_api", reason, f"tell the authors of {plugin}")
    return Misfit(
        "host_api",
        f"needs hook API {specifier}, and this host has {HOST_API}",
        f"pip install --upgrade {plugin} registry-core",
    )


@lru_cache(maxsize=4096)  # plugins ask for the same few things
def _allows(specifier: str, version: str) -> bool:
    """Return whether *specifier* allows *version*, be it a pre-release.

    Raises:
        ValueError: If it is no specifier.
    """
    plain = fits(specifier, version)
    if plain is not None:
        return plain
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(specifier).contains(version, prereleases=True)


def check_requirements(metadata: Metadata, installed: Mapping[str, str]) -> Misfit | None:
    """Return the first requirement of a plugin that is not met, if there is one.

    Args:
        metadata: The plugin's.
        installed: Version of each installed distribution, by name in normal form.
    """
    if metadata.requires_python:
        misfit = _check_python(metadata)
        if misfit:
            return misfit
    for text in metadata.requires:
        try:
            name = _asked_for(text)
        except (ValueError, KeyError, RecursionError):  # packaging descends at each parenthesis
            reason = f"{text[:_SHOWN]!a} is not a requirement"
            return Misfit("requirement", reason, _tell(metadata))
        if name is not None and not _is_met(text, installed.get(name)):
            return _unmet(_parsed(text), installed.get(name), metadata.name)
    return None


@lru_cache(maxsize=4096)  # plugins ask for the same few things
def _asked_for(text: str) -> str | None:
    """Return the name of what the requirement in *text* asks for here, or None for nothing."""
    if plain := plain_requirement(text):
        return None if plain.is_extra else plain.name
    requirement = _parsed(text)
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
        return None
    return normal_name(requirement.name)


@lru_cache(maxsize=4096)
def _is_met(text: str, version: str | None) -> bool:
    if version is None:
        return False
    if version_of(version) is None:
        return True  # not ours to judge: its distribution is reported by itself
    plain = plain_requirement(text)
    return _allows(plain.specifier if plain else str(_parsed(text).specifier), version)


def _parsed(text: str) -> Requirement:
    from packaging.requirements import Requirement

    return Requirement(text)


def _check_python(metadata: Metadata) -> Misfit | None:
    running = sys.version.partition(" ")[0]
    try:
        if _allows(metadata.requires_python, running):
            return None
    except ValueError:
        reason = f"Requires-Python {metadata.requires_python[:_SHOWN]!a} is not a version specifier"
        return Misfit("python", reason, _tell(metadata))
    reason = f"needs Python {metadata.requires_python}, and this is {running}"
    return Misfit("python", reason, f"use another Python, or pip install --upgrade {metadata.name}")


def _unmet(requirement: Requirement, version: str | None, plugin: str) -> Misfit:
    mend = f'pip install "{requirement}"'
    if version is None:
        return Misfit("requirement", f"needs {requirement}, which is not installed", mend)
    if normal_name(requirement.name) == "registry-core":
        mend = f'pip install --upgrade {plugin} "{requirement}"'
    return Misfit("requirement", f"needs {requirement}, and {version} is installed", mend)


def _tell(metadata: Metadata) -> str:
    return f"pip install --upgrade {metadata.name}, or tell its authors"
