"""One attempt at a delivery, from the message to what follows from it.

Everything may come twice: an endpoint knows an event by its id, and gets it once or more. The message of what is to be
tried again is sent before the one in hand is done with, so a crash doubles a delivery and loses none.
"""

import logging
import random
from dataclasses import dataclass
from datetime import datetime

from penstock.clock import Clock, iso, utc_now
from penstock.events import Conflict, EventStore, Origin
from penstock.routing.circuit import Circuit, admitted, failed, is_given_up, since, succeeded
from penstock.routing.delivery import GONE, Again, Delivery, GiveUp, Jitter, Outcome, next_step, payload
from penstock.routing.errors import UnknownWebhook
from penstock.routing.ports import Circuits, Outbox
from penstock.routing.sender import Sender
from penstock.routing.service import Webhooks
from penstock.routing.webhook import Status, Webhook
from penstock.workflows.causes import event_at

ACTOR = "platform:webhooks"
"""Who disables a webhook whose endpoint is gone."""
LONGEST_SPREAD = 60.0
"""Seconds over which deliveries come back that waited for a circuit."""
MOST_LOSSES = 10
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dispatch:
    """Attempts deliveries, several at a time if need be. Raises StoreUnavailable, StreamGap, BrokenSeal."""

    store: EventStore
    webhooks: Webhooks
    circuits: Circuits
    outbox: Outbox
    sender: Sender
    clock: Clock = utc_now
    jitter: Jitter = random.random

    def deliver(self, delivery: Delivery) -> None:
        """Attempt a delivery, unless its circuit is open; what is left to do is in the outbox then."""
        try:
            webhook = self.webhooks.load(delivery.target).state
        except UnknownWebhook:
            _LOG.info("a delivery to webhook %s ends: it was deleted", delivery.webhook)
            return
        if webhook.status is Status.DISABLED:
            self.outbox.bury(delivery, "the webhook is disabled")
        elif (wait := self._wait(webhook)) is not None:
            self.outbox.send(delivery, wait)
        else:
            self._go_on(webhook, delivery, self._attempt(webhook, delivery))

    def _wait(self, webhook: Webhook) -> float | None:
        """Seconds until the circuit may let something through; None when it lets this attempt through."""
        for _ in range(MOST_LOSSES):
            known = self._circuit(webhook)
            under_way = admitted(known, self.clock())
            if under_way is None:
                return self._spread(known)
            if under_way == known or self.circuits.save(webhook.id, under_way):
                return None
        return self._spread(known)

    def _spread(self, circuit: Circuit) -> float:
        """Those that wait come back one after another, not all at once."""
        left = max(((circuit.until or self.clock()) - self.clock()).total_seconds(), 1)
        return left + min(left, LONGEST_SPREAD) * self.jitter()

    def _attempt(self, webhook: Webhook, delivery: Delivery) -> Outcome:
        event = event_at(self.store, delivery.stream, delivery.version)
        return self.sender.send(webhook, event.id, event.type, delivery.attempt, payload(event)).outcome

    def _go_on(self, webhook: Webhook, delivery: Delivery, outcome: Outcome) -> None:
        circuit = self._recorded(webhook, outcome)
        if reason := _end(outcome, circuit, self.clock()):
            self._disable(webhook, delivery, reason)
            self.outbox.bury(delivery, reason)
            return
        match next_step(delivery, outcome, self.jitter):
            case Again(following, pause):
                self.outbox.send(following, pause)
            case GiveUp(why):
                self.outbox.bury(delivery, why)

    def _recorded(self, webhook: Webhook, outcome: Outcome) -> Circuit:
        """The circuit after the outcome. Who loses to many rivals leaves the counting to them."""
        for _ in range(MOST_LOSSES):
            known = self._circuit(webhook)
            after = succeeded(known) if outcome.is_delivered else failed(known, self.clock())
            if after == known or self.circuits.save(webhook.id, after):
                return after
        return known

    def _circuit(self, webhook: Webhook) -> Circuit:
        return since(self.circuits.load(webhook.id), webhook.epoch)

    def _disable(self, webhook: Webhook, delivery: Delivery, reason: str) -> None:
        origin = Origin(ACTOR, f"webhook:{webhook.id.key}", delivery.event)
        try:
            self.webhooks.disable(webhook.id.tenant, webhook.id.key, reason, origin)
        except (Conflict, UnknownWebhook):
            _LOG.warning("webhook %s was to be disabled, and somebody changed it first", webhook.id.key)


def _end(outcome: Outcome, circuit: Circuit, now: datetime) -> str | None:
    """Why nothing more is to go to the endpoint, if so."""
    if outcome.status == GONE:
        return "the endpoint answered 410 Gone"
    if circuit.failing_since and not outcome.is_delivered and is_given_up(circuit, now):
        return f"the endpoint has failed since {iso(circuit.failing_since)}"
    return None
