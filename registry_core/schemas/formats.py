r"""Formats of text, each between two patterns.

Validators disagree about the rims of most formats. What matches *core* every validator takes, what
does not match *envelope* none does; in between nothing is claimed. Formats that are not listed are
recognised by name only.

Source:
    The formats of JSON Schema 2020-12 (RFC 3339, 3986, 4122, 5321, 6570, 6901) and of pydantic.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["ANNOTATING", "FORMATS", "Format", "has_format", "implies"]


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Attributes:
        sample: A text of the format.
        core: Pattern whose matches are all of the format.
        envelope: Pattern that every text of the format matches.
        within: Formats that contain this one.
    """

    sample: str
    core: str
    envelope: str
    within: frozenset[str] = frozenset()


ANNOTATING = frozenset({"binary", "password", "path"})
"""Formats that say how to show a text, and refuse none."""

_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
_ANY_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
_ZONE = r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_ANY_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
# Python writes times without a zone under the same formats, so the envelope lets them be.
_ANY_ZONE = r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_LABEL = r"[a-z](?:[a-z0-9]{0,30}[a-z0-9])?"
_URI_CHARS = r"[!#$%&'()*+,/:;=?@A-Z\[\]a-z0-9._~|^-]"
_ANY_REFERENCE = (
    rf"^(?:[A-Za-z][A-Za-z0-9+.-]*:{_URI_CHARS}*"
    rf"|[!$&'()*+,;=@%A-Za-z0-9._~-]*(?:[/?#]{_URI_CHARS}*)?)$"
)
_REFERENCE = "^[/?]?[a-z0-9_-]+$"


def _uuid(version: str) -> str:
    return (
        rf"^[0-9a-f]{{8}}-[0-9a-f]{{4}}-{version}[0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}}$"
    )


def _base64(last: str) -> tuple[str, str]:
    """Return core and envelope of base64 whose alphabet ends in the two characters *last*.

    Lenient decoders skip what is no letter of the alphabet and forgive missing padding; but of
    letters alone, one more than a multiple of four, no decoder makes bytes. Strict ones want the
    bits that are left over to be zero.
    """
    letter = f"[A-Za-z0-9{last}]"
    whole = f"(?:{letter}{{4}})*"
    zeroes = f"{letter}[AQgw]==|{letter}{{2}}[AEIMQUYcgkosw048]="
    core = f"^{whole}(?:{zeroes})?$"
    foreign = f"(?:.|\\n)*[^A-Za-z0-9{last}](?:.|\\n)*"
    return core, f"^(?:{whole}(?:{letter}{{2,3}})?|{foreign})$"


_UUID_ENVELOPE = r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"

