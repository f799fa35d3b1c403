"""Whether there is room for an attempt: places of its agent, memory and cores of the host.

An agent may limit how many of its attempts run at once, and the host how much memory and how
many cores all attempts together may need. Each limited agent has a gate. While there is room,
going through costs no task, no future and no timer; whoever finds none queues there, for a
limited time and behind a limited number of others.

Who came first gets in first, with one exception: an agent all of whose places are taken holds
up nobody else. But whoever would have a place, and waits for memory or cores, is overtaken by
nobody who needs some of the same, so that many small ones cannot starve a big one.

One :class:`Admission` serves all threads and event loops of a process. What one who leaves
frees is handed over at once, so nobody who comes later slips in between::

    gate = admission.gate(agent, definition.resources)   # once; None: nothing limits it
    if not admission.try_enter(gate):
        waited_seconds = await admission.enter(gate, timeout_seconds=10)
    try:
        ...
    finally:
        admission.leave(gate)
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from registry_core.errors import AdmissionError
from registry_core.names import AgentId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.definitions.resources import Resources
    from registry_core.settings.limits import HostCapacity

__all__ = ["Admission", "Crowd", "Gate"]


@dataclass(frozen=True, slots=True)
class Crowd:
    """How full it is.

    Attributes:
        running: Attempts that are in, of agents that have a gate.
        waiting: Attempts that queue.
        refused: Attempts that were refused so far, at once or after queueing.
        memory_mib: Memory that those who are in need together, where it is counted.
        cpu_cores: Cores that they need, where they are counted.
    """

    running: int
    waiting: int
    refused: int
    memory_mib: int
    cpu_cores: float


@dataclass(eq=False, slots=True)
class _Waiter:
    """One who queues; *let_in* is decided under the lock, *woken* only wakes."""

    ticket: int
    loop: asyncio.AbstractEventLoop
    thread: int
    woken: asyncio.Future[None]
    let_in: bool = False

    def wake(self) -> None:
        """Let the task that waits go on.

        Raises:
            RuntimeError: If its event loop has closed: nobody waits any more.
        """
        if self.thread == threading.get_ident() and not self.loop.is_closed():
            _wake(self.woken)  # a write to the loop's own pipe costs several microseconds
        else:
            self.loop.call_soon_threadsafe(_wake, self.woken)


@dataclass(eq=False, slots=True)
class Gate:
    """The way in for attempts of one agent, and what each of them needs.

    Attributes:
        agent: The agent.
        places: How many may be in at once, or None for no limit.
        memory_mib: Memory that one needs; 0 where it is not counted.
        millicores: Thousandths of a core that one needs; 0 where they are not counted.
        running: How many are in.
        waiting: Who queues, by ticket, first come first.
    """

    agent: AgentId
    places: int | None
    memory_mib: int
    millicores: int  # sums of floats drift
    running: int = 0
    waiting: OrderedDict[int, _Waiter] = field(default_factory=OrderedDict[int, _Waiter])

    @property
    def has_place(self) -> bool:
        """Whether the agent itself would let another one in."""
        return self.places is None or self.running < self.places

    def competes_with(self, other: Gate) -> bool:
        """Return whether both need memory, or both need cores."""
        memory = self.memory_mib > 0 and other.memory_mib > 0
        return memory or (self.millicores > 0 and other.millicores > 0)


class Admission:
    """What is free of one host.

    >>> from registry_core.definitions.resources import Resources
    >>> from registry_core.names import AgentId
    >>> from registry_core.settings.limits import HostCapacity
    >>> admission = Admission(HostCapacity(memory_mib=1024))
    >>> gate = admission.gate(AgentId("pdf-agents/read@1.0"), Resources(memory_mib=512))
    >>> [admission.try_enter(gate) for _ in range(3)]
    [True, True, False]
    """

    def __init__(self, capacity: HostCapacity) -> None:
        """Begin empty.

        Args:
            capacity: What all attempts together may need, and how many may queue.
        """
        self._capacity = capacity
        self._counts_memory = capacity.memory_mib is not None
        self._counts_cores = capacity.cpu_cores is not None
        self._lock = threading.Lock()
        self._gates: dict[tuple[AgentId, Resources], Gate] = {}
        self._queues: dict[Gate, None] = {}  # the gates where somebody waits
        self._tickets = 0
        self._free_mib = capacity.memory_mib or 0
        self._free_millicores = _thousandths(capacity.cpu_cores or 0.0)
        self._refused = 0

    def gate(self, agent: AgentId, resources: Resources) -> Gate | None:
        """Return the one gate of *agent*, or None where nothing limits it."""
        memory_mib = resources.memory_mib if self._counts_memory else 0
        millicores = _thousandths(resources.cpu_cores) if self._counts_cores else 0
        if resources.max_concurrency is None and not memory_mib and not millicores:
            return None
        made = Gate(agent, resources.max_concurrency, memory_mib, millicores)
        with self._lock:
            return self._gates.setdefault((agent, resources), made)

    def crowd(self) -> Crowd:
        """Return how full it is at this moment."""
        with self._lock:
            gates = self._gates.values()
            running = [(gate, gate.running) for gate in gates]
            return Crowd(
                running=sum(count for _, count in running),
                waiting=sum(len(gate.waiting) for gate in gates),
                refused=self._refused,
                memory_mib=sum(gate.memory_mib * count for gate, count in running),
                cpu_cores=sum(gate.millicores * count for gate, count in running) / 1000,
            )

    def try_enter(self, gate: Gate) -> bool:
        """Return whether there was room that nobody waits for; then it is taken."""
        with self._lock:
            if self._queues and not self._is_next(gate):
                return False
            if not self._fits(gate):
                return False
            self._take(gate)
            return True

    async def enter(self, gate: Gate, timeout_seconds: float) -> float:
        """Return once there was room, which is taken, and how many seconds that took.

        Args:
            gate: Where to go in.
            timeout_seconds: How long to queue; the host's own limit counts as well.

        Raises:
            AdmissionError: If too many queue already, it never fits, or the time is up.
            asyncio.CancelledError: If the caller is cancelled; nothing is taken then.
        """
        loop = asyncio.get_running_loop()
        since = loop.time()
        waiter = self._queue_up(gate, loop)
        limit_seconds = min(timeout_seconds, self._capacity.queue_seconds)
        timer = loop.call_later(limit_seconds, _wake, waiter.woken)
        try:
            await waiter.woken
        except BaseException:
            if self._withdraw(gate, waiter):
                self.leave(gate)
            raise
        finally:
            timer.cancel()
        waited_seconds = loop.time() - since
        if waiter.let_in or self._withdraw(gate, waiter):
            return waited_seconds
        with self._lock:
            raise self._refusal(gate, "queue_timeout", waited_seconds)

    def leave(self, gate: Gate) -> None:
        """Give back what one took; whoever waits for it has it at once."""
        with self._lock:
            self._give_back(gate)
            if self._queues:
                self._hand_over()

    def _queue_up(self, gate: Gate, loop: asyncio.AbstractEventLoop) -> _Waiter:
        with self._lock:
            if len(gate.waiting) >= self._capacity.queue_limit or not self._ever_fits(gate):
                raise self._refusal(gate, "capacity", 0.0)
            self._tickets += 1
            waiter = _Waiter(self._tickets, loop, threading.get_ident(), loop.create_future())
            gate.waiting[waiter.ticket] = waiter
            self._queues[gate] = None
            self._hand_over()
            return waiter

    def _withdraw(self, gate: Gate, waiter: _Waiter) -> bool:
        """Return whether *waiter* was let in; else it queues no longer."""
        with self._lock:
            if waiter.ticket in gate.waiting:
                self._dequeue(gate, waiter.ticket)
                self._hand_over()  # others may have waited behind it
            return waiter.let_in

    def _hand_over(self) -> None:
        while (gate := self._first()) is not None:
            waiter = self._dequeue(gate, next(iter(gate.waiting)))
            self._take(gate)
            waiter.let_in = True
            try:
                waiter.wake()
            except RuntimeError:
                waiter.let_in = False
                self._give_back(gate)

    def _first(self) -> Gate | None:
        """Return the gate of who came first of those who may go in now."""
        before: list[Gate] = []  # came earlier, and wait for memory or cores
        for gate in sorted(self._queues, key=_ticket):
            if gate.has_place:
                if self._fits(gate) and not _overtakes(gate, before):
                    return gate
                before.append(gate)
        return None

    def _is_next(self, gate: Gate) -> bool:
        """Return whether one who comes now would overtake nobody."""
        return not _overtakes(gate, [other for other in self._queues if other.has_place])

    def _fits(self, gate: Gate) -> bool:
        return (
            (gate.places is None or gate.running < gate.places)
            and gate.memory_mib <= self._free_mib
            and gate.millicores <= self._free_millicores
        )

    def _ever_fits(self, gate: Gate) -> bool:
        capacity = self._capacity
        memory = gate.memory_mib <= (capacity.memory_mib or 0)
        return memory and gate.millicores <= _thousandths(capacity.cpu_cores or 0.0)

    def _take(self, gate: Gate) -> None:
        gate.running += 1
        self._free_mib -= gate.memory_mib
        self._free_millicores -= gate.millicores

    def _give_back(self, gate: Gate) -> None:
        gate.running -= 1
        self._free_mib += gate.memory_mib
        self._free_millicores += gate.millicores

    def _dequeue(self, gate: Gate, ticket: int) -> _Waiter:
        waiter = gate.waiting.pop(ticket)
        if not gate.waiting:
            del self._queues[gate]
        return waiter

    def _refusal(self, gate: Gate, reason: str, waited_seconds: float) -> AdmissionError:
        self._refused += 1
        return AdmissionError(gate.agent, reason, waited_seconds)


def _overtakes(gate: Gate, before: Iterable[Gate]) -> bool:
    return any(gate.competes_with(other) for other in before)


def _ticket(gate: Gate) -> int:
    return next(iter(gate.waiting))


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)


def _thousandths(cores: float) -> int:
    return round(cores * 1000)
