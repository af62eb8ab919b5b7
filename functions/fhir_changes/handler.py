"""Starts workflows on changes of FHIR resources that meet their criteria."""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from penstock.aws import wiring
from penstock.aws.consuming import each, logged
from penstock.events import StreamId
from penstock.json import JSONObject, loads
from penstock.workflows.triggering import Triggering
from penstock_healthcare.fhir.listening import Listening


def take(triggering: Triggering, record: SQSRecord) -> None:
    """One event of the bus. Raises KeyError when it is none."""
    detail: JSONObject = loads(record.body)["detail"]
    with logged("a change of a resource could not start workflows", stream=str(detail["stream"])):
        triggering.heard(StreamId.parse(detail["stream"]), int(detail["version"]))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Messages from the queue in, those that failed out."""
    triggering = Triggering(wiring.events(), wiring.views(), wiring.engine(), Listening().hearing())
    return each(event, context, partial(take, triggering))
