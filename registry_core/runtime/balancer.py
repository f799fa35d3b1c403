"""Several replicas of one agent behind one function: who is free takes what is next.

A balancer is work for a batch like any other function of an item. It has no task of its own:
an item that finds no free replica waits in line, and a replica that becomes free takes from
the line what has waited longest. Pulled so, a fast replica takes more by itself, and nobody has
to guess how fast it is; pushed, an item is given to a replica's own line as soon as it comes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

from registry_core.errors import ConfigError, Fault, UnknownNameError
from registry_core.results.batch import Outcome
from registry_core.results.outcomes import ErrorRecord
from registry_core.runtime.failures import record_failure
from registry_core.runtime.replicas import BalancerOptions, Line, Seat, Ticket

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from registry_core.runtime.replicas import Replica, ReplicaHealth

__all__ = ["Balancer"]

T = TypeVar("T")


class Balancer(Generic[T]):
    """One function of an item in front of several replicas.

    Each item is run to an end once, on no replica more often than there are others to try, and
    no replica has more than its capacity at once. Ties go to who has had less than its share,
    then to who was named first; nothing is left to chance.

    >>> from registry_core.runtime.replicas import Replica
    >>> async def double(number: int) -> Outcome:
    ...     return Outcome(ok=True, value=2 * number)
    >>> balancer = Balancer([Replica("a", double), Replica("b", double, capacity=2)])
    >>> asyncio.run(balancer(21)).value, balancer.capacity
    (42, 3)
    """

    def __init__(
        self, replicas: Iterable[Replica[T]], *, options: BalancerOptions | None = None
    ) -> None:
        """Begin with *replicas*, all of them idle.

        Raises:
            ConfigError: If there are none, or two have one name.
        """
        self._options = options or BalancerOptions()
        self._shared: Line = OrderedDict()
        listed = list(replicas)
        self._replicas = {replica.name: replica for replica in listed}
        if not listed or len(self._replicas) < len(listed):
            fault = Fault("replicas", "must be one or more, each with a name of its own")
            raise ConfigError("balancer", [fault])
        is_pulled = self._options.mode == "pull"
        self._seats = {
            replica.name: Seat(
                replica.name,
                replica.capacity,
                replica.is_available,
                line=self._shared if is_pulled else OrderedDict(),
                is_shared=is_pulled,
            )
            for replica in listed
        }
        self._turn = 0.0
        self._is_closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._alone_since: float | None = None
        self._leaving: list[asyncio.Future[None]] = []

    @property
    def capacity(self) -> int:
        """How many items all replicas run at once; the concurrency for a batch."""
        return sum(seat.capacity for seat in self._seats.values())

    @property
    def health(self) -> tuple[ReplicaHealth, ...]:
        """How each replica is, in the order in which they were named."""
        return tuple(seat.health for seat in self._seats.values())

    async def __call__(self, item: T) -> Outcome:
        """Return what *item* left on the replica that ran it last."""
        if self._is_closed:
            error = ErrorRecord("over_capacity", "", "the balancer takes no more items")
            return Outcome(ok=False, attempts=0, error=error)
        tried: set[str] = set()
        tries = attempts = 0
        failed: Outcome | None = None
        while tries < self._options.max_tries:
            seat = self._sit_down(tried) or await self._wait(tried)
            if seat is None:
                break
            try:
                outcome = await _run(self._replicas[seat.name], item)
                seat.failed += not outcome.ok
            finally:
                self._stand_up(seat)
            tries += 1
            attempts += outcome.attempts
            tried.add(seat.name)
            if outcome.ok or not self._may_go_elsewhere(outcome):
                return outcome if tries == 1 else _counted(outcome, attempts)
            failed = outcome
        return _counted(failed or self._refusal(), attempts)

    async def drain(self, name: str = "") -> None:
        """Take no more items, and come back when those that were taken are done.

        Args:
            name: A replica that gets no more; what waits for it goes elsewhere. Without it, all
                of them get what waits already, and every later item is refused.

        Raises:
            UnknownNameError: If there is no such replica.
        """
        if name:
            seats = [self._named(name)]
            seats[0].is_draining = True
            self.recheck()
        else:
            seats = list(self._seats.values())
            self._is_closed = True
        while any(s.active for s in seats) or (not name and any(self._waiting())):
            future = asyncio.get_running_loop().create_future()
            self._leaving.append(future)
            await future

    def resume(self, name: str = "") -> None:
        """Take items again after :meth:`drain`.

        Raises:
            UnknownNameError: If there is no such replica.
        """
        if name:
            self._named(name).is_draining = False
        else:
            self._is_closed = False
        self.recheck()

    def recheck(self) -> None:
        """Look again who is available; whoever knows of a change may say so at once."""
        if self._options.mode == "push":
            for ticket in [t for t in self._waiting() if not self._is_in_place(t)]:
                del self._line_of(ticket)[ticket]
                self._line_up(ticket)
        self._serve_all()

    def _named(self, name: str) -> Seat:
        if name not in self._seats:
            raise UnknownNameError("replica", name, self._seats)
        return self._seats[name]

    def _may_go_elsewhere(self, outcome: Outcome) -> bool:
        return outcome.error is not None and outcome.error.code in self._options.elsewhere

    def _rank(self, seat: Seat) -> tuple[float, float]:
        return seat.load, max(seat.turn, self._turn)

    def _is_open(self, seat: Seat, tried: set[str]) -> bool:
        """Return whether one who was *tried* may go to a seat that is offered."""
        return seat.name not in tried or not any(
            other.is_offered() for name, other in self._seats.items() if name not in tried
        )

    def _is_in_place(self, ticket: Ticket) -> bool:
        seat = ticket.seat
        return seat is not None and seat.is_offered() and self._is_open(seat, ticket.tried)

    def _best(self, tried: set[str]) -> Seat | None:
        """Return the seat for one who was *tried*: where items are pulled, one with room."""
        seats = (s for s in self._seats.values() if s.has_room or not s.is_shared)
        fitting = [s for s in seats if s.is_offered() and (not tried or self._is_open(s, tried))]
        return min(fitting, key=self._rank, default=None)

    def _sit_down(self, tried: set[str]) -> Seat | None:
        """Return a seat that is free and that nobody waits for."""
        seat = None if self._shared else self._best(tried)
        if seat is None or seat.line or not seat.has_room:
            return None
        self._take(seat)
        return seat

    def _take(self, seat: Seat) -> None:
        # Start-time fair queueing: who was away does not catch up on what it missed.
        self._turn = max(seat.turn, self._turn)
        seat.turn = self._turn + 1 / seat.capacity
        seat.active += 1
        seat.served += 1

    def _stand_up(self, seat: Seat) -> None:
        seat.active -= 1
        self._serve(seat)
        self._watch()
        self._tell_leaving()

    def _tell_leaving(self) -> None:
        for future in self._leaving:
            if not future.done():
                future.set_result(None)
        self._leaving.clear()

    async def _wait(self, tried: set[str]) -> Seat | None:
        """Return a seat when it is this one's turn, or None when it will not be."""
        ticket = Ticket(tried)
        self._line_up(ticket)
        if tried:
            self._line_of(ticket).move_to_end(ticket, last=False)
        self._serve_all()
        try:
            return await ticket.future
        except (asyncio.CancelledError, GeneratorExit):
            seat = None if ticket.future.cancelled() else ticket.future.result()
            if seat is not None:
                seat.served -= 1
                self._stand_up(seat)
            raise
        finally:
            self._line_of(ticket).pop(ticket, None)
            self._watch()
            self._tell_leaving()

    def _line_of(self, ticket: Ticket) -> Line:
        return self._shared if ticket.seat is None else ticket.seat.line

    def _line_up(self, ticket: Ticket) -> None:
        if self._options.mode == "push":
            ticket.seat = self._best(ticket.tried)
        self._line_of(ticket)[ticket] = None

    def _serve_all(self) -> None:
        for seat in sorted(self._seats.values(), key=self._rank):
            self._serve(seat)
        self._watch()

    def _serve(self, seat: Seat) -> None:
        """Give a seat that has room to who may have it and has waited longest."""
        while seat.has_room and seat.line and seat.is_offered():
            ticket = next((t for t in seat.line if self._is_open(seat, t.tried)), None)
            if ticket is None:
                break
            del seat.line[ticket]
            if not ticket.future.done():
                self._take(seat)
                ticket.future.set_result(seat)

    def _waiting(self) -> Iterator[Ticket]:
        yield from self._shared
        for seat in self._seats.values():
            if not seat.is_shared:
                yield from seat.line

    def _watch(self) -> None:
        """See to it that somebody asks again, while items wait and a replica is away."""
        if next(self._waiting(), None) is None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._alone_since = None
            return
        offered = [seat.is_offered() for seat in self._seats.values()]
        loop = asyncio.get_running_loop()
        if any(offered):
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = loop.time()
        if not all(offered) and self._timer is None:
            self._timer = loop.call_later(self._options.recheck_seconds, self._ask_again)

    def _ask_again(self) -> None:
        self._timer = None
        since = self._alone_since
        now = asyncio.get_running_loop().time()
        if since is not None and now - since >= self._options.patience_seconds:
            for ticket in list(self._waiting()):
                if not ticket.future.done():
                    ticket.future.set_result(None)
        self.recheck()

    def _refusal(self) -> Outcome:
        message = f"no replica was available for {self._options.patience_seconds:g} s"
        return Outcome(ok=False, error=ErrorRecord("queue_timeout", "", message))


async def _run(replica: Replica[T], item: T) -> Outcome:
    """Return what *item* left; raises only what ends who called."""
    try:
        return await replica.work(item)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            raise
        return Outcome(ok=False, error=record_failure(error, code="agent_error", stage_id=""))


def _counted(outcome: Outcome, attempts: int) -> Outcome:
    return Outcome(outcome.ok, outcome.value, attempts, outcome.error)
