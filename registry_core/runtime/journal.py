"""What a run tells: events to observers, lines to the log.

Observers are told by way of a feed, which neither waits for them nor fails with them. Values
never go to the log, nor does the text of an exception, which may hold them: the record has it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from registry_core.results.events import Event, EventKind
from registry_core.runtime.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.names import AgentId
    from registry_core.results.outcomes import AttemptRecord, ErrorRecord, StageRecord
    from registry_core.runtime.clock import Clock
    from registry_core.runtime.observing import ObserverFeed

__all__ = ["Journal", "log_success", "stamp"]

_log = logging.getLogger("registry_core.runtime")

_FINISHED = "run %s after %.3f s"


def stamp(clock: Clock) -> str:
    """Return the moment it is, UTC in ISO 8601."""
    return utc_now(clock).isoformat()


def log_success(run_id: str, seconds: float) -> None:
    """Log the end of a run that has no journal."""
    _log.info(_FINISHED, "success", seconds, extra={"run_id": run_id})


class Journal:
    """The events and the log lines of one run."""

    def __init__(self, run_id: str, feeds: Iterable[ObserverFeed], clock: Clock) -> None:
        """Tell whoever listens to *feeds*."""
        self._run_id = run_id
        self._clock = clock
        self._feeds = [feed for feed in feeds if feed]

    def run_started(self, pipeline: str) -> None:
        """The run begins."""
        self._emit("run_started", detail=pipeline)

    def run_finished(self, status: str, seconds: float, error: ErrorRecord | None) -> None:
        """The run is over; nothing is told after that."""
        self._emit("run_finished", status=status, seconds=seconds, detail=_text(error))
        # What went wrong has a line of its own, at the level that it deserves.
        _log.info(_FINISHED, status, seconds, extra={"run_id": self._run_id})
        self._feeds.clear()

    def stage_started(self, stage_id: str, agent: AgentId) -> None:
        """A stage begins."""
        if self._feeds:
            self._emit("stage_started", stage_id=stage_id, agent=agent)

    def attempt_started(self, stage_id: str, agent: AgentId, number: int) -> None:
        """An attempt begins."""
        if self._feeds:
            self._emit("attempt_started", stage_id=stage_id, agent=agent, attempt=number)

    def attempt_finished(self, stage_id: str, record: AttemptRecord) -> None:
        """An attempt is over."""
        if self._feeds:
            self._emit(
                "attempt_finished",
                stage_id=stage_id,
                agent=record.agent,
                attempt=record.number,
                status=record.status,
                seconds=record.seconds,
                detail=_text(record.error),
            )

    def stage_finished(self, record: StageRecord) -> None:
        """A stage is over, or will never begin."""
        if self._feeds:
            self._emit(
                "stage_finished",
                stage_id=record.stage_id,
                agent=record.agent,
                status=record.status,
                seconds=record.seconds,
                detail=record.answered_by or _text(record.error),
            )
        error = record.error
        if error is None:
            if _log.isEnabledFor(logging.DEBUG):
                _log.debug("stage %s %s", record.stage_id, record.status, extra=self._where(record))
        elif record.status == "skipped":
            _log.warning(
                "stage %s failed and is skipped: %s %s",
                record.stage_id,
                error.code,
                error.type,
                extra=self._where(record),
            )
        elif record.status == "failed":
            _log.error(
                "stage %s failed and ends the run after %d attempts: %s %s",
                record.stage_id,
                len(record.attempts),
                error.code,
                error.type,
                extra=self._where(record),
            )

    def retry(self, stage_id: str, number: int, allowed: int, pause: float) -> None:
        """An attempt failed and another one follows."""
        _log.info(
            "stage %s: attempt %d of %d failed, next one in %.3f s",
            stage_id,
            number,
            allowed,
            pause,
            extra={"run_id": self._run_id, "stage_id": stage_id},
        )

    def forced(self, stage_id: str, who: str) -> None:
        """Somebody ignored a cancellation for the whole grace and was closed."""
        _log.error(
            "stage %s: %s ignored its cancellation and was closed by force",
            stage_id,
            who,
            extra={"run_id": self._run_id, "stage_id": stage_id},
        )

    def close_failed(self, agent: AgentId, reason: str) -> None:
        """An agent did not close as it should."""
        _log.warning("agent %s did not close: %s", agent, reason, extra={"run_id": self._run_id})

    def _where(self, record: StageRecord) -> dict[str, str]:
        return {"run_id": self._run_id, "stage_id": record.stage_id, "agent": record.agent}

    def _emit(
        self,
        kind: EventKind,
        *,
        stage_id: str = "",
        agent: AgentId | None = None,
        attempt: int = 0,
        status: str = "",
        seconds: float = 0.0,
        detail: str = "",
    ) -> None:
        event = Event(
            kind=kind,
            run_id=self._run_id,
            at=stamp(self._clock),
            stage_id=stage_id,
            agent=agent,
            attempt=attempt,
            status=status,
            seconds=seconds,
            detail=detail,
        )
        for feed in self._feeds:
            feed.tell(event)


def _text(error: ErrorRecord | None) -> str:
    if error is None:
        return ""
    return f"{error.type or error.code}: {error.message}"
