"""From a commit to read model, bus and feed: sequencer, projector and publisher as they are deployed, on moto."""

import importlib.util
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.aws import clients, wiring
from penstock.aws.errors import Unavailable
from penstock.aws.feed import DynamoFeed
from penstock.clock import to_millis
from penstock.events import Draft, Event, Origin, StreamId
from penstock.events.feed import Span, feed_stream
from penstock.events.projection import Projection
from penstock.events.store import head

FUNCTIONS = Path(__file__).parents[2] / "functions"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
STREAM = StreamId("t", "workflow", "w-1")


def evolve(document: dict[str, Any] | None, event: Event) -> dict[str, Any]:
    if event.type == "Poison":
        raise ValueError("Doe, John")
    return {"seen": [*(document or {"seen": []})["seen"], event.version]}


SEEN = Projection("seen", "workflow", evolve)


def load(name: str) -> Callable[..., Any]:
    spec = importlib.util.spec_from_file_location(f"{name}_handler", FUNCTIONS / name / "handler.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.handler  # type: ignore[no-any-return]


@dataclass
class Cloud:
    """What is deployed around the three functions."""

    sqs: Any
    urls: dict[str, str]
    heard: str

    def received(self, name: str) -> list[Any]:
        url = self.urls.get(name, name)
        found: list[Any] = []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(each["Body"]) for each in messages]
        return found


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, create_tables: Callable[..., None]) -> Iterator[Cloud]:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        sqs, bridge = boto3.client("sqs"), boto3.client("events")
        names = ("projector", "publisher", "heard")
        urls = {name: sqs.create_queue(QueueName=f"penstock-test-{name}")["QueueUrl"] for name in names}
        fifo = sqs.create_queue(QueueName="penstock-test-follower.fifo", Attributes={"FifoQueue": "true"})
        urls["follower.fifo"] = fifo["QueueUrl"]
        create_tables(boto3.client("dynamodb"), "events", "views")
        boto3.client("s3").create_bucket(
            Bucket="payloads", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        bridge.create_event_bus(Name="bus")
        bridge.put_rule(Name="all", EventBusName="bus", EventPattern='{"source": ["penstock"]}')
        arn = sqs.get_queue_attributes(QueueUrl=urls["heard"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        bridge.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "heard", "Arn": arn}])
        consumers = {
            "projector": {"kinds": ["workflow", "execution"], "delay": 0, "ordered": False},
            "publisher": {"kinds": ["*"], "delay": 0, "ordered": False},
            "follower": {"kinds": ["feed"], "delay": 0, "ordered": True},
        }
        monkeypatch.setenv("PENSTOCK_STAGE", "test")
        monkeypatch.setenv("PENSTOCK_EVENTS_TABLE", "events")
        monkeypatch.setenv("PENSTOCK_VIEWS_TABLE", "views")
        monkeypatch.setenv("PENSTOCK_KEYS_TABLE", "keys")
        monkeypatch.setenv("PENSTOCK_KEY_OF_KEYS", "not asked: no event here is personal")
        monkeypatch.setenv("PENSTOCK_PAYLOADS_BUCKET", "payloads")
        monkeypatch.setenv("PENSTOCK_BUS", "bus")
        monkeypatch.setenv("PENSTOCK_CONSUMERS", json.dumps({"like": urls["heard"], "consumers": consumers}))
        monkeypatch.setattr(wiring, "projections", lambda: (SEEN,))
        forget()
        yield Cloud(sqs, urls, urls["heard"])
        forget()


def forget() -> None:
    """What is made once a process is made again for each test."""
    clients.client.cache_clear()
    for part in vars(wiring).values():
        if hasattr(part, "cache_clear") and part.__module__ == wiring.__name__:
            part.cache_clear()


def append(stream: StreamId, *types: str) -> dict[str, Any]:
    """Commit events of the types; returns the stream record that DynamoDB sends for it."""
    store = wiring.events()
    end = head(store.commits(stream))
    drafts = [Draft(name, {"name": "Doe"}, NOW) for name in types]
    commit = store.append(stream, drafts, expected=end, commit_id=str(end.commit), origin=Origin("a", "b"))
    return record(stream, commit.number)


def record(stream: StreamId, commit: int, name: str = "INSERT") -> dict[str, Any]:
    keys = {"pk": {"S": str(stream)}, "commit": {"N": str(commit)}}
    image = clients.dynamodb().get_item(TableName="events", Key=keys)["Item"]  # type: ignore[arg-type]
    change = {"Keys": keys, "NewImage": image, "SequenceNumber": f"{stream.key}/{commit}"}
    return {"eventName": name, "dynamodb": change}


def messages(*bodies: Any) -> dict[str, Any]:
    """An SQS event of Lambda."""
    records = [
        {"messageId": f"m-{place}", "receiptHandle": "r", "body": json.dumps(body), "eventSource": "aws:sqs"}
        for place, body in enumerate(bodies)
    ]
    return {"Records": records}


def nudge(stream: StreamId, commit: int = 1) -> dict[str, Any]:
    return {"stream": str(stream), "commit": commit}


def test_a_commit_travels_to_the_read_model_and_the_bus(cloud: Cloud) -> None:
    records = [append(STREAM, "Created", "Renamed"), append(STREAM, "Published")]
    assert load("sequencer")({"Records": records}, None) == {"batchItemFailures": []}
    for name in ("projector", "publisher"):
        assert load(name)(messages(*cloud.received(name)), None) == {"batchItemFailures": []}
    view = wiring.views().get("t", "seen", "w-1")
    assert view is not None
    assert view.document == {"seen": [1, 2, 3]}
    heard = cloud.received("heard")
    assert [(each["source"], each["detail-type"], each["detail"]["version"]) for each in heard] == [
        ("penstock", "Created", 1),
        ("penstock", "Renamed", 2),
        ("penstock", "Published", 3),
    ]
    assert "Doe" not in json.dumps(heard)


