"""Sends to a webhook's endpoint, signed, and remembers what came of it."""

from dataclasses import dataclass

from penstock.clock import Clock, NewId, iso, new_id, utc_now
from penstock.json import dumps
from penstock.routing.delivery import Attempt, Outcome
from penstock.routing.ports import Attempts, Post
from penstock.routing.service import Webhooks
from penstock.routing.signing import signed
from penstock.routing.webhook import Webhook

TEST_TYPE = "webhook.test"


@dataclass(frozen=True)
class Sender:
    """Raises StoreUnavailable and BrokenSeal; what becomes of a request is an outcome."""

    webhooks: Webhooks
    attempts: Attempts
    post: Post
    clock: Clock = utc_now
    new_id: NewId = new_id

    def send(self, webhook: Webhook, event: str, event_type: str, number: int, body: bytes) -> Attempt:
        """One attempt at an event; `number` counts them, from 1."""
        at = self.clock()
        headers = signed(event, at, body, self.webhooks.secrets(webhook, at))
        outcome: Outcome = self.post(webhook.target.url, headers, body)
        attempt = Attempt(webhook.id, event, event_type, number, at, outcome)
        self.attempts.keep(attempt)
        return attempt

    def test(self, webhook: Webhook) -> Attempt:
        """Send an event that never happened, once, whatever the circuit; it counts for nothing."""
        time, event = iso(self.clock()), f"test_{self.new_id()}"
        told = {
            "id": event,
            "tenant": webhook.id.tenant,
            "kind": "webhook",
            "key": webhook.id.key,
            "type": TEST_TYPE,
            "time": time,
            "timestamp": time,
            "data": {},
        }
        return self.send(webhook, event, TEST_TYPE, 0, dumps(told))
