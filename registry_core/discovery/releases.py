"""Versions and requirements of the plain kind, which nearly all are: judged without packaging.

Importing packaging takes as long as reading a hundred plugins, for rules that hardly any of them
needs. Here are the releases, numbers with dots between them, and what compares them. A pre-release,
a wildcard, a marker or anything else is not plain: then packaging decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

    Release: TypeAlias = tuple[int, ...]
    Clause: TypeAlias = tuple[str, str]

__all__ = ["PlainRequirement", "fits", "is_release", "normal_name", "plain_requirement"]

_RELEASE = r"(?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8}))*"
_CLAUSE = rf"(>=|<=|==|!=|>|<) *({_RELEASE})"
_CLAUSES = rf"{_CLAUSE}(?: *, *{_CLAUSE})*"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_EXTRA = rf"""; *extra *== *(?:"{_NAME}"|'{_NAME}')"""

_is_release = re.compile(_RELEASE).fullmatch
_all_clauses = re.compile(_CLAUSE).findall
_as_specifier = re.compile(rf" *(?:{_CLAUSES})? *").fullmatch
_as_requirement = re.compile(
    rf"(?P<name>{_NAME}) *(?P<set>{_CLAUSES})? *(?P<extra>{_EXTRA})?"
).fullmatch
_runs_to_hyphen = re.compile(r"[-_.]+").sub


class PlainRequirement(NamedTuple):
    """A name, which releases of it will do, and whether only an extra asks for it."""

    name: str
    specifier: str
    is_extra: bool


def normal_name(text: str) -> str:
    """Return the name of a distribution in normal form (PEP 503).

    >>> normal_name("Web_.Agents")
    'web-agents'
    """
    return _runs_to_hyphen("-", text).lower()


def is_release(version: str) -> bool:
    """Return whether *version* is plain, and so in normal form.

    >>> is_release("1.10"), is_release("1.0rc1"), is_release("01")
    (True, False, False)
    """
    return _is_release(version) is not None


def fits(specifier: str, version: str) -> bool | None:
    """Return whether a *version* is one that a *specifier* allows, or None if one is not plain.

    >>> fits(">=1, <2", "1.10"), fits(">1.0", "1"), fits("~=1.0", "1.1")
    (True, False, None)
    """
    if not _as_specifier(specifier) or not _is_release(version):
        return None
    release = _numbers(version)
    return all(_holds(release, sign, _numbers(bound)) for sign, bound in _all_clauses(specifier))


def plain_requirement(text: str) -> PlainRequirement | None:
    """Return what a requirement asks for, or None when it is not plain.

    >>> plain_requirement("Web_Agents>=1.2; extra == 'web'")
    PlainRequirement(name='web-agents', specifier='>=1.2', is_extra=True)
    """
    found = _as_requirement(text)
    if found is None:
        return None
    return PlainRequirement(normal_name(found["name"]), found["set"] or "", bool(found["extra"]))


def _numbers(version: str) -> Release:
    """Return the numbers of a release; zeros at its end say nothing."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and not numbers[-1]:
        del numbers[-1]
    return tuple(numbers)


def _holds(release: Release, sign: str, bound: Release) -> bool:
    match sign:
        case ">=":
            return release >= bound
        case "<=":
            return release <= bound
        case "==":
            return release == bound
        case "!=":
            return release != bound
        case ">":
            return release > bound
        case _:
            return release < bound
