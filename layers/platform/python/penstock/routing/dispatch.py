"""One attempt at a delivery, from the message to what follows from it.

Everything may come twice: an endpoint knows an event by its id, and gets it once or more. The message of what is to be
tried again is sent before the one in hand is done with, so a crash doubles a delivery and loses none.
"""

import logging
import random
from dataclasses import dataclass
from functools import partial

from penstock.clock import Clock, utc_now
from penstock.events import Conflict, EventStore, Origin
from penstock.routing.attempting import Attempting, Recipient
from penstock.routing.delivery import Delivery, Jitter, Outcome, payload
from penstock.routing.errors import UnknownWebhook
from penstock.routing.ports import Circuits, Outbox
from penstock.routing.sender import Sender
from penstock.routing.service import Webhooks
from penstock.routing.webhook import Status, Webhook
from penstock.workflows.causes import event_at

ACTOR = "platform:webhooks"
"""Who disables a webhook whose endpoint is gone."""
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
            return
        recipient = Recipient(
            webhook.id, webhook.epoch, partial(self._attempt, webhook), partial(self._disable, webhook)
        )
        Attempting(self.circuits, self.outbox, self.clock, self.jitter).deliver(recipient, delivery)

    def _attempt(self, webhook: Webhook, delivery: Delivery) -> Outcome:
        event = event_at(self.store, delivery.stream, delivery.version)
        return self.sender.send(webhook, event.id, event.type, delivery.attempt, payload(event)).outcome

    def _disable(self, webhook: Webhook, delivery: Delivery, reason: str) -> None:
        origin = Origin(ACTOR, f"webhook:{webhook.id.key}", delivery.event)
        try:
            self.webhooks.disable(webhook.id.tenant, webhook.id.key, reason, origin)
        except (Conflict, UnknownWebhook):
            _LOG.warning("webhook %s was to be disabled, and somebody changed it first", webhook.id.key)
