"""Middleware around a whole run."""

from __future__ import annotations

import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from registry_core.errors import InvalidOutputError, RunError
from registry_core.runtime.attempt import blame
from registry_core.runtime.journal import stamp
from registry_core.runtime.middleware import Seen, through
from registry_core.runtime.settled import Overdue, Raised, Returned
from registry_core.runtime.supervision import supervise
from registry_core.runtime.values import check_output

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from registry_core.definitions.middleware import Values
    from registry_core.results.outcomes import ErrorRecord
    from registry_core.runtime.scope import RunScope
    from registry_core.schemas.codec import Codec

__all__ = ["RunSeen", "run_within"]

_LONGEST_SECONDS = 1e8


class RunSeen(Seen):
    """What middleware sees of a run; implements ``definitions.middleware.RunCall``."""

    _copies: Values | None = None

    def __init__(
        self, scope: RunScope, pipeline: str, values: Values, outputs: Mapping[str, Codec]
    ) -> None:
        """Keep the facts; *outputs* are the codecs of the wanted values, by stage."""
        self._scope = scope
        self._given = values
        self._outputs = outputs
        self.pipeline = pipeline

    @property
    def run_id(self) -> str:
        """The run."""
        return self._scope.run_id

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the caller attached to the run."""
        return self._scope.options.metadata

    @property
    def inputs(self) -> Values:
        """Copies of the caller's values, made when first looked at."""
        if self._copies is None:
            self._copies = MappingProxyType(copy.deepcopy(dict(self._given)))
        return self._copies

    def _check_type(self, answer: object) -> None:
        if len(self._outputs) == 1:
            [codec] = self._outputs.values()
            check_output(answer, codec)
            return
        given = cast("dict[str, object]", answer) if isinstance(answer, dict) else {}
        if given.keys() != self._outputs.keys():
            raise InvalidOutputError("it gave other outputs than the pipeline", ())
        for stage, codec in self._outputs.items():
            check_output(given[stage], codec)


async def run_within(
    scope: RunScope, seen: RunSeen, core: Callable[[], Awaitable[object]]
) -> Returned[object] | ErrorRecord | None:
    """Return what the layers around a run made of it.

    Args:
        scope: The run.
        seen: What the layers see.
        core: Runs the stages; raises a ``RunError`` when they do not succeed.

    Returns:
        The output, the failure of a layer, or None where the run itself did not succeed and no
        layer has changed that.

    Raises:
        asyncio.CancelledError: If the caller is cancelled; whatever ran has ended.
    """
    settled = await supervise(
        through(scope.run_layers, seen, core),
        now=scope.clock.monotonic,
        seconds=min(max(scope.remaining_seconds(), 0.0), _LONGEST_SECONDS),
        grace_seconds=scope.options.grace_seconds,
        forced=lambda: scope.journal.forced("", "middleware around the run"),
    )
    match settled:
        case Returned():
            return settled
        case Raised(error) if seen.culprit is not None:
            at = stamp(scope.clock)
            return blame(seen.culprit, error, stage_id="", attempt=0, at=at).record
        case Raised(error) if not isinstance(error, RunError):
            raise error
        case Overdue():
            scope.has_expired = True
            return None
        case _:
            return None
