"""What a secret is, and what stands in its place.

By the name of its field, by its value, or by its shape. Every pattern is matched in linear
time, since what is searched comes from strangers; patterns of a user's own could not be held
to that, so there are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["REDACTED", "Json", "Redaction"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

REDACTED = "[redacted]"
_LEAST_LENGTH = 6  # a shorter value would be found everywhere
_TELLING = ("_KEY", "_PASSWORD", "_SECRET", "_TOKEN")
_FIELDS = frozenset(
    (
        "access_token",
        "api_key",
        "apikey",
        "auth_token",
        "authorization",
        "bearer_token",
        "client_secret",
        "id_token",
        "passphrase",
        "passwd",
        "password",
        "private_key",
        "refresh_token",
        "secret",
        "secret_key",
    )
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHAPES = re.compile(
    r"""
    -----BEGIN\ [A-Z ]{0,30}PRIVATE\ KEY-----(?:(?!-----).)*(?:-----END\ [A-Z ]{0,30}-----)?
    | (?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}              # a JSON web token
    | (?<![\w-])(?:AKIA|ASIA)[A-Z0-9]{16}(?![\w-])
    | (?<![\w-])AIza[\w-]{35}(?![\w-])
    | (?<![\w-])(?:gh[opsur]_|github_pat_|glpat-|hf_|npm_|pypi-|sk-|sk_live_|xox[abeprs]-)
      (?=[\w-]*[0-9])[\w-]{16,}
    | (?<=[Bb]earer\ )[\w.~+/=-]{8,}
    | (?<=://)[^\s/:@]{0,256}:[^\s/@]{1,256}(?=@)               # user:password@host
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is replaced.

    Attributes:
        fields: Names of fields whose value is a secret, in snake case; a field is meant whose
            name is one of these or ends in one.
        pointers: JSON pointers to secrets in outputs, split; ``*`` stands for any one part.
        values: Secrets themselves, the longest first.
    """

    fields: frozenset[str] = _FIELDS
    pointers: tuple[tuple[str, ...], ...] = ()
    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Redaction:
        """Return what *environment* asks for, beside what goes without saying.

        >>> Redaction.of({"DB_PASSWORD": "hunter22"}).text("hunter22 it is")
        '[redacted] it is'
        """
        asked = _words(environment.get("AGENTREG_REDACT_FIELDS", ""))
        named = _words(environment.get("AGENTREG_REDACT_VARIABLES", ""))
        secrets = [
            value
            for name, value in environment.items()
            if name in named or name.upper().endswith(_TELLING)
        ]
        long = {value for value in secrets if len(value) >= _LEAST_LENGTH}
        spelt = long | {quote(value, safe="") for value in long}
        return cls(
            fields=_FIELDS | {_snake(name) for name in asked if not name.startswith("/")},
            pointers=tuple(_parts(name) for name in asked if name.startswith("/")),
            values=tuple(sorted(spelt, key=lambda value: (-len(value), value))),
        )

    def text(self, text: str) -> str:
        """Return *text* without secrets.

        >>> Redaction().text("GET https://me:hunter2@example.org with Bearer abcdefgh12")
        'GET https://[redacted]@example.org with Bearer [redacted]'
        """
        for value in self.values:
            text = text.replace(value, REDACTED)
        return _SHAPES.sub(REDACTED, text)

    def json(self, value: Json) -> Json:
        """Return *value* without secrets, and *value* itself where there are none.

        >>> Redaction().json({"user": "ann", "apiKey": "k1", "sizes": [1, 2]})
        {'user': 'ann', 'apiKey': '[redacted]', 'sizes': [1, 2]}
        """
        return self._within(value, (), self.pointers)

    def _within(
        self, value: Json, path: tuple[str, ...], pointers: Sequence[tuple[str, ...]]
    ) -> Json:
        if any(len(pointer) == len(path) for pointer in pointers):
            return _blank(value)
        match value:
            case str():
                return self.text(value)
            case dict():
                return {
                    self.text(name): _blank(part)
                    if self._is_secret(name)
                    else self._within(part, (*path, name), _towards(pointers, len(path), name))
                    for name, part in value.items()
                }
            case list():
                return [
                    self._within(
                        part, (*path, str(place)), _towards(pointers, len(path), str(place))
                    )
                    for place, part in enumerate(value)
                ]
            case _:
                return value

    def _is_secret(self, name: str) -> bool:
        snake = _snake(name)
        return snake in self.fields or any(snake.endswith(f"_{field}") for field in self.fields)


def _blank(value: Json) -> Json:
    """Return *value* with nothing in it that tells anything but its shape."""
    match value:
        case None | bool() | "":
            return value
        case str():
            return REDACTED
        case int() | float():
            return 0
        case list():
            return [_blank(part) for part in value]
        case dict():
            return {name: _blank(part) for name, part in value.items()}


def _towards(
    pointers: Sequence[tuple[str, ...]], depth: int, name: str
) -> Sequence[tuple[str, ...]]:
    """Return the *pointers* that go on through the part called *name*."""
    return [one for one in pointers if len(one) > depth and one[depth] in {"*", name}]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _parts(pointer: str) -> tuple[str, ...]:
    return tuple(
        part.replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("/").split("/")
    )


def _snake(name: str) -> str:
    return _HUMP.sub("_", name).replace("-", "_").lower()
