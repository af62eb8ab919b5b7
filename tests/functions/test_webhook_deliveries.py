"""Events carried out: a real endpoint on 127.0.0.1 gets what happened, signed, and again until it takes it."""

import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.aws.queues import Queues
from penstock.clock import utc_now
from penstock.routing import posting
from penstock.routing.circuit import FAILURES_TO_OPEN
from penstock.routing.delivery import DELAYS
from tests.functions.cloud import Cloud, load
from tests.functions.webhooks import FAILING, QUEUE, attempts, call, create, deliver, happen, letters, route
from tests.unit.platform.nodes.http_server import Answer as Reply
from tests.unit.platform.nodes.http_server import Asked, Server
from tests.unit.platform.routing.test_delivery import verified

pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture(autouse=True)
def delays(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seconds by which messages were delayed; nobody waits for them here."""
    noted: list[int] = []
    real = Queues.send

    def send(queues: Queues, url: str, body: Any, delay: int = 0) -> None:
        noted.append(delay)
        real(queues, url, body)

    monkeypatch.setattr(Queues, "send", send)
    return noted


def test_an_event_reaches_the_endpoint_signed_and_the_attempt_is_listed(cloud: Cloud, endpoint: Server) -> None:
    webhook, secret = create(cloud, endpoint, pattern={"data": {"ward": ["3B"]}})
    sent = route(cloud, happen(ward="3B"), happen("e-2", ward="4A"))
    assert [each["delivery"]["stream"] for each in sent] == ["acme#event#e-1"]
    assert deliver(cloud, *sent) == []
    (asked,) = endpoint.asked
    assert (asked.method, asked.target, asked.headers["content-type"]) == ("POST", "/hook", "application/json")
    assert asked.headers["webhook-id"] == "acme#event#e-1@1"
    assert verified(secret, asked.headers, asked.body)
    assert json.loads(asked.body)["data"] == {"ward": "3B"}
    (listed,) = call(cloud, "GET", f"/{webhook}/deliveries").body["items"]
    assert (listed["event"], listed["type"], listed["status"], listed["is_delivered"]) == (
        "acme#event#e-1@1",
        "lab.filed",
        200,
        True,
    )
    assert (listed["error"], listed["attempt"]) == (None, 1)


def test_nothing_of_an_event_is_in_a_queue(cloud: Cloud, endpoint: Server) -> None:
    create(cloud, endpoint)
    sent = route(cloud, happen(patient="J. Doe"))
    assert "J. Doe" not in json.dumps(sent)


def test_events_of_kinds_that_are_not_published_arrive_without_their_data(cloud: Cloud, endpoint: Server) -> None:
    create(cloud, endpoint, pattern={"kind": ["message"]})
    deliver(cloud, *route(cloud, happen(kind="message", patient="J. Doe")))
    assert "data" not in json.loads(endpoint.asked[0].body)


def test_a_failure_is_tried_again_and_goes_through(cloud: Cloud, endpoint: Server, delays: list[int]) -> None:
    webhook, secret = create(cloud, endpoint)
    endpoint.answer = lambda _: FAILING
    again = deliver(cloud, *route(cloud, happen()))
    assert [each["delivery"]["attempt"] for each in again] == [2]
    assert 5 <= delays[0] <= 6
    endpoint.answer = lambda _: Reply(204)
    assert deliver(cloud, *again) == []
    first, second = endpoint.asked
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert verified(secret, second.headers, second.body)
    assert attempts(cloud, webhook) == [(2, None), (1, "HTTP 500")]


def test_the_delays_are_the_queues_up_to_a_quarter_of_an_hour_and_schedules_beyond(
    cloud: Cloud, endpoint: Server
) -> None:
    webhook, _ = create(cloud, endpoint)
    endpoint.answer = lambda _: FAILING
    (sent,) = route(cloud, happen())
    sent["delivery"]["attempt"] = 5
    assert deliver(cloud, sent) == []
    (found,) = clients.scheduler().list_schedules(GroupName="penstock-test")["Schedules"]
    schedule = clients.scheduler().get_schedule(Name=found["Name"], GroupName="penstock-test")
    body = json.loads(schedule["Target"]["Input"])
    assert (body["delivery"]["attempt"], body["delivery"]["webhook"]) == (6, webhook)
    assert schedule["Target"]["Arn"].endswith(f":{QUEUE}")


def test_an_endpoint_that_does_not_answer_in_time_has_failed(
    cloud: Cloud, endpoint: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "SECONDS", 0.2)
    webhook, _ = create(cloud, endpoint)

    def sleepy(_: Asked) -> Reply:
        time.sleep(0.6)
        return Reply()

    endpoint.answer = sleepy
    assert [each["delivery"]["attempt"] for each in deliver(cloud, *route(cloud, happen()))] == [2]
    assert attempts(cloud, webhook) == [(1, "ExchangeTimeout")]


def test_redirects_are_failures_and_not_followed(cloud: Cloud, endpoint: Server, other: Server) -> None:
    webhook, _ = create(cloud, endpoint)
    endpoint.answer = lambda _: Reply(302, headers={"Location": f"{other.url}/stolen"})
    deliver(cloud, *route(cloud, happen()))
    assert other.asked == []
    assert attempts(cloud, webhook) == [(1, "HTTP 302")]


def test_an_endpoint_that_fails_is_left_alone_and_its_neighbour_gets_everything(
    cloud: Cloud, endpoint: Server, other: Server
) -> None:
    failing, _ = create(cloud, endpoint)
    create(cloud, other)
    endpoint.answer = lambda _: FAILING
    for number in range(FAILURES_TO_OPEN + 5):
        for each in route(cloud, happen(f"e-{number}")):
            deliver(cloud, each)
    assert len(endpoint.asked) == FAILURES_TO_OPEN
    assert len(other.asked) == FAILURES_TO_OPEN + 5
    circuit = call(cloud, "GET", f"/{failing}").body["circuit"]
    assert (circuit["state"], circuit["failures"]) == ("open", FAILURES_TO_OPEN)
    assert circuit["until"] > circuit["failing_since"]


def test_a_slow_endpoint_keeps_no_other_waiting(
    cloud: Cloud, endpoint: Server, other: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "SECONDS", 1.5)
    create(cloud, endpoint)
    create(cloud, other)
    arrived: list[float] = []

    def sleepy(_: Asked) -> Reply:
        time.sleep(1)
        return Reply()

    def prompt(_: Asked) -> Reply:
        arrived.append(time.monotonic())
        return Reply()

    endpoint.answer, other.answer = sleepy, prompt
    sent = route(cloud, *[happen(f"e-{number}") for number in range(5)])
    begun = time.monotonic()
    deliver(cloud, *sent)
    assert len(arrived) == 5
    assert max(arrived) - begun < 1, "the batch is sent at once"


def test_an_open_circuit_is_probed_and_closes(
    cloud: Cloud, endpoint: Server, delays: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, _ = create(cloud, endpoint)
    endpoint.answer = lambda _: FAILING
    waiting = [
        each for number in range(FAILURES_TO_OPEN) for each in deliver(cloud, *route(cloud, happen(f"e-{number}")))
    ]
    endpoint.answer = lambda _: Reply()
    assert [each["delivery"]["attempt"] for each in deliver(cloud, waiting[0])] == [2]
    assert len(endpoint.asked) == FAILURES_TO_OPEN, "its time has not come"
    assert 25 <= delays[-1] <= 61
    later = replace(wiring.dispatch(), clock=lambda: utc_now() + timedelta(seconds=31))
    monkeypatch.setattr(wiring, "dispatch", lambda: later)
    deliver(cloud, *waiting)
    assert call(cloud, "GET", f"/{webhook}").body["circuit"]["state"] == "closed"


def test_what_was_given_up_is_a_dead_letter_that_can_be_looked_into_and_sent_again(
    cloud: Cloud, endpoint: Server
) -> None:
    create(cloud, endpoint)
    endpoint.answer = lambda _: FAILING
    (sent,) = route(cloud, happen())
    sent["delivery"]["attempt"] = len(DELAYS)
    assert deliver(cloud, sent) == []
    (letter,) = letters(cloud)
    shown = cloud.request("letters", "GET", f"/v1/dead-letters/{QUEUE}/{letter}").body
    body = json.loads(shown["body"])
    assert (shown["stream"], body["given_up"]) == ("acme#event#e-1", "HTTP 500 at attempt 8")
    path = f"/v1/dead-letters/{QUEUE}/{letter}/redrive"
    assert cloud.request("letters", "POST", path, {"reason": "it is back"}).status == 204
    endpoint.answer = lambda _: Reply()
    (again,) = cloud.messages(QUEUE)
    assert again["delivery"]["attempt"] == 1
    deliver(cloud, again)
    assert (len(endpoint.asked), letters(cloud)) == (2, [])


def test_a_dead_letter_of_another_tenant_is_not_seen(cloud: Cloud, endpoint: Server) -> None:
    create(cloud, endpoint)
    endpoint.answer = lambda _: Reply(410)
    deliver(cloud, *route(cloud, happen()))
    assert len(letters(cloud)) == 1
    found = cloud.request("letters", "GET", f"/v1/dead-letters/{QUEUE}", key=cloud.new_key("other"))
    assert found.body["items"] == []


def test_an_edited_delivery_must_still_be_one(cloud: Cloud, endpoint: Server) -> None:
    webhook, _ = create(cloud, endpoint)
    endpoint.answer = lambda _: Reply(410)
    deliver(cloud, *route(cloud, happen()))
    (letter,) = letters(cloud)
    for broken in (
        {"delivery": {"stream": "acme#event#e-1", "version": "x", "webhook": webhook}},
        {"delivery": {"stream": "other#event#e-1", "version": 1, "webhook": webhook}},
        {"delivery": {"stream": "acme#event#e-1", "version": 1}},
    ):
        edit = {"reason": "mended", "body": broken}
        assert cloud.request("letters", "PUT", f"/v1/dead-letters/{QUEUE}/{letter}", edit).status == 422


def test_an_endpoint_that_is_gone_is_disabled_on_record_and_enabled_by_a_person(cloud: Cloud, endpoint: Server) -> None:
    webhook, _ = create(cloud, endpoint)
    endpoint.answer = lambda _: Reply(410)
    deliver(cloud, *route(cloud, happen()))
    cloud.catch_up()
    (listed,) = call(cloud, "GET").body["items"]
    assert (listed["status"], listed["reason"]) == ("disabled", "the endpoint answered 410 Gone")
    history = cloud.request("events", "GET", f"/v1/events/webhook/{webhook}").body["items"]
    assert (history[-1]["type"], history[-1]["actor"]) == ("WebhookDisabled", "platform:webhooks")
    assert route(cloud, happen("e-2")) == []
    assert call(cloud, "POST", f"/{webhook}/enable").body["status"] == "enabled"
    cloud.catch_up()
    assert len(route(cloud, happen("e-3"))) == 1


@pytest.mark.parametrize("bad", [{}, {"delivery": {}}, {"delivery": {"webhook": "w", "stream": "x", "version": 1}}, []])
def test_a_message_that_is_no_delivery_fails_alone(cloud: Cloud, endpoint: Server, bad: Any) -> None:
    create(cloud, endpoint)
    (good,) = route(cloud, happen())
    failed = load(QUEUE).handler(cloud.sqs_event(bad, good), cloud.context())
    assert failed == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert len(endpoint.asked) == 1


def test_an_event_that_is_none_fails_alone_in_the_router(cloud: Cloud, endpoint: Server) -> None:
    create(cloud, endpoint)
    told = cloud.sqs_event({"detail": {}}, happen())
    assert load("webhook_router").handler(told, cloud.context()) == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert len(cloud.messages(QUEUE)) == 1
