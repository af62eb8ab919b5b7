"""An attempt at a delivery to anybody: held back by the circuit, counted, and what follows from it."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from penstock.clock import Clock, iso, utc_now
from penstock.events import StreamId
from penstock.routing.circuit import Circuit, admitted, failed, is_given_up, since, succeeded
from penstock.routing.delivery import GONE, Again, Delivery, GiveUp, Jitter, Outcome, next_step
from penstock.routing.ports import Circuits, Outbox

LONGEST_SPREAD = 60.0
"""Seconds over which deliveries come back that waited for a circuit."""
MOST_LOSSES = 10


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a delivery. `epoch` begins its circuit afresh; `attempt` sends once; `give_up` is told why nothing more
    is to go there.
    """

    id: StreamId
    epoch: int
    attempt: Callable[[Delivery], Outcome]
    give_up: Callable[[Delivery, str], None]


@dataclass(frozen=True)
class Attempting:
    """Attempts deliveries, several at a time if need be."""

    circuits: Circuits
    outbox: Outbox
    clock: Clock = utc_now
    jitter: Jitter = random.random

    def deliver(self, recipient: Recipient, delivery: Delivery) -> None:
        """Attempt it, unless the circuit is open; what is left to do is in the outbox then."""
        if (wait := self._wait(recipient)) is not None:
            self.outbox.send(delivery, wait)
        else:
            self._go_on(recipient, delivery, recipient.attempt(delivery))

    def _wait(self, recipient: Recipient) -> float | None:
        """Seconds until the circuit may let something through; None when it lets this attempt through."""
        for _ in range(MOST_LOSSES):
            known = self._circuit(recipient)
            under_way = admitted(known, self.clock())
            if under_way is None:
                return self._spread(known)
            if under_way == known or self.circuits.save(recipient.id, under_way):
                return None
        return self._spread(known)

    def _spread(self, circuit: Circuit) -> float:
        """Those that wait come back one after another, not all at once."""
        left = max(((circuit.until or self.clock()) - self.clock()).total_seconds(), 1)
        return left + min(left, LONGEST_SPREAD) * self.jitter()

    def _go_on(self, recipient: Recipient, delivery: Delivery, outcome: Outcome) -> None:
        circuit = self._recorded(recipient, outcome)
        if reason := _end(outcome, circuit, self.clock()):
            recipient.give_up(delivery, reason)
            self.outbox.bury(delivery, reason)
            return
        match next_step(delivery, outcome, self.jitter):
            case Again(following, pause):
                self.outbox.send(following, pause)
            case GiveUp(why):
                self.outbox.bury(delivery, why)

    def _recorded(self, recipient: Recipient, outcome: Outcome) -> Circuit:
        """The circuit after the outcome. Who loses to many rivals leaves the counting to them."""
        for _ in range(MOST_LOSSES):
            known = self._circuit(recipient)
            after = succeeded(known) if outcome.is_delivered else failed(known, self.clock())
            if after == known or self.circuits.save(recipient.id, after):
                return after
        return known

    def _circuit(self, recipient: Recipient) -> Circuit:
        return since(self.circuits.load(recipient.id), recipient.epoch)


def _end(outcome: Outcome, circuit: Circuit, now: datetime) -> str | None:
    """Why nothing more is to go to the endpoint, if so."""
    if outcome.status == GONE:
        return "the endpoint answered 410 Gone"
    if circuit.failing_since and not outcome.is_delivered and is_given_up(circuit, now):
        return f"the endpoint has failed since {iso(circuit.failing_since)}"
    return None
