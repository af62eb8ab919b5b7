"""Tells FHIR Subscriptions of changes. The deliveries of a batch go at once: one that is slow keeps no other waiting.

What fails here is the platform's own trouble, and comes again by the queue; what an endpoint does is an outcome.
"""

from functools import partial
from typing import Any

from penstock.aws import wiring
from penstock.aws.consuming import each_at_once, logged
from penstock.json import loads
from penstock.routing.delivery import Delivery
from penstock.routing.posting import HttpPost
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.subscriptions.headers import ChannelHeaders
from penstock_healthcare.fhir.subscriptions.notifying import CONSUMER, Notifications


def take(notifications: Notifications, body: str) -> None:
    """One message. Raises KeyError when it is no delivery."""
    delivery = Delivery.parse(loads(body))
    with logged("a Subscription could not be told", webhook=delivery.webhook, stream=str(delivery.stream)):
        notifications.deliver(delivery)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Messages from the queue in, those that failed out."""
    store, webhooks = wiring.events(), wiring.webhooks()
    headers, post = ChannelHeaders(store, webhooks.seal), HttpPost(webhooks.guard)
    notifications = Notifications(Resources(store), headers, wiring.attempting(CONSUMER), post)
    return each_at_once(event, context, partial(take, notifications))
