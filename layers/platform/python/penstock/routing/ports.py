"""What delivering needs: a memory of attempts, the breakers, a queue, and a way out."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from penstock.events.model import StreamId
from penstock.routing.circuit import Circuit
from penstock.routing.delivery import Attempt, Delivery, Outcome

MOST_ATTEMPTS = 100


class Attempts(Protocol):
    """The last attempts at each webhook, kept for some days."""

    def keep(self, attempt: Attempt) -> None:
        """Remember an attempt."""
        ...

    def last(self, webhook: StreamId, limit: int) -> Sequence[Attempt]:
        """The newest attempts, the last first; `limit` is 1 to 100."""
        ...


class Circuits(Protocol):
    """One circuit for each webhook."""

    def load(self, webhook: StreamId) -> Circuit | None:
        """The circuit, as it was saved last."""
        ...

    def save(self, webhook: StreamId, circuit: Circuit) -> bool:
        """Keep the circuit, a revision on; False when another was saved since it was loaded."""
        ...


class Outbox(Protocol):
    """The queue of deliveries."""

    def send(self, delivery: Delivery, pause: float) -> None:
        """Have the delivery attempted after a pause in seconds; a pause of hours may end up to a minute late."""
        ...

    def bury(self, delivery: Delivery, reason: str) -> None:
        """Lay the delivery down as a dead letter; sent again, it begins anew."""
        ...


class Post(Protocol):
    """Sends a request, and never raises for what becomes of it."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """What came of it."""
        ...


class MemoryCircuits:
    """Circuits in memory."""

    def __init__(self) -> None:
        self._kept: dict[StreamId, Circuit] = {}
        self._lock = threading.Lock()

    def load(self, webhook: StreamId) -> Circuit | None:
        """See Circuits.load."""
        return self._kept.get(webhook)

    def save(self, webhook: StreamId, circuit: Circuit) -> bool:
        """See Circuits.save."""
        with self._lock:
            kept = self._kept.get(webhook)
            if (kept.revision if kept else 0) != circuit.revision:
                return False
            self._kept[webhook] = replace(circuit, revision=circuit.revision + 1)
            return True


class MemoryAttempts:
    """Attempts in memory."""

    def __init__(self) -> None:
        self._kept: list[Attempt] = []

    def keep(self, attempt: Attempt) -> None:
        """See Attempts.keep."""
        self._kept.append(attempt)

    def last(self, webhook: StreamId, limit: int) -> Sequence[Attempt]:
        """See Attempts.last."""
        found = [attempt for attempt in self._kept if attempt.webhook == webhook]
        return sorted(found, key=lambda attempt: attempt.at, reverse=True)[:limit]
