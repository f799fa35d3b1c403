"""The middleware: look at what an attempt hands out, and hand on what may be known."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from middleware_redact.secrets import Json, Redaction
from registry_core import Call, Proceed, RegistryError, middleware

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RedactionError", "redact"]


class RedactionError(RegistryError, TypeError):
    """An output cannot be handed on without its secrets; a ``TypeError``, so it is not retried."""

    def __init__(self, agent: str, reason: str) -> None:
        """Keep whose output it is; the reason repeats nothing of it."""
        self.agent = agent
        self.reason = reason
        super().__init__(f"output of {agent} is not handed on: {reason}")


class RedactedError(RegistryError):
    """Stands for an exception whose text holds a secret that could not be taken out."""

    def __init__(self, kind: str) -> None:
        """Keep the class name of what was raised."""
        self.kind = kind
        super().__init__(f"{kind}, whose text held a secret")


@middleware(scope="attempt", order=-1000)
async def redact(call: Call, proceed: Proceed) -> object:
    """Replace secrets in outputs and in the texts of exceptions.

    Further stages, records, events and the store see only what this hands on. An output that
    its own schema does not allow without its secrets is a failure of the attempt.
    """
    redaction = _redaction(tuple(os.environ.items()))  # noqa: TID251 -- a plugin has settings of its own
    try:
        value = await proceed()
    except Exception as error:
        clean = _without_secrets(error, redaction)
        if clean is error:
            raise
        raise clean from None
    return _handed_on(call, value, redaction)


@lru_cache(maxsize=4)
def _redaction(environment: tuple[tuple[str, str], ...]) -> Redaction:
    return Redaction.of(dict(environment))


def _handed_on(call: Call, value: object, redaction: Redaction) -> object:
    try:
        plain: Json = json.loads(call.dump_output(value))
        clean = redaction.json(plain)
    except RegistryError:
        raise RedactionError(call.agent, "it has no JSON form that could be searched") from None
    except RecursionError:
        raise RedactionError(call.agent, "it is nested too deeply to be searched") from None
    if clean == plain:
        return value
    try:
        return call.load_output(json.dumps(clean, ensure_ascii=False).encode())
    except RegistryError:
        reason = "without its secrets it is no longer of its type"
        raise RedactionError(call.agent, reason) from None


def _without_secrets(error: Exception, redaction: Redaction) -> Exception:
    """Return *error*, changed in place, or what stands for it where that is not enough."""
    links = list(_linked(error))
    for link in links:
        link.args = tuple(
            redaction.text(part) if isinstance(part, str) else part for part in _args(link)
        )
        for place, note in enumerate(getattr(link, "__notes__", ())):
            link.__notes__[place] = redaction.text(note)
    held = any(_shows_secret(link, redaction) for link in links)
    return RedactedError(type(error).__qualname__) if held else error


def _args(error: BaseException) -> tuple[object, ...]:
    return error.args


def _shows_secret(error: BaseException, redaction: Redaction) -> bool:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 -- a stranger's __str__ may raise anything
        return False
    return redaction.text(text) != text


def _linked(error: BaseException) -> Iterator[BaseException]:
    """Yield *error*, what it was raised from or during, and what it groups; each once."""
    seen: set[int] = set()
    open_ends: list[BaseException | None] = [error]
    while open_ends:
        link = open_ends.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        open_ends += [link.__cause__, link.__context__]
        if isinstance(link, BaseExceptionGroup):
            open_ends += cast("tuple[BaseException, ...]", link.exceptions)
