"""Retention as it is deployed, on moto: decided over the API, applied to the archive's objects, on record."""

import json
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from penstock.aws import clients, wiring
from penstock.aws.vault import S3Vault
from penstock.clock import utc_now
from penstock.events import Draft, Origin, StreamId
from penstock.events.store import head
from penstock.identity.model import Scope
from penstock.retention import keeping
from penstock.retention.model import Lock
from penstock.retention.policy import policy_stream
from tests.functions.cloud import Cloud, load

STREAM = StreamId("acme", "execution", "e-1")
POLICY = policy_stream("acme")
RULES = "/v1/retention/rules"
HOLDS = "/v1/retention/holds"


@pytest.fixture
def vault(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> S3Vault:
    """The archive's bucket, and a queue for the keeper."""
    boto3.client("s3").create_bucket(
        Bucket="archive",
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    )
    url = boto3.client("sqs").create_queue(QueueName="retention_keeper")["QueueUrl"]
    cloud.queue_urls["retention_keeper"] = url
    monkeypatch.setenv("PENSTOCK_ARCHIVE_BUCKET", "archive")
    monkeypatch.setenv("PENSTOCK_QUEUES", json.dumps(cloud.queue_urls))
    wiring.settings.cache_clear()
    return S3Vault(clients.s3(), "archive")


def archived(cloud: Cloud, stream: StreamId = STREAM, days_ago: int = 0) -> str:
    """Append an event and archive it; the name of the newest object."""
    end = head(wiring.events().commits(stream))
    draft = Draft("Noted", {"patient": "Doe"}, utc_now() - timedelta(days=days_ago))
    wiring.events().append(stream, [draft], expected=end, commit_id=f"c{end.commit}", origin=Origin("ward", "adt"))
    before = names()
    nudge = {"stream": str(stream), "commit": end.commit + 1}
    assert load("archiver").handler(cloud.sqs_event(nudge), cloud.context()) == {"batchItemFailures": []}
    (name,) = names() - before
    return name


def names() -> set[str]:
    return set(S3Vault(clients.s3(), "archive").names())


def kept(cloud: Cloud, *bodies: Any) -> Any:
    """What the keeper answers to the messages, and to those that it sends itself."""
    keeper = load("retention_keeper")
    answer = keeper.handler(cloud.sqs_event(*bodies), cloud.context())
    while sent := cloud.messages("retention_keeper"):
        answer["batchItemFailures"] += keeper.handler(cloud.sqs_event(*sent), cloud.context())["batchItemFailures"]
    return answer


def nudge() -> dict[str, Any]:
    return {"stream": str(POLICY), "commit": 1}


def put(cloud: Cloud, kind: str, **term: Any) -> int:
    return cloud.request("retention", "PUT", f"{RULES}/{kind}", {"reason": "the law", **term}).status


def place(cloud: Cloud, **scope: Any) -> Any:
    return cloud.request("retention", "POST", HOLDS, {"reason": "a court", **scope})


def in_days(lock: Lock) -> int:
    assert isinstance(lock.until, datetime)
    return (lock.until.date() - utc_now().date()).days


def test_rules_are_set_read_and_cleared(cloud: Cloud) -> None:
    assert put(cloud, "*", years=10) == 204
    assert put(cloud, "execution", days=30) == 204
    found = cloud.request("retention", "GET", "/v1/retention").body
    assert found == {
        "floor_days": 0,
        "rules": [{"kind": "*", "days": 3653}, {"kind": "execution", "days": 30}],
        "holds": 0,
    }
    gone = cloud.request("retention", "DELETE", f"{RULES}/execution", query={"reason": "the law"})
    assert gone.status == 204
    assert [rule["kind"] for rule in cloud.request("retention", "GET", "/v1/retention").body["rules"]] == ["*"]


@pytest.mark.parametrize("term", [{}, {"days": 1, "years": 1}, {"days": 0}, {"years": 101}, {"weeks": 1}])
def test_a_term_that_is_none_is_refused(cloud: Cloud, term: dict[str, int]) -> None:
    assert put(cloud, "*", **term) == 422


def test_a_rule_below_the_stages_floor_is_refused(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_RETENTION_FLOOR", "2557")
    wiring.settings.cache_clear()
    answer = cloud.request("retention", "PUT", f"{RULES}/*", {"days": 30, "reason": "thrift"})
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, "days")
    assert "2557" in answer.body["problems"][0]["message"]


def test_holds_are_placed_listed_and_lifted_each_with_its_reason_and_actor(cloud: Cloud) -> None:
    made = place(cloud, kind="execution", key="e-1")
    assert made.status == 201
    assert cloud.request("retention", "GET", HOLDS).body["items"] == [made.body]
    assert (made.body["kind"], made.body["key"], made.body["reason"]) == ("execution", "e-1", "a court")
    lifting = {"query": {"reason": "settled"}}
    assert cloud.request("retention", "DELETE", f"{HOLDS}/{made.body['id']}", **lifting).status == 204
    assert cloud.request("retention", "GET", HOLDS).body["items"] == []
    again = cloud.request("retention", "DELETE", f"{HOLDS}/{made.body['id']}", **lifting)
    assert (again.status, again.body["type"]) == (404, "urn:penstock:problem:unknown-hold")
    events = cloud.request("events", "GET", "/v1/events/retention/policy").body["items"]
    assert [(each["type"], each["data"]["reason"]) for each in events] == [
        ("HoldPlaced", "a court"),
        ("HoldLifted", "settled"),
    ]
    assert all(each["actor"].startswith("key:") for each in events)
    cloud.catch_up()
    (document,) = cloud.request("events", "GET", "/v1/events/retention/policy/state").body["documents"].values()
    assert document["holds"][made.body["id"]]["lifted"]["reason"] == "settled"


def test_nothing_is_taken_away_without_a_reason(cloud: Cloud) -> None:
    put(cloud, "*", days=1)
    hold = place(cloud, kind="*").body["id"]
    for path in (f"{RULES}/*", f"{HOLDS}/{hold}"):
        answer = cloud.request("retention", "DELETE", path)
        assert (answer.status, answer.body["problems"][0]["path"]) == (422, "reason")
    found = cloud.request("retention", "GET", "/v1/retention").body
    assert (len(found["rules"]), found["holds"]) == (1, 1)


def test_what_cannot_be_held_is_refused(cloud: Cloud) -> None:
    answer = place(cloud, kind="*", key="e-1")
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, "key")
    assert cloud.request("retention", "POST", HOLDS, {"kind": "*"}).status == 422


