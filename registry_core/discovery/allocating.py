"""No collection of garbage while all that is made is kept.

The collector would look through it for nothing: at a thousand plugins it took more time than
reading them. Importing ``contextlib`` for this would cost a warm start, so it is a class.
"""

from __future__ import annotations

import gc

__all__ = ["Allocating"]


class Allocating:
    """Within it no garbage is collected; afterwards all that is there counts as old.

    >>> with Allocating():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """

    __slots__ = ("_was_enabled",)

    def __enter__(self) -> None:
        """Stop collecting."""
        self._was_enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        """Go on collecting, if that was done before."""
        if self._was_enabled:
            if not gc.get_freeze_count():
                gc.freeze()  # with the next line: what was made is old without a look at it
                gc.unfreeze()
            gc.enable()
