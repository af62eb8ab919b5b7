"""Finds the webhooks that an event of the bus is for, and has it delivered to each."""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from penstock.aws import wiring
from penstock.aws.consuming import each, logged
from penstock.aws.webhooks import CONSUMER, send_all
from penstock.json import JSONObject, loads
from penstock.routing.router import Router


def take(router: Router, record: SQSRecord) -> None:
    """One event. Raises KeyError when it is none."""
    detail: JSONObject = loads(record.body)["detail"]
    with logged("an event could not be routed to webhooks", stream=str(detail["stream"])):
        send_all(wiring.queues(), wiring.settings().queues[CONSUMER], router.route(detail))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Messages from the queue in, those that failed out."""
    return each(event, context, partial(take, Router(wiring.views())))
