"""The archiver as it is deployed, on moto: from nudges to objects, and back into an empty table."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import boto3
import pytest

from penstock.aws import clients, wiring
from penstock.aws.archive import CopyableEventStore, S3Archive
from penstock.aws.errors import NotFound
from penstock.events import Conflict, Draft, Origin, StreamId
from penstock.events.archive import Segment
from penstock.events.chain import check
from penstock.events.recovery import restore, verify
from penstock.events.store import head
from tests.functions.cloud import Cloud, load

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
STREAM = StreamId("acme", "hl7_message", "DOE^JOHN")


@pytest.fixture
def archive(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> S3Archive:
    monkeypatch.setenv("PENSTOCK_ARCHIVE_BUCKET", "archive")
    boto3.client("s3").create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    wiring.settings.cache_clear()
    return S3Archive(clients.s3(), "archive")


def append(stream: StreamId = STREAM, data: Any = "Doe") -> None:
    store = wiring.events()
    end = head(store.commits(stream))
    drafts = [Draft("Noted", {"patient": data}, NOW)] * 2
    store.append(stream, drafts, expected=end, commit_id=f"c{end.commit}", origin=Origin("ward", "adt-1"))


def nudged(cloud: Cloud, *bodies: Any) -> Any:
    return load("archiver").handler(cloud.sqs_event(*bodies), cloud.context())


def nudge(stream: StreamId, commit: int = 1) -> dict[str, Any]:
    return {"stream": str(stream), "commit": commit}


def store_in(table: str) -> CopyableEventStore:
    return CopyableEventStore(clients.dynamodb(), table, wiring.payloads())


def test_nudges_make_objects_and_doubled_or_late_ones_make_none(cloud: Cloud, archive: S3Archive) -> None:
    append()
    append()
    assert nudged(cloud, nudge(STREAM, 2), nudge(STREAM, 1)) == {"batchItemFailures": []}
    append()
    assert nudged(cloud, nudge(STREAM, 3), nudge(STREAM, 3)) == {"batchItemFailures": []}
    assert sorted(Segment.parse(key).first for key in archive.names()) == [1, 3]
    assert wiring.checkpoints().load("archiver", STREAM) == 3


def test_a_poisoned_message_stops_no_other(cloud: Cloud, archive: S3Archive) -> None:
    append()
    assert nudged(cloud, {"stream": "nowhere"}, nudge(STREAM)) == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert len(list(archive.names())) == 1


def test_a_stream_that_lost_an_archived_commit_fails_and_logs_no_data(
    cloud: Cloud, archive: S3Archive, caplog: pytest.LogCaptureFixture
) -> None:
    append()
    nudged(cloud, nudge(STREAM))
    clients.dynamodb().delete_item(TableName="events", Key={"pk": {"S": str(STREAM)}, "commit": {"N": "1"}})
    assert nudged(cloud, nudge(STREAM)) == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    logged = str([vars(record) for record in caplog.records])
    assert "BrokenChain" in logged
    assert "Doe" not in logged


def test_an_object_is_never_written_over(archive: S3Archive) -> None:
    assert archive.put("a", b"first")
    assert not archive.put("a", b"second")
    assert archive.get("a") == b"first"
    with pytest.raises(NotFound):
        archive.get("b")


def test_an_empty_table_gets_every_commit_back(
    cloud: Cloud, archive: S3Archive, create_tables: Callable[..., None]
) -> None:
    streams = [StreamId("acme", "execution", f"e-{n}") for n in range(20)]
    for stream in streams:
        append(stream)
    append(
        STREAM, [sha256(str(n).encode()).hexdigest() for n in range(15_000)]
    )  # over 350 KB packed: its blob is in the other bucket
    assert any("payload" in item for item in clients.dynamodb().scan(TableName="events")["Items"])
    for stream in cloud.streams():
        nudged(cloud, nudge(stream))
    create_tables(clients.dynamodb(), "restored", "restored-views")
    target, live = store_in("restored"), store_in("events")
    report = restore(archive, target)
    assert (report.streams, report.findings) == (len(cloud.streams()), ())
    assert report == verify(archive, live) == verify(archive, target)
    for stream in cloud.streams():
        assert list(target.commits(stream)) == list(live.commits(stream))
        assert check(target.packed(stream)).broken is None


def test_a_commit_is_not_adopted_over_another(cloud: Cloud, archive: S3Archive) -> None:
    append()
    live = store_in("events")
    with pytest.raises(Conflict):
        live.adopt(next(live.packed(STREAM)))


def test_without_its_bucket_the_archiver_fails_and_names_the_setting(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    append()
    assert nudged(cloud, nudge(STREAM)) == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert [vars(record)["error"] for record in caplog.records] == ["MissingSetting"]