def test_the_sequencer_nudges_those_whose_kind_has_moved_once_a_stream(cloud: Cloud) -> None:
    message = StreamId("t", "message", "m-1")
    append(STREAM, "Created")
    records = [append(STREAM, "Renamed"), append(message, "Came"), append(STREAM, "Published")]
    records.append(record(STREAM, 1, "MODIFY"))
    load("sequencer")({"Records": records}, None)
    assert cloud.received("projector") == [nudge(STREAM, 3)]
    assert cloud.received("publisher") == [nudge(STREAM, 3), nudge(message, 1)]


def test_the_sequencer_gives_back_the_records_that_a_queue_did_not_take(cloud: Cloud) -> None:
    cloud.sqs.delete_queue(QueueUrl=cloud.urls["projector"])
    message = StreamId("t", "message", "m-1")
    records = [append(message, "Came"), append(STREAM, "Created"), append(STREAM, "Renamed")]
    answer = load("sequencer")({"Records": records}, None)
    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ["w-1/1", "w-1/2"]
    assert cloud.received("publisher") == [nudge(message, 1), nudge(STREAM, 2)]


def test_the_sequencer_writes_each_tenants_feed_and_tells_who_follows_it(cloud: Cloud) -> None:
    theirs = StreamId("other", "message", "m-1")
    records = [append(STREAM, "Created", "Renamed"), append(theirs, "Came"), append(STREAM, "Published")]
    load("sequencer")({"Records": records}, None)
    millis = to_millis(NOW)
    (entry,) = wiring.feed().entries("t")
    assert entry.spans == (Span(STREAM, 1, 2, ("Created", "Renamed", "Published"), millis),)
    (entry,) = wiring.feed().entries("other")
    assert entry.spans == (Span(theirs, 1, 1, ("Came",), millis),)
    told = cloud.received("follower.fifo")
    assert sorted(told, key=str) == [nudge(feed_stream("other")), nudge(feed_stream("t"))]


def test_a_feed_that_cannot_be_written_gives_the_records_back_after_the_nudges(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = append(STREAM, "Created")
    monkeypatch.setattr(DynamoFeed, "append", lambda *_: (_ for _ in ()).throw(Unavailable("put", "Throttling")))
    answer = load("sequencer")({"Records": [broken]}, None)
    assert answer["batchItemFailures"] == [{"itemIdentifier": "w-1/1"}]
    assert cloud.received("projector") == [nudge(STREAM, 1)]
    monkeypatch.undo()


def test_followers_that_were_not_told_are_told_when_the_record_comes_again(cloud: Cloud) -> None:
    first = append(STREAM, "Created")
    cloud.sqs.delete_queue(QueueUrl=cloud.urls["follower.fifo"])
    assert load("sequencer")({"Records": [first]}, None)["batchItemFailures"]
    cloud.sqs.create_queue(QueueName="penstock-test-follower.fifo", Attributes={"FifoQueue": "true"})
    assert load("sequencer")({"Records": [first]}, None) == {"batchItemFailures": []}
    assert cloud.received("follower.fifo") == [nudge(feed_stream("t"), 1)]


def test_records_that_are_doubled_and_reordered_change_nothing(cloud: Cloud) -> None:
    records = [append(STREAM, "Created"), append(STREAM, "Renamed"), append(STREAM, "Published")]
    for delivery in (records[::-1], [records[1], records[1]], records):
        load("sequencer")({"Records": delivery}, None)
    for name in ("projector", "publisher"):
        load(name)(messages(*cloud.received(name)), None)
    view = wiring.views().get("t", "seen", "w-1")
    assert view is not None
    assert view.document == {"seen": [1, 2, 3]}
    assert [each["detail"]["version"] for each in cloud.received("heard")] == [1, 2, 3]


def test_a_poisoned_stream_fails_alone_and_is_logged_without_its_text(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    well, poisoned = StreamId("t", "workflow", "well"), StreamId("t", "workflow", "poisoned")
    append(well, "Created")
    append(poisoned, "Poison")
    answer = load("projector")(messages(nudge(poisoned), nudge(well)), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert wiring.views().get("t", "seen", "well") is not None
    logged = str([vars(each) for each in caplog.records])
    assert "t#workflow#poisoned" in logged
    assert "ValueError" in logged
    assert "Doe" not in logged


def test_what_is_no_nudge_fails_alone(cloud: Cloud) -> None:
    append(STREAM, "Created")
    answer = load("projector")(messages({"hello": 1}, nudge(STREAM)), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert wiring.views().get("t", "seen", "w-1") is not None


def test_a_whole_batch_that_fails_is_given_back_whole(cloud: Cloud) -> None:
    append(STREAM, "Poison")
    answer = load("projector")(messages(nudge(STREAM), nudge(STREAM)), None)
    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ["m-0", "m-1"]


def test_projector_and_publisher_publish_the_lag_of_what_they_applied(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    append(STREAM, "Created")
    poisoned = StreamId("t", "workflow", "poisoned")
    append(poisoned, "Poison")
    for name in ("projector", "publisher"):
        load(name)(messages(nudge(STREAM), nudge(STREAM)), None)
    load("projector")(messages(nudge(poisoned)), None)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "ProjectionLag" in line]
    assert [(line["projection"], len(line["ProjectionLag"])) for line in lines] == [("seen", 1), ("publisher", 1)]
    assert str(STREAM) not in json.dumps(lines)
