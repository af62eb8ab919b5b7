"""Starts workflows on changes of FHIR resources that meet their criteria, and has Subscriptions told of them."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from penstock.aws import wiring
from penstock.aws.consuming import each, logged
from penstock.aws.webhooks import send_all
from penstock.events import StreamId
from penstock.json import JSONObject, loads
from penstock.workflows.causes import event_at
from penstock.workflows.triggering import Triggering
from penstock_healthcare.fhir.listening import Listening
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.subscriptions.notifying import CONSUMER, Notifying


@dataclass(frozen=True)
class Changes:
    """What hears of changes."""

    triggering: Triggering
    notifying: Notifying

    def take(self, stream: StreamId, version: int) -> None:
        """A resource was saved. Raises StreamGap when it cannot be read yet."""
        self.triggering.heard(stream, version)
        found = self.notifying.deliveries(event_at(wiring.events(), stream, version))
        send_all(wiring.queues(), wiring.settings().queues[CONSUMER], found)


def take(changes: Changes, record: SQSRecord) -> None:
    """One event of the bus. Raises KeyError when it is none."""
    detail: JSONObject = loads(record.body)["detail"]
    with logged("a change of a resource could not be passed on", stream=str(detail["stream"])):
        changes.take(StreamId.parse(detail["stream"]), int(detail["version"]))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Messages from the queue in, those that failed out."""
    triggering = Triggering(wiring.events(), wiring.views(), wiring.engine(), Listening().hearing())
    changes = Changes(triggering, Notifying(wiring.views(), Resources(wiring.events())))
    return each(event, context, partial(take, changes))