FORMATS: dict[str, Format] = {
    "date": Format("2024-02-01", f"^{_DATE}$", f"^{_ANY_DATE}$"),
    "time": Format("12:30:00Z", f"^{_CLOCK}{_ZONE}$", f"^{_ANY_CLOCK}{_ANY_ZONE}$"),
    "date-time": Format(
        "2024-02-01T12:30:00Z",
        f"^{_DATE}T{_CLOCK}{_ZONE}$",
        f"^{_ANY_DATE}[Tt ]{_ANY_CLOCK}{_ANY_ZONE}$",
    ),
    "duration": Format("P1D", "^P(?:[1-9][0-9]{0,3}[DW]|T[1-9][0-9]{0,3}[HMS])$", "^[+-]?P[0-9T]"),
    "email": Format(
        "a@example.org",
        rf"^[a-z][a-z0-9]{{0,20}}@(?:{_LABEL}\.){{1,3}}(?:org|com|net)$",
        "^[^@]+@",
        frozenset({"idn-email"}),
    ),
    "idn-email": Format(
        "a@example.org", rf"^[a-z][a-z0-9]{{0,20}}@(?:{_LABEL}\.){{1,3}}(?:org|com|net)$", "^[^@]+@"
    ),
    "hostname": Format(
        "example.org",
        rf"^(?:{_LABEL}\.){{1,3}}(?:org|com|net)$",
        r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        frozenset({"idn-hostname"}),
    ),
    "idn-hostname": Format(
        "example.org", rf"^(?:{_LABEL}\.){{1,3}}(?:org|com|net)$", r"^[^ /:@#?]+$"
    ),
    "ipv4": Format(
        "127.0.0.1", rf"^(?:{_OCTET}\.){{3}}{_OCTET}$", r"^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$"
    ),
    "ipv6": Format(
        "::1",
        r"^(?:::1|(?:[1-9a-f][0-9a-f]{0,3}:){7}[1-9a-f][0-9a-f]{0,3})$",
        r"^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%.*)?$",
    ),
    "uri": Format(
        "https://example.org/",
        rf"^https?://(?:{_LABEL}\.){{1,3}}(?:org|com|net|co)(?:/[a-z0-9_-]*){{0,3}}$",
        rf"^[A-Za-z][A-Za-z0-9+.-]*:{_URI_CHARS}*$",
        frozenset({"uri-reference", "iri", "iri-reference"}),
    ),
    "uri-reference": Format("/path", _REFERENCE, _ANY_REFERENCE, frozenset({"iri-reference"})),
    "iri": Format(
        "https://example.org/",
        rf"^https?://(?:{_LABEL}\.){{1,3}}(?:org|com|net|co)(?:/[a-z0-9_-]*){{0,3}}$",
        r"^[A-Za-z][A-Za-z0-9+.-]*:[^ <>\\`{}\x00-\x1f]*$",
        frozenset({"iri-reference"}),
    ),
    "iri-reference": Format("/path", _REFERENCE, r"^[^ <>\\`{}\x00-\x1f]*$"),
    "uri-template": Format(
        "/path/{name}", r"^(?:[a-z0-9_-]+|/|\{[a-z]+\})+$", r"^[^ <>\\^`|\x00-\x1f]*$"
    ),
    "json-pointer": Format("/a/0", "^(?:/[A-Za-z0-9 ^<>_-]*)*$", "^(?:/(?:[^~/]|~[01])*)*$"),
    "relative-json-pointer": Format(
        "0/a",
        "^(?:0|[1-9][0-9]{0,3})(?:/[a-z0-9 ^<>]*)*$",
        "^(?:0|[1-9][0-9]*)[+-]?[0-9]*(?:#|(?:/(?:[^~/]|~[01])*)*)$",
    ),
    "regex": Format("^[a-z]+$", r"^\^?(?:[a-z0-9 ]+|\[a-z\]\+)\$?$", "^(?![*+?)])"),
    "base64": Format("aGVsbG8=", *_base64("+/")),
    "base64url": Format("aGVsbG8=", *_base64("_-")),
    "uuid": Format("12345678-1234-4234-8234-123456789abc", _uuid("[1-5]"), _UUID_ENVELOPE),
    **{
        f"uuid{version}": Format(
            f"12345678-1234-{version}234-8234-123456789abc",
            _uuid(str(version)),
            _UUID_ENVELOPE,
            frozenset({"uuid"}),
        )
        for version in (1, 3, 4, 5)
    },
}


def implies(one: str, other: str) -> bool:
    """Return whether every text of format *one* is of format *other*.

    >>> implies("uri", "uri-reference"), implies("uri-reference", "uri")
    (True, False)
    """
    return one == other or other in FORMATS[one].within


def has_format(text: str, name: str) -> bool | None:
    """Return whether *text* is of the format, or None where validators disagree.

    >>> has_format("2024-02-01", "date"), has_format("today", "date")
    (True, False)
    """
    known = FORMATS[name]
    if text.endswith("\n"):
        return None  # `$` of the engine below would overlook it
    if text == known.sample or re.search(known.core, text):
        return True
    return None if re.search(known.envelope, text) else False
