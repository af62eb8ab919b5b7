"""The stores that the contract suites run against: in memory, DynamoDB on moto, DynamoDB of the local stack."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from penstock.aws.checkpoint_store import DynamoCheckpointStore
from penstock.aws.event_store import DynamoEventStore
from penstock.aws.feed import DynamoFeed
from penstock.aws.payloads import Payloads
from penstock.aws.snapshot_store import DynamoSnapshotStore
from penstock.aws.view_store import DynamoViewStore
from penstock.events.aggregate import MemorySnapshotStore, SnapshotStore
from penstock.events.checkpoints import CheckpointStore, MemoryCheckpointStore
from penstock.events.feed import FeedLog, MemoryFeed
from penstock.events.memory import MemoryEventStore
from penstock.events.store import EventStore
from penstock.events.views import MemoryViewStore, ViewStore

LOCAL = ("AWS_ENDPOINT_URL", "PENSTOCK_PAYLOADS_BUCKET")
CreateTables = Callable[..., None]
ON_MOTO: dict[str, Any] = {
    "region_name": "eu-central-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
    # Beside the local stack, AWS_ENDPOINT_URL would send these to it.
    "config": Config(ignore_configured_endpoint_urls=True),
}


@dataclass(frozen=True)
class Stores:
    events: EventStore
    views: ViewStore
    snapshots: SnapshotStore
    checkpoints: CheckpointStore
    feed: FeedLog
    other_process: Callable[[], EventStore]


class OneAtATime:
    """moto checks a condition and writes in two steps; DynamoDB does both at once. A lock gives moto that property."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, threading.Lock()

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            with self._lock:
                return getattr(self._client, name)(**arguments)

        return call


def _memory(_: CreateTables) -> Iterator[Stores]:
    events = MemoryEventStore()
    yield Stores(
        events, MemoryViewStore(), MemorySnapshotStore(), MemoryCheckpointStore(), MemoryFeed(), lambda: events
    )


def _dynamo(dynamodb: Any, s3: Any, events: str, views: str, bucket: str) -> Stores:
    payloads = Payloads(s3, bucket)
    return Stores(
        DynamoEventStore(dynamodb, events, payloads),
        DynamoViewStore(dynamodb, views),
        DynamoSnapshotStore(dynamodb, views, payloads),
        DynamoCheckpointStore(dynamodb, views),
        DynamoFeed(dynamodb, views),
        lambda: DynamoEventStore(dynamodb, events, payloads),
    )


def _moto(create_tables: CreateTables) -> Iterator[Stores]:
    with mock_aws():
        dynamodb, s3 = boto3.client("dynamodb", **ON_MOTO), boto3.client("s3", **ON_MOTO)
        create_tables(dynamodb, "events", "views")
        s3.create_bucket(Bucket="payloads", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield _dynamo(OneAtATime(dynamodb), s3, "events", "views", "payloads")


def _local(create_tables: CreateTables) -> Iterator[Stores]:
    """Tables of its own: on the deployed ones, the deployed functions would take part (the sequencer in the feed)."""
    missing = [name for name in LOCAL if name not in os.environ]
    if missing:
        pytest.skip(f"no deployed local stack: {', '.join(missing)} not set (`python -m local during …` sets them)")
    dynamodb = boto3.client("dynamodb")
    tables = [f"contract-{name}-{uuid4().hex}" for name in ("events", "views")]
    create_tables(dynamodb, *tables)
    try:
        yield _dynamo(dynamodb, boto3.client("s3"), *tables, os.environ["PENSTOCK_PAYLOADS_BUCKET"])
    finally:
        for table in tables:
            dynamodb.delete_table(TableName=table)


STORES = {"memory": _memory, "moto": _moto, "local": _local}


@pytest.fixture(scope="module", params=["memory", "moto", pytest.param("local", marks=pytest.mark.local)])
def stores(request: pytest.FixtureRequest, create_tables: CreateTables) -> Iterator[Stores]:
    yield from STORES[request.param](create_tables)


@pytest.fixture
def dynamodb(create_tables: CreateTables) -> Iterator[Any]:
    """moto's client, with the two tables and nothing in them."""
    with mock_aws():
        client = boto3.client("dynamodb", **ON_MOTO)
        create_tables(client, "events", "views")
        yield client


@pytest.fixture
def store(stores: Stores) -> EventStore:
    return stores.events


@pytest.fixture
def other_process(stores: Stores) -> EventStore:
    """The same store as a process that has read nothing yet sees it."""
    return stores.other_process()


@pytest.fixture
def views(stores: Stores) -> ViewStore:
    return stores.views


@pytest.fixture
def snapshots(stores: Stores) -> SnapshotStore:
    return stores.snapshots


@pytest.fixture
def checkpoints(stores: Stores) -> CheckpointStore:
    return stores.checkpoints


@pytest.fixture
def feed(stores: Stores) -> FeedLog:
    return stores.feed


@pytest.fixture
def tenant() -> str:
    """A new tenant for each test: the local stack keeps what earlier tests wrote."""
    return f"t{uuid4().hex}"
