"""Every consumer that derives something from events ends at the same, however its deliveries go.

The same past is delivered twice: once in order, undisturbed; and once doubled, shuffled, late, in batches that are cut
off by throttling at any call to AWS, with what failed delivered again. What is derived must be equal.
"""

import random
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from infra.definition import EventsTrigger
from infra.functions import discover
from penstock.aws import wiring
from penstock.aws.view_items import lookups, to_row
from penstock.events.feed import Mark, feed_stream, index
from tests.functions.cloud import ROOT, Cloud, clear_caches, load
from tests.functions.flows import SET, start, workflow

ACTING = {
    "engine": "runs nodes: cut at every event by test_engine_properties",
    "process_events": "stores events of its own: cut by the tests of processes",
    "process_steps": "runs nodes: likewise",
    "rebuilds": "hands out tasks: cut by test_rebuilds",
    "retention_keeper": "changes locks and deletes by the clock: has tests of its own",
    "saga_watch": "starts machines: has tests of its own",
    "subject_erasure": "deletes: has tests of its own",
    "subject_links": "stores events of its own: has tests of its own",
}
"""Consumers that act where these derive, and where their faults are tried."""

DERIVING = sorted(
    function.name
    for function in discover(ROOT / "functions")
    if isinstance(function.trigger, EventsTrigger) and function.name not in ACTING
)
VOLATILE = frozenset({"until", "expires", "token"})
State = dict[str, Any]


@pytest.fixture
def past(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Workflows, executions, a key, a lab message and its resources; the nudges of all of it, in order."""
    monkeypatch.setenv("PENSTOCK_ARCHIVE_BUCKET", "archive")
    monkeypatch.setattr("time.sleep", lambda _: None)
    boto3.client("s3").create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    wiring.settings.cache_clear()
    flow = workflow(cloud, SET)
    for number in range(3):
        start(cloud, flow, items=[{"n": number}])
    message = b64encode((ROOT / "events/messages/hl7v2_oru_r01_normal.hl7").read_bytes()).decode()
    cloud.request("hl7_messages", "POST", "/v1/healthcare/messages", {"raw": message})
    cloud.request("workflows", "POST", f"/v1/workflows/{flow}/archive")
    nudges = []
    for stream in cloud.streams():
        for commit in wiring.events().commits(stream):
            index(wiring.feed(), wiring.events(), stream.tenant, {stream: [Mark.of(commit)]})
            nudges.append({"stream": str(stream), "commit": commit.number})
    return nudges


def nudges_for(consumer: str, past: list[dict[str, Any]]) -> list[dict[str, Any]]:
    (trigger,) = [function.trigger for function in discover(ROOT / "functions") if function.name == consumer]
    assert isinstance(trigger, EventsTrigger)
    if "feed" in trigger.kinds:
        return [{"stream": str(feed_stream("acme")), "commit": number + 1} for number in range(len(past))]
    return [each for each in past if {"*", each["stream"].split("#")[1]} & set(trigger.kinds)]


def deliver(cloud: Cloud, consumer: str, nudges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Hand a batch over; what failed. A function that is cut off fails with all of it."""
    try:
        answer = load(consumer).handler(cloud.sqs_event(*nudges), cloud.context())
    except ClientError:
        return nudges
    failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
    return [nudge for place, nudge in enumerate(nudges) if f"m-{place}" in failed]


@contextmanager
def throttled(share: float, seed: int) -> Iterator[None]:
    """So many of the calls to AWS are refused in here."""
    dice, call = random.Random(seed), BaseClient._make_api_call

    def refused(client: Any, operation: str, request: Any) -> Any:
        if dice.random() < share:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, operation)
        return call(client, operation, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", refused)
        yield


def items(table: str) -> Iterator[Any]:
    for page in boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table):
        yield from page["Items"]


def is_pointer(item: Any) -> bool:
    """Whether it only leads to a row. One that its row does not confirm is never seen, and may be left by a crash."""
    return "#lookup#" in item["pk"]["S"]


def unfound(found: list[Any]) -> list[str]:
    """The rows that one of their pointers does not lead to."""
    keys = {(item["pk"]["S"], item["sk"]["S"]) for item in found}
    rows = [item for item in found if item["sk"]["S"] == "row"]
    return [
        (item["pk"]["S"], each) for item in rows for each in lookups(to_row(item)) if (each.pk, each.sk) not in keys
    ]


def state() -> State:
    """What there is: read models, checkpoints and the like; what is in the archive; schedules."""
    found = list(items("views"))
    assert unfound(found) == []
    rows = {
        (item["pk"]["S"], item["sk"]["S"]): {name: value for name, value in item.items() if name not in VOLATILE}
        for item in found
        if not is_pointer(item)
    }
    s3 = boto3.client("s3")
    objects = {each["Key"]: each["ETag"] for each in s3.list_objects_v2(Bucket="archive").get("Contents", ())}
    schedules = [each["Name"] for each in boto3.client("scheduler").list_schedules()["Schedules"]]
    return {"rows": rows, "objects": objects, "schedules": sorted(schedules)}


def forget(before: list[Any]) -> None:
    """Put the views table back to what it was, and take away the archive and the index files."""
    table, s3 = boto3.client("dynamodb"), boto3.client("s3")
    for item in list(items("views")):
        table.delete_item(TableName="views", Key={name: item[name] for name in ("pk", "sk")})
    for item in before:
        table.put_item(TableName="views", Item=item)
    for bucket, prefix in (("archive", ""), ("payloads", "search/")):
        for each in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ()):
            s3.delete_object(Bucket=bucket, Key=each["Key"])
    clear_caches()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("consumer", DERIVING)
def test_doubled_shuffled_and_throttled_deliveries_derive_what_undisturbed_ones_do(
    cloud: Cloud, past: list[dict[str, Any]], consumer: str, seed: int
) -> None:
    nudges = nudges_for(consumer, past)
    assert nudges
    before = list(items("views"))
    for nudge in nudges:
        assert deliver(cloud, consumer, [nudge]) == []
    undisturbed = state()
    forget(before)
    dice = random.Random(seed)
    waiting = [*nudges, *nudges]
    dice.shuffle(waiting)
    with throttled(0.15, seed):
        for _ in range(200):
            waiting = [*waiting[5:], *deliver(cloud, consumer, waiting[:5])] if waiting else []
    assert waiting == []
    assert state() == undisturbed


def test_every_consumer_derives_or_is_known_to_act() -> None:
    consumers = {each.name for each in discover(ROOT / "functions") if isinstance(each.trigger, EventsTrigger)}
    assert consumers >= ACTING.keys()
    assert DERIVING
