"""Whether a plugin fits this host, decided by its metadata before anything is imported."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from email import message_from_bytes
from typing import TYPE_CHECKING

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from registry_core.definitions.manifest import HOST_API
from registry_core.discovery.files import UnreadableError, read_bounded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Metadata", "Misfit", "check_host_api", "check_requirements", "read_metadata"]


@dataclass(frozen=True, slots=True)
class Metadata:
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


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a plugin does not fit, and what mends it."""

    code: str
    reason: str
    fix: str


def read_metadata(folder: Path) -> Metadata | str:
    """Return the metadata in *folder*, or why it cannot be used."""
    for name in ("METADATA", "PKG-INFO"):
        try:
            headers, _, _ = read_bounded(folder / name).replace(b"\r\n", b"\n").partition(b"\n\n")
            headers.decode("utf-8")
        except FileNotFoundError:
            continue
        except UnreadableError as error:
            return f"{name} {error}"
        except UnicodeDecodeError:
            return f"{name} is not UTF-8"
        message = message_from_bytes(headers)
        found_name, found_version = message.get("Name", ""), message.get("Version", "")
        if not found_name or not found_version:
            return f"{name} has no {'Version' if found_name else 'Name'}"
        try:
            version = str(Version(found_version))
        except InvalidVersion:
            return f"{name}: {found_version!a} is not a version"
        return Metadata(
            name=canonicalize_name(found_name),
            version=version,
            requires_python=message.get("Requires-Python", ""),
            requires=tuple(message.get_all("Requires-Dist") or ()),
        )
    return "METADATA is missing"


def check_host_api(specifier: str, *, plugin: str) -> Misfit | None:
    """Return why the hook API of this host is not what the manifest of *plugin* asks for."""
    try:
        if SpecifierSet(specifier).contains(HOST_API):
            return None
    except InvalidSpecifier:
        reason = f"host_api {specifier!a} is not a version specifier"
        return Misfit("host_api", reason, f"tell the authors of {plugin}")
    return Misfit(
        "host_api",
        f"needs hook API {specifier}, and this host has {HOST_API}",
        f"pip install --upgrade {plugin} registry-core",
    )


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
            requirement = Requirement(text)
            applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName):
            return Misfit("requirement", f"{text!a} is not a requirement", _tell(metadata))
        if applies:
            misfit = _check_requirement(requirement, installed, metadata.name)
            if misfit:
                return misfit
    return None


def _check_python(metadata: Metadata) -> Misfit | None:
    running = platform.python_version()
    try:
        if SpecifierSet(metadata.requires_python).contains(running, prereleases=True):
            return None
    except InvalidSpecifier:
        reason = f"Requires-Python {metadata.requires_python!a} is not a version specifier"
        return Misfit("python", reason, _tell(metadata))
    reason = f"needs Python {metadata.requires_python}, and this is {running}"
    return Misfit("python", reason, f"use another Python, or pip install --upgrade {metadata.name}")


def _check_requirement(
    requirement: Requirement, installed: Mapping[str, str], plugin: str
) -> Misfit | None:
    version = installed.get(canonicalize_name(requirement.name))
    mend = f'pip install "{requirement}"'
    if version is None:
        return Misfit("requirement", f"needs {requirement}, which is not installed", mend)
    try:
        fits = requirement.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        fits = True  # not ours to judge: the distribution in question is reported by itself
    if fits:
        return None
    if canonicalize_name(requirement.name) == "registry-core":
        mend = f'pip install --upgrade {plugin} "{requirement}"'
    return Misfit("requirement", f"needs {requirement}, and {version} is installed", mend)


def _tell(metadata: Metadata) -> str:
    return f"pip install --upgrade {metadata.name}, or tell its authors"
