"""From an outbox to where its messages go: in order per lane, again and again until that has the message.

What came in goes to the platform, a lane a sender; what goes out goes to hospitals, a lane a destination. A message is
on the disk before it is sent and leaves the disk after it was taken. In between the process may die anywhere: the
message is sent again, under the same idempotency key or with the same control id.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from penstock_mllp.cloud import Answered, Cloud, Outcome, Refused, Unavailable
from penstock_mllp.errors import OutboxFull
from penstock_mllp.outbox import Entry, Outbox, Receipt

logger = logging.getLogger("penstock_mllp")

Final = Answered | Refused
_DISK_THREADS = 16
"""What they write at once is synced at once: one thread alone waits for every sync."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between attempts: doubling from ``base`` to ``cap``, each cut by up to half at random."""

    base: float
    cap: float
    random: Callable[[], float]

    def seconds(self, attempt: int, retry_after: float | None = None) -> float:
        """``attempt`` counts from 0; a wait that the platform asked for is the least, up to ``cap``."""
        planned = min(self.cap, self.base * 2.0 ** min(attempt, 32)) * (0.5 + self.random() / 2)
        return min(self.cap, max(planned, retry_after or 0))


@dataclass(frozen=True, slots=True)
class Ticket:
    """A message on its way: ``held`` is done when it is on disk, ``outcome`` when the platform has decided."""

    receipt: Receipt
    held: asyncio.Future[Entry]
    outcome: asyncio.Future[Final]


class Delivery:
    """Owns the outbox. `start` resumes what an earlier process left; ``name`` is what the counters call it."""

    def __init__(
        self, name: str, outbox: Outbox, cloud: Cloud, backoff: Backoff, *, max_requests: int, counters: Counter[str]
    ) -> None:
        self._name = name
        self._counters = counters
        self._outbox = outbox
        self._cloud = cloud
        self._backoff = backoff
        self._requests = asyncio.Semaphore(max_requests)
        self._disk = ThreadPoolExecutor(_DISK_THREADS, thread_name_prefix=f"outbox {name}")
        self._tickets: dict[str, Ticket] = {}
        self._lanes: dict[str, deque[Ticket]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._holding: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Queue everything that is pending on disk; returns how many messages that is."""
        entries = await self._on_disk(lambda: list(self._outbox.pending()))
        for entry in entries:
            ticket = self._ticket(entry.receipt)
            ticket.held.set_result(entry)
            self._enqueue(ticket)
        return len(entries)

    async def submit(self, receipt: Receipt, message: bytes) -> Ticket:
        """Returns once the message is on disk. The same message, sent again while on its way, gets the same ticket.

        Raises `OutboxFull`, or OSError when the disk fails.
        """
        ticket = self._tickets.get(receipt.key)
        if ticket is None:
            ticket = self._ticket(receipt)
            # A task of its own: a sender that hangs up now must not leave a message on disk that nobody delivers.
            holding = asyncio.create_task(self._hold(ticket, message))
            self._holding.add(holding)
            holding.add_done_callback(self._holding.discard)
        await asyncio.shield(ticket.held)
        return ticket

    def knows(self, key: str) -> bool:
        """Whether a message of that key is on its way."""
        return key in self._tickets

    def standing(self) -> dict[str, Any]:
        """How many messages are on their way, since when the first, and how many were refused and kept."""
        first = min((ticket.receipt.received_at for ticket in self._tickets.values()), default=None)
        return {"pending": len(self._tickets), "oldest": first, "refused": self._outbox.refused}

    def waiting(self, lane: str) -> int:
        """How many messages of a lane are on their way."""
        return len(self._lanes.get(lane, ()))

    async def stop(self) -> None:
        """Cancel attempts under way; what is not delivered stays on disk."""
        await asyncio.gather(*self._holding)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(None, self._disk.shutdown)
        self._outbox.close()

    def _ticket(self, receipt: Receipt) -> Ticket:
        loop = asyncio.get_running_loop()
        ticket = self._tickets[receipt.key] = Ticket(receipt, loop.create_future(), loop.create_future())
        return ticket

    async def _hold(self, ticket: Ticket, message: bytes) -> None:
        try:
            entry = await self._on_disk(lambda: self._outbox.put(ticket.receipt, message))
        except (OutboxFull, OSError) as error:
            del self._tickets[ticket.receipt.key]
            ticket.held.set_exception(error)
            return
        ticket.held.set_result(entry)
        self._enqueue(ticket)

    def _enqueue(self, ticket: Ticket) -> None:
        lane = ticket.receipt.lane
        self._lanes.setdefault(lane, deque()).append(ticket)
        if lane not in self._tasks:
            self._tasks[lane] = asyncio.create_task(self._work(lane))

    async def _work(self, lane: str) -> None:
        queue = self._lanes[lane]
        try:
            while queue:
                await self._deliver(queue[0])
                queue.popleft()
        finally:
            del self._tasks[lane], self._lanes[lane]

    async def _deliver(self, ticket: Ticket) -> None:
        entry = ticket.held.result()
        outcome = await self._attempt(entry)
        try:
            await self._on_disk(lambda: self._settle(entry, outcome))
        except OSError as error:
            logger.error("outbox cannot remove a delivered message: %s", error.strerror)
        self._counters[f"{self._name}_{'refused' if isinstance(outcome, Refused) else 'delivered'}"] += 1
        del self._tickets[ticket.receipt.key]
        ticket.outcome.set_result(outcome)

    async def _attempt(self, entry: Entry) -> Final:
        attempt = 0
        while True:
            outcome = await self._send(entry)
            self._counters[f"{self._name}_attempts"] += 1
            if not isinstance(outcome, Unavailable):
                return outcome
            wait = self._backoff.seconds(attempt, outcome.retry_after)
            control_id = entry.receipt.control_id
            logger.warning("not delivered, again in %.1f s: %s %s", wait, control_id, outcome.reason)
            await asyncio.sleep(wait)
            attempt += 1

    async def _send(self, entry: Entry) -> Outcome:
        try:
            message = await self._on_disk(lambda: self._outbox.read(entry))
        except FileNotFoundError:
            return Refused(410, "the file was taken out of the outbox by hand")
        except OSError as error:
            return Unavailable(f"outbox: {error.strerror}")
        async with self._requests:
            return await self._cloud.post(entry.receipt, message)

    def _settle(self, entry: Entry, outcome: Final) -> None:
        if isinstance(outcome, Refused):
            self._outbox.refuse(entry, f"HTTP {outcome.status} {outcome.reason}".rstrip())
        else:
            self._outbox.remove(entry)

    async def _on_disk(self, action: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, action)
