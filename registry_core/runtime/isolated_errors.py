"""What was raised in another process, raised again in this one.

The code of a stranger is not imported for its exceptions: a class of the same name stands for
each of theirs, below the same built-in one, so policies and ``except`` clauses meet what they
would have met in process.
"""

from __future__ import annotations

import builtins
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_core.runtime.failures import Told

__all__ = ["raised_there"]

_MOST_BASES = 32  # whoever names more has something else in mind
_LONGEST_NAME = 400


def raised_there(told: Told) -> BaseException:
    """Return an exception that reads like the one *told*, and that policies take for it.

    >>> from registry_core.runtime.failures import Told, type_name
    >>> names = ("pdf_agents.TornPage", "ValueError", "Exception", "BaseException", "object")
    >>> error = raised_there(Told(names, "page 3"))
    >>> type_name(error), str(error), isinstance(error, ValueError)
    ('pdf_agents.TornPage', 'page 3', True)
    """
    names = tuple(name[:_LONGEST_NAME] for name in told.classes[:_MOST_BASES])
    error = _class(names)(told.message)
    error.__dict__["told"] = told
    if told.retry_after_seconds:
        error.__dict__["retry_after_seconds"] = told.retry_after_seconds
    return error


@lru_cache(maxsize=256)
def _class(names: tuple[str, ...]) -> type[BaseException]:
    """Return a class whose bases have *names*; the first that Python itself has is the real one."""
    cls = next(filter(None, map(_plain, names)), BaseException)
    real = {base.__qualname__ for base in cls.__mro__}
    for name in reversed([name for name in names if name not in real] or names[:1]):
        module, _, short = name.rpartition(".")
        cls = type(short, (cls,), {"__module__": module or "builtins", "__str__": _text})
    return cls


def _plain(name: str) -> type[BaseException] | None:
    """Return the built-in exception called *name*, if it can be made of a text and passed on."""
    found: object = getattr(builtins, name, None)
    if not (isinstance(found, type) and issubclass(found, BaseException)):
        return None
    if found is BaseException:
        return found
    if not issubclass(found, Exception) or issubclass(found, StopIteration | StopAsyncIteration):
        return None
    try:
        found("")
    except TypeError:  # one that takes more than a text
        return None
    return found


def _text(error: BaseException) -> str:
    return str(error.args[0])
