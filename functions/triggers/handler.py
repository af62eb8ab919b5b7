"""Starts workflows on events from the bus, and on schedules that fire.

A message is an event of the bus, whose `detail` says where it is stored, or `{"schedule": {tenant, workflow, node,
time}}` (see `workflows.schedules`). One that is neither fails, and ends in the dead-letter queue.
"""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from penstock.aws import wiring
from penstock.aws.consuming import each, logged
from penstock.events import StreamId
from penstock.json import JSONObject, loads
from penstock.workflows.triggering import Triggering


def take(triggering: Triggering, record: SQSRecord) -> None:
    """One message. Raises KeyError when it is neither."""
    body: JSONObject = loads(record.body)
    if firing := body.get("schedule"):
        with logged("a schedule fired and could not start its workflow", workflow=str(firing["workflow"])):
            triggering.fired(**firing, delivery=record.message_id)
        return
    detail = body["detail"]
    with logged("an event could not start workflows", stream=str(detail["stream"])):
        triggering.heard(StreamId.parse(detail["stream"]), int(detail["version"]))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Messages from the queue in, those that failed out."""
    triggering = Triggering(wiring.events(), wiring.views(), wiring.engine())
    return each(event, context, partial(take, triggering))
