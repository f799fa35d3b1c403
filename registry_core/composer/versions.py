"""Names with a version specifier, such as ``text-agents/summarise>=1.2,<2``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from registry_core.errors import AmbiguousNameError, InvalidNameError

if TYPE_CHECKING:
    from registry_core.catalog.catalog import Catalog
    from registry_core.names import AgentId

__all__ = ["admits", "owners", "split"]

_TERM = re.compile(r"([^<>=!~\s]+)\s*([<>=!~].*)?", re.DOTALL)


def split(text: str) -> tuple[str, str]:
    """Return the name and the specifier of a term; the specifier is empty where there is none.

    Raises:
        InvalidNameError: If what follows the name is no specifier.

    >>> split("text-agents/summarise >=1.2, <2")
    ('text-agents/summarise', '<2,>=1.2')
    """
    term = _TERM.fullmatch(text.strip())
    if term is None:
        return text, ""
    name, specifier = term[1], term[2] or ""
    if not specifier:
        return name, ""
    # Costs more than it takes to start, and hardly anybody writes one.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return name, str(SpecifierSet(specifier))
    except InvalidSpecifier:
        expected = "a name and versions, such as 'text-agents/summarise>=1.2,<2'"
        raise InvalidNameError("version specifier", text, expected) from None


def admits(specifier: str, version: str) -> bool:
    """Return whether *version* meets *specifier*; one that is no version meets the empty one only.

    >>> admits(">=1.2,<2", "1.10"), admits(">=1.2", "1.1"), admits("", "of today")
    (True, False, True)
    """
    if not specifier:
        return True
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def owners(catalog: Catalog, text: str) -> tuple[tuple[AgentId, ...], str]:
    """Return the agents that the name in *text* leads to, sorted, and the specifier there.

    Raises:
        UnknownNameError: If nothing has the name.
        AmbiguousNameError: If several have it, and neither a pin nor a specifier may decide.
        InvalidNameError: If what follows the name is no specifier.
    """
    if text in catalog:
        return (catalog.resolve(text),), ""
    name, specifier = split(text)
    try:
        return (catalog.resolve(name),), specifier
    except AmbiguousNameError as error:
        if not specifier:
            raise
        return tuple(map(catalog.resolve, error.owners)), specifier
