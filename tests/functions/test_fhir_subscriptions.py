"""Subscriptions: from the resource at the FHIR endpoint to a real endpoint on 127.0.0.1 that is told."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from penstock.aws import letters, wiring
from penstock.aws.queues import Queues
from penstock.clock import utc_now
from penstock.events import Origin, StreamId
from penstock.identity.model import Scope
from penstock.routing.circuit import FAILURES_TO_OPEN, LONGEST_FAILING, Circuit
from penstock_healthcare.fhir.errors import InvalidResource
from penstock_healthcare.fhir.resources import Resources
from penstock_healthcare.fhir.subscriptions.channel import MASK
from tests.functions.cloud import Answer, Cloud, load
from tests.functions.test_fhir_changes import put, told
from tests.functions.test_fhir_searching import PATH, observation, patient
from tests.unit.platform.nodes.http_server import Answer as Reply
from tests.unit.platform.nodes.http_server import Server

QUEUE = "fhir_notifications"
SECRET = "Bearer t0p-s3cret"


@pytest.fixture(autouse=True)
def allowed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator allows this machine, and nobody waits for messages that are delayed."""
    real = Queues.send
    monkeypatch.setattr(Queues, "send", lambda queues, url, body, _=0: real(queues, url, body))
    monkeypatch.setattr(letters, "_WAIT", 0)
    monkeypatch.setenv("PENSTOCK_HTTP_ALLOW", "127.0.0.1")
    monkeypatch.setenv("PENSTOCK_OWN_DEAD_LETTERS", wiring.settings().dead_letters[QUEUE]["dead_letters"])
    for part in (wiring.settings, wiring.webhooks, wiring.attempting):
        part.cache_clear()


def subscription(server: Server | None = None, **more: Any) -> dict[str, Any]:
    channel = {"type": "rest-hook", "endpoint": f"{server.url}/base" if server else "https://example.org/base"}
    return {
        "resourceType": "Subscription",
        "id": "s",
        "status": "requested",
        "reason": "Ward 3B watches its potassium",
        "criteria": "Observation?code=http://loinc.org|2823-3&value-quantity=gt6",
        **more,
        "channel": {**channel, **more.get("channel", {})},
    }


def send(cloud: Cloud, resource: dict[str, Any], **more: Any) -> Answer:
    answer = cloud.request("fhir", "PUT", f"{PATH}/Subscription/{resource['id']}", resource, **more)
    cloud.catch_up()
    return answer


def read(cloud: Cloud) -> dict[str, Any]:
    found: dict[str, Any] = cloud.request("fhir", "GET", f"{PATH}/Subscription/s").body
    return found


def hear(cloud: Cloud, *streams: StreamId) -> list[Any]:
    """What the changes' function sends to the queue."""
    answer = load("fhir_changes").handler(cloud.sqs_event(*told(*streams)), cloud.context())
    assert answer == {"batchItemFailures": []}
    return cloud.messages(QUEUE)


def deliver(cloud: Cloud, *messages: Any) -> list[Any]:
    """What comes back to the queue from attempting these."""
    assert load(QUEUE).handler(cloud.sqs_event(*messages), cloud.context()) == {"batchItemFailures": []}
    return cloud.messages(QUEUE)


def buried() -> int:
    url = wiring.settings().own_dead_letters
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


def high(cloud: Cloud) -> StreamId:
    return put(cloud, observation("high", "a", "6.9"))