def test_only_administrators_read_why_things_are_held(cloud: Cloud) -> None:
    place(cloud, kind="*")
    reader = cloud.new_key("acme", Scope.READ, Scope.WRITE)
    assert cloud.request("events", "GET", "/v1/events/retention/policy", key=reader).status == 403


def test_an_object_comes_locked_and_held_by_its_tenants_policy(cloud: Cloud, vault: S3Vault) -> None:
    assert vault.locked(archived(cloud)) == Lock()
    put(cloud, "execution", days=30)
    place(cloud, kind="execution", key="e-1")
    mine, other = archived(cloud), archived(cloud, StreamId("acme", "execution", "e-2"))
    assert (in_days(vault.locked(mine)), vault.locked(mine).is_held) == (31, True)
    assert (in_days(vault.locked(other)), vault.locked(other).is_held) == (31, False)
    assert vault.locked(archived(cloud, StreamId("other", "execution", "e-1"))) == Lock()


def test_the_keeper_brings_what_is_there_in_line(cloud: Cloud, vault: S3Vault) -> None:
    name = archived(cloud)
    put(cloud, "*", days=30)
    hold = place(cloud, kind="execution").body["id"]
    assert kept(cloud, nudge()) == {"batchItemFailures": []}
    assert (in_days(vault.locked(name)), vault.locked(name).is_held) == (31, True)
    put(cloud, "*", days=3)
    cloud.request("retention", "DELETE", f"{HOLDS}/{hold}", query={"reason": "settled"})
    assert kept(cloud, nudge(), nudge()) == {"batchItemFailures": []}
    assert (in_days(vault.locked(name)), vault.locked(name).is_held) == (31, False)


def test_a_pass_in_many_steps_reaches_every_object(
    cloud: Cloud, vault: S3Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "TOUCHED_A_STEP", 2)
    for number in range(5):
        archived(cloud, StreamId("acme", "execution", f"e-{number}"))
    put(cloud, "*", days=30)
    assert kept(cloud, nudge()) == {"batchItemFailures": []}
    assert {in_days(vault.locked(name)) for name in names()} == {31}
    assert wiring.checkpoints().load("retention_keeper", POLICY) == 1


def test_once_a_day_every_tenants_old_objects_go_and_stay_on_record(
    cloud: Cloud, vault: S3Vault, caplog: pytest.LogCaptureFixture
) -> None:
    old = archived(cloud, days_ago=40)
    held = archived(cloud, StreamId("acme", "execution", "held"), days_ago=40)
    new = archived(cloud, StreamId("acme", "execution", "new"))
    others = archived(cloud, StreamId("other", "execution", "e-1"), days_ago=40)
    put(cloud, "*", days=30)
    place(cloud, kind="execution", key="held")
    assert kept(cloud, nudge()) == {"batchItemFailures": []}
    assert kept(cloud, {"expire": True}) == {"batchItemFailures": []}
    assert names() == {held, new, others}
    *_, last = (event for commit in wiring.events().commits(POLICY) for event in commit.events)
    assert (last.type, last.data, last.origin.actor) == ("SegmentsExpired", {"segments": [old]}, "retention")
    assert "Doe" not in str([vars(record) for record in caplog.records])


def test_a_message_that_cannot_be_read_fails_alone(cloud: Cloud, vault: S3Vault) -> None:
    name = archived(cloud)
    put(cloud, "*", days=30)
    assert kept(cloud, {"stream": "nowhere"}, nudge()) == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert in_days(vault.locked(name)) == 31


def test_an_object_in_the_coldest_class_is_asked_for_before_it_can_go(cloud: Cloud, vault: S3Vault) -> None:
    name = archived(cloud, days_ago=40)
    s3 = clients.s3()
    s3.copy_object(
        Bucket="archive", Key=name, CopySource={"Bucket": "archive", "Key": name}, StorageClass="DEEP_ARCHIVE"
    )
    put(cloud, "*", days=30)
    assert kept(cloud, {"expire": True}) == {"batchItemFailures": []}
    assert name in names()
    assert "Restore" in s3.head_object(Bucket="archive", Key=name)
