"""What delivering webhooks keeps in the views table, and the queue of deliveries.

circuit   pk = tenant#circuit                sk = the webhook's key
attempt   pk = tenant#attempts#webhook       sk = milliseconds#event#number; gone after a week
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from penstock.aws.errors import ConditionFailed, Unavailable, translated
from penstock.aws.queues import LONGEST_DELAY, Queues
from penstock.clock import Clock, from_millis, to_millis, utc_now
from penstock.events.model import StreamId
from penstock.json import JSONObject, dumps, loads
from penstock.routing.circuit import Circuit, State
from penstock.routing.delivery import Attempt, Delivery, Outcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from penstock.aws.wake import Scheduler

KEPT = timedelta(days=7)
CONSUMER = "webhook_deliveries"


@dataclass(frozen=True)
class DynamoCircuits:
    """Circuits in the views table. Also raises AwsError."""

    client: "DynamoDBClient"
    table: str

    def load(self, webhook: StreamId) -> Circuit | None:
        """See Circuits.load. A consistent read."""
        with translated():
            found = self.client.get_item(TableName=self.table, Key=_circuit_key(webhook), ConsistentRead=True)
        return _circuit(found["Item"]) if "Item" in found else None

    def save(self, webhook: StreamId, circuit: Circuit) -> bool:
        """See Circuits.save."""
        item = {
            **_circuit_key(webhook),
            "revision": {"N": str(circuit.revision + 1)},
            "document": {"S": dumps(_circuit_document(circuit)).decode()},
        }
        condition: Any = {"ConditionExpression": "attribute_not_exists(pk)"}
        if circuit.revision:
            condition = {
                "ConditionExpression": "revision = :revision",
                "ExpressionAttributeValues": {":revision": {"N": str(circuit.revision)}},
            }
        try:
            with translated():
                self.client.put_item(TableName=self.table, Item=item, **condition)
        except ConditionFailed:
            return False
        return True


@dataclass(frozen=True)
class DynamoAttempts:
    """Attempts in the views table, each an item that expires. Also raises AwsError."""

    client: "DynamoDBClient"
    table: str

    def keep(self, attempt: Attempt) -> None:
        """See Attempts.keep."""
        name = f"{to_millis(attempt.at):015d}#{attempt.event}#{attempt.number}"
        document = {
            "event": attempt.event,
            "type": attempt.type,
            "number": attempt.number,
            "at": to_millis(attempt.at),
            "outcome": asdict(attempt.outcome),
        }
        with translated():
            self.client.put_item(
                TableName=self.table,
                Item={
                    "pk": {"S": _attempts_pk(attempt.webhook)},
                    "sk": {"S": name},
                    "expires": {"N": str(int((attempt.at + KEPT).timestamp()))},
                    "document": {"S": dumps(document).decode()},
                },
            )

    def last(self, webhook: StreamId, limit: int) -> Sequence[Attempt]:
        """See Attempts.last."""
        with translated():
            found = self.client.query(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": _attempts_pk(webhook)}},
                ScanIndexForward=False,
                Limit=limit,
            )
        return [_attempt(webhook, loads(item["document"]["S"])) for item in found["Items"]]


@dataclass(frozen=True)
class DeliveryQueue:
    """An Outbox: SQS for pauses that it takes, EventBridge Scheduler for longer ones. Raises AwsError."""

    queues: Queues
    url: str
    dead_letters: str
    scheduler: "Scheduler"
    clock: Clock = utc_now
    consumer: str = CONSUMER

    def send(self, delivery: Delivery, pause: float) -> None:
        """See Outbox.send."""
        if pause <= LONGEST_DELAY:
            self.queues.send(self.url, delivery.to_json(), ceil(pause))
            return
        due = self.clock() + timedelta(seconds=ceil(pause))
        self.scheduler.once(_name(delivery, due), due, self.consumer, delivery.to_json())

    def bury(self, delivery: Delivery, reason: str) -> None:
        """See Outbox.bury."""
        first = Delivery(delivery.webhook, delivery.stream, delivery.version)
        self.queues.send(self.dead_letters, {**first.to_json(), "given_up": reason})


def send_all(queues: Queues, url: str, deliveries: Sequence[Delivery]) -> None:
    """Send new deliveries to the queue. Raises AwsError when it did not take them all: repeat them all."""
    if queues.send_all(url, [delivery.to_json() for delivery in deliveries]):
        raise Unavailable("SendMessageBatch", "Failed")


def _name(delivery: Delivery, due: datetime) -> str:
    """The same for the same attempt at the same time, and within Scheduler's 64 characters."""
    text = f"{delivery.webhook} {delivery.event} {delivery.attempt} {due:%Y-%m-%dT%H:%M:%S}"
    return "webhook-" + hashlib.sha256(text.encode()).hexdigest()[:48]


def _circuit_key(webhook: StreamId) -> dict[str, Any]:
    return {"pk": {"S": f"{webhook.tenant}#circuit"}, "sk": {"S": webhook.key}}


def _attempts_pk(webhook: StreamId) -> str:
    return f"{webhook.tenant}#attempts#{webhook.key}"


def _circuit_document(circuit: Circuit) -> JSONObject:
    return {
        "epoch": circuit.epoch,
        "state": circuit.state,
        "failures": circuit.failures,
        "openings": circuit.openings,
        "until": to_millis(circuit.until) if circuit.until else None,
        "failing_since": to_millis(circuit.failing_since) if circuit.failing_since else None,
    }


def _circuit(item: Any) -> Circuit:
    document = loads(item["document"]["S"])
    times = {name: document[name] and from_millis(document[name]) for name in ("until", "failing_since")}
    state = State(document["state"])
    return Circuit(**{**document, **times, "state": state}, revision=int(item["revision"]["N"]))


def _attempt(webhook: StreamId, document: JSONObject) -> Attempt:
    return Attempt(
        webhook,
        document["event"],
        document["type"],
        document["number"],
        from_millis(document["at"]),
        Outcome(**document["outcome"]),
    )