def test_a_subscription_becomes_active_and_its_endpoint_gets_what_meets_its_criteria(
    cloud: Cloud, endpoint: Server
) -> None:
    channel = {"payload": "application/fhir+json", "header": [f"Authorization: {SECRET}"]}
    made = send(cloud, subscription(endpoint, channel=channel))
    assert (made.status, made.body["status"]) == (201, "active")
    messages = hear(cloud, put(cloud, observation("low", "a", "4.1")), high(cloud))
    assert [each["delivery"]["stream"] for each in messages] == ["acme#fhir#Observation-high"]
    assert deliver(cloud, *messages) == []
    (asked,) = endpoint.asked
    assert (asked.method, asked.target) == ("PUT", "/base/Observation/high")
    assert asked.headers["content-type"] == "application/fhir+json"
    assert asked.headers["authorization"] == SECRET
    assert asked.headers["webhook-id"] == "acme#fhir#Observation-high@1"
    body = json.loads(asked.body)
    assert (body["id"], body["meta"]["versionId"], body["valueQuantity"]["value"]) == ("high", "1", 6.9)


def test_without_a_payload_the_endpoint_learns_that_something_happened_and_no_more(
    cloud: Cloud, endpoint: Server
) -> None:
    send(cloud, subscription(endpoint))
    deliver(cloud, *hear(cloud, high(cloud)))
    (asked,) = endpoint.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/base", b"")


def test_the_headers_values_are_nowhere_to_be_read(cloud: Cloud, endpoint: Server) -> None:
    made = send(cloud, subscription(endpoint, channel={"header": [f"Authorization: {SECRET}", "X-Ward: 3B"]}))
    assert made.body["channel"]["header"] == [f"Authorization: {MASK}", f"X-Ward: {MASK}"]
    shown = [cloud.request("fhir", "GET", f"{PATH}/Subscription{rest}").text for rest in ("", "/s", "/s/_history")]
    pages = boto3.client("dynamodb").get_paginator("scan")
    kept = [
        json.dumps(page["Items"], default=str)
        for table in ("events", "views")
        for page in pages.paginate(TableName=table)
    ]
    assert "t0p-s3cret" not in json.dumps(shown + kept)
    opened = [
        str(event.data) for stream in cloud.streams() for c in wiring.events().commits(stream) for event in c.events
    ]
    assert "t0p-s3cret" not in "".join(opened)


def test_what_was_read_can_be_sent_back_and_the_headers_stay(cloud: Cloud, endpoint: Server) -> None:
    send(cloud, subscription(endpoint, channel={"header": [f"Authorization: {SECRET}"]}))
    again = {**read(cloud), "reason": "Another reason"}
    assert send(cloud, again).status == 200
    deliver(cloud, *hear(cloud, high(cloud)))
    assert endpoint.asked[0].headers["authorization"] == SECRET


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"criteria": "Observation?nothing=1"}, "criteria"),
        ({"criteria": "Nothing?code=1"}, "criteria"),
        ({"criteria": "Observation?_sort=date"}, "criteria"),
        ({"channel": {"type": "email"}}, "channel.type"),
        ({"channel": {"endpoint": "http://example.org"}}, "channel.endpoint"),
        ({"channel": {"endpoint": "https://169.254.169.254/"}}, "channel.endpoint"),
        ({"channel": {"payload": "application/fhir+xml"}}, "channel.payload"),
        ({"channel": {"header": ["no header"]}}, "channel.header"),
        ({"channel": {"header": ["Host: other"]}}, "channel.header"),
        ({"channel": {"header": [f"X: {MASK}"]}}, "channel.header"),
        ({"channel": {"header": [f"X{n}: 1" for n in range(21)]}}, "channel.header"),
    ],
)
def test_what_cannot_be_active_is_refused_with_the_place(cloud: Cloud, more: dict[str, Any], place: str) -> None:
    answer = send(cloud, subscription(**more))
    assert answer.status == 422, answer.text
    assert [each["expression"] for each in answer.body["issue"] if each["severity"] == "error"] == [
        [f"Subscription.{place}"]
    ]


def test_who_may_not_administer_may_not_have_data_sent(cloud: Cloud) -> None:
    writer = cloud.new_key("acme", Scope.READ, Scope.WRITE)
    assert send(cloud, subscription(), key=writer).status == 403
    entry = {"request": {"method": "PUT", "url": "Subscription/s"}, "resource": subscription()}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert cloud.request("fhir", "POST", PATH, bundle, key=writer).status == 403
    assert cloud.request("fhir", "GET", f"{PATH}/Subscription/s").status == 404


