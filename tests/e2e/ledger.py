"""All that the deployed stack holds of a tenant: events, read models, what the bus carried; and its stream, made anew."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

from penstock.aws.event_store import DynamoEventStore
from penstock.aws.sequencer import record
from penstock.events import Draft, Origin, StreamId
from penstock.events.feed import Mark
from penstock.json import dumps, loads
from tests.e2e.stack import Stack
from tests.e2e.tenant import Document


@dataclass
class Subscriber:
    """A queue that gets all of a tenant's events from the bus. `heard` holds those that came, as the bus sent them."""

    sqs: Any
    url: str
    heard: list[Document] = field(default_factory=list)

    def listen(self) -> set[str]:
        """The ids of all events that have come so far."""
        while batch := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", ()):
            for message in batch:
                self.heard.append(loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return {each["detail"]["id"] for each in self.heard}


@contextmanager
def subscriber(stack: Stack, tenant: str) -> Iterator[Subscriber]:
    """A rule on the bus, and the queue behind it."""
    events, sqs, name = boto3.client("events"), stack.sqs, f"{tenant}-subscriber"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["penstock"], "detail": {"tenant": [tenant]}}
    events.put_rule(Name=name, EventBusName=stack.bus, EventPattern=dumps(pattern).decode())
    events.put_targets(Rule=name, EventBusName=stack.bus, Targets=[{"Id": "queue", "Arn": arn}])
    try:
        yield Subscriber(sqs, url)
    finally:
        events.remove_targets(Rule=name, EventBusName=stack.bus, Ids=["queue"])
        events.delete_rule(Name=name, EventBusName=stack.bus)
        sqs.delete_queue(QueueUrl=url)


def streams(stack: Stack, tenant: str, kind: str | None = None) -> list[StreamId]:
    """The tenant's streams, all or of one kind."""
    return [found for found in stack.store.streams() if found.tenant == tenant and kind in (None, found.kind)]


def events(stack: Stack, tenant: str) -> dict[str, list[str]]:
    """The ids of all of the tenant's events, by stream."""
    return {
        str(stream): [event.id for commit in stack.store.commits(stream) for event in commit.events]
        for stream in streams(stack, tenant)
    }


def read_models(stack: Stack, tenant: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """All of the tenant's items in the views table: documents, indexes, lookups and checkpoints."""
    pages = stack.dynamodb.get_paginator("scan").paginate(TableName=stack.views_table)
    mine = [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith(f"{tenant}#")]
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in mine}


def records(stack: Stack, tenant: str) -> list[Document]:
    """Every commit of the tenant, as the table's stream tells of it."""
    commits = [commit for stream in streams(stack, tenant) for commit in stack.store.commits(stream)]
    return [record(commit.stream, Mark.of(commit)) for commit in commits]


def deliver(stack: Stack, told: list[Document], rng: random.Random) -> None:
    """Hand records to the sequencer, in disorder and in batches of any size."""
    left = rng.sample(told, len(told))
    while left:
        size = rng.randint(1, 20)
        answer = stack.invoke("sequencer", {"Records": left[:size]})
        assert answer == {"batchItemFailures": []}
        left = left[size:]


class _Recorder:
    """A DynamoDB client that keeps what it is asked to put instead of putting it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.item: Document = {}

    def put_item(self, **request: Any) -> None:
        self.item = request["Item"]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def next_item(stack: Stack, stream: StreamId, draft: Draft) -> Document:
    """The item of the commit that would follow in a stream."""
    newest = list(stack.store.commits(stream))[-1]
    recorder = _Recorder(stack.dynamodb)
    store = DynamoEventStore(recorder, stack.events_table, stack.payloads, stack.keyring)  # type: ignore[arg-type]
    store.append(stream, [draft], expected=newest.position, commit_id="next", origin=Origin("e2e", "e2e"))
    return recorder.item
