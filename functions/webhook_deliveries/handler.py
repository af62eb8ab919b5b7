"""Delivers events to webhooks. The deliveries of a batch go at once: one that takes long keeps no other waiting.

What fails here is the platform's own trouble, and comes again by the queue; what an endpoint does is an outcome.
"""

from functools import partial
from typing import Any

from penstock.aws import wiring
from penstock.aws.consuming import each_at_once, logged
from penstock.json import loads
from penstock.routing.delivery import Delivery
from penstock.routing.dispatch import Dispatch


def take(dispatch: Dispatch, body: str) -> None:
    """One message. Raises KeyError when it is no delivery."""
    delivery = Delivery.parse(loads(body))
    with logged("a webhook could not be attempted", webhook=delivery.webhook, stream=str(delivery.stream)):
        dispatch.deliver(delivery)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Messages from the queue in, those that failed out."""
    return each_at_once(event, context, partial(take, wiring.dispatch()))