def test_workflows_cannot_write_subscriptions_past_the_check(cloud: Cloud) -> None:
    with pytest.raises(InvalidResource):
        Resources(wiring.events()).save("acme", subscription(), Origin("a", "b"), "1")


def test_one_that_is_off_deleted_or_over_is_told_nothing(cloud: Cloud, endpoint: Server) -> None:
    send(cloud, subscription(endpoint))
    (message,) = hear(cloud, high(cloud))
    send(cloud, subscription(endpoint, status="off"))
    assert hear(cloud, high(cloud)) == []
    assert deliver(cloud, message) == []
    yesterday = (utc_now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    send(cloud, subscription(endpoint, end=yesterday))
    assert deliver(cloud, message) == []
    cloud.request("fhir", "DELETE", f"{PATH}/Subscription/s")
    assert deliver(cloud, message) == []
    assert endpoint.asked == []


def test_a_failure_is_tried_again_with_the_same_bytes(cloud: Cloud, endpoint: Server) -> None:
    send(cloud, subscription(endpoint, channel={"payload": "application/fhir+json"}))
    endpoint.answer = lambda _: Reply(500)
    again = deliver(cloud, *hear(cloud, high(cloud)))
    assert [each["delivery"]["attempt"] for each in again] == [2]
    endpoint.answer = lambda _: Reply(200)
    assert deliver(cloud, *again) == []
    first, second = endpoint.asked
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


def test_an_endpoint_that_fails_is_left_alone_for_a_while(cloud: Cloud, endpoint: Server) -> None:
    send(cloud, subscription(endpoint))
    endpoint.answer = lambda _: Reply(503)
    (message,) = hear(cloud, high(cloud))
    for _ in range(FAILURES_TO_OPEN):
        deliver(cloud, message)
    assert [each["delivery"]["attempt"] for each in deliver(cloud, message)] == [1]
    assert len(endpoint.asked) == FAILURES_TO_OPEN


def test_an_endpoint_that_is_gone_puts_the_subscription_into_error(cloud: Cloud, endpoint: Server) -> None:
    send(cloud, subscription(endpoint))
    endpoint.answer = lambda _: Reply(410)
    assert deliver(cloud, *hear(cloud, high(cloud))) == []
    assert (read(cloud)["status"], "410" in read(cloud)["error"], buried()) == ("error", True, 1)
    assert send(cloud, subscription(endpoint)).body["status"] == "active"
    assert "error" not in read(cloud)


def test_an_endpoint_that_failed_for_days_puts_the_subscription_into_error(cloud: Cloud, endpoint: Server) -> None:
    send(cloud, subscription(endpoint))
    since = utc_now() - LONGEST_FAILING
    wiring.webhook_circuits().save(
        StreamId("acme", "fhir", "Subscription-s"), Circuit(1, failures=1, failing_since=since)
    )
    endpoint.answer = lambda _: Reply(500)
    deliver(cloud, *hear(cloud, high(cloud)))
    assert read(cloud)["status"] == "error"


def test_another_tenants_changes_are_told_to_nobody(cloud: Cloud, endpoint: Server) -> None:
    send(cloud, subscription(endpoint, criteria="Patient"))
    key = cloud.new_key("other")
    cloud.request("fhir", "PUT", f"{PATH}/Patient/a", patient("a", "Adams"), key=key)
    assert hear(cloud, StreamId("other", "fhir", "Patient-a")) == []


def test_the_queue_holds_nothing_of_a_resource(cloud: Cloud, endpoint: Server) -> None:
    send(cloud, subscription(endpoint, criteria="Patient"))
    assert "Adams" not in json.dumps(hear(cloud, put(cloud, patient("a", "Adams"))))
