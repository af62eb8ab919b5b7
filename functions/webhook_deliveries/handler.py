"""Delivers events to webhooks. The deliveries of a batch go at once: one that takes long keeps no other waiting.

What fails here is the platform's own trouble, and comes again by the queue; what an endpoint does is an outcome.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from penstock.aws import wiring
from penstock.aws.consuming import each, logged
from penstock.json import loads
from penstock.routing.delivery import Delivery
from penstock.routing.dispatch import Dispatch

AT_ONCE = 10
"""As many as there are in a batch."""


def take(dispatch: Dispatch, body: str) -> None:
    """One message. Raises KeyError when it is no delivery."""
    delivery = Delivery.parse(loads(body))
    with logged("a webhook could not be attempted", webhook=delivery.webhook, stream=str(delivery.stream)):
        dispatch.deliver(delivery)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Messages from the queue in, those that failed out."""
    dispatch = wiring.dispatch()  # made before there are threads: boto3 makes no client in two of them at once
    with ThreadPoolExecutor(AT_ONCE) as threads:
        taken = {record["messageId"]: threads.submit(take, dispatch, record["body"]) for record in event["Records"]}
        return each(event, context, lambda record: taken[record.message_id].result())
