"""Webhooks, as those meet them who set them up."""

import json
import logging
from typing import Any

import pytest

from penstock.aws import clients, wiring
from penstock.events import StreamId
from penstock.identity.model import Scope
from tests.functions.cloud import Cloud
from tests.functions.webhooks import FAILING, attempts, call, create, deliver, happen, letters, route
from tests.unit.platform.nodes.http_server import Answer as Reply
from tests.unit.platform.nodes.http_server import Server
from tests.unit.platform.routing.test_delivery import verified

pytestmark = pytest.mark.usefixtures("loopback")


def test_a_private_address_is_refused_when_it_is_named_and_when_it_is_sent_to(
    cloud: Cloud, endpoint: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, _ = create(cloud, endpoint)
    sent = route(cloud, happen())
    monkeypatch.delenv("PENSTOCK_HTTP_ALLOW")
    for part in (wiring.webhooks, wiring.webhook_sender, wiring.dispatch):
        part.cache_clear()
    answer = call(cloud, "POST", "", {"url": "https://127.0.0.1/hook"})
    assert (answer.status, answer.body["problems"][0]["path"]) == (422, "url")
    assert deliver(cloud, *sent) == []
    assert endpoint.asked == []
    assert attempts(cloud, webhook) == [(1, "AddressRefused")]
    assert len(letters(cloud)) == 1


def test_a_test_tells_at_once_what_came_of_it(cloud: Cloud, endpoint: Server) -> None:
    webhook, secret = create(cloud, endpoint)
    told = call(cloud, "POST", f"/{webhook}/test")
    assert (told.status, told.body["status"], told.body["is_delivered"]) == (200, 200, True)
    (asked,) = endpoint.asked
    assert json.loads(asked.body)["type"] == "webhook.test"
    assert verified(secret, asked.headers, asked.body)
    endpoint.answer = lambda _: Reply(401)
    assert call(cloud, "POST", f"/{webhook}/test").body["error"] == "HTTP 401"
    assert attempts(cloud, webhook) == [(0, "HTTP 401"), (0, None)]


def test_after_a_rotation_both_secrets_hold(cloud: Cloud, endpoint: Server) -> None:
    webhook, old = create(cloud, endpoint)
    rotated = call(cloud, "POST", f"/{webhook}/rotate-secret").body
    call(cloud, "POST", f"/{webhook}/test")
    (asked,) = endpoint.asked
    assert verified(old, asked.headers, asked.body)
    assert verified(rotated["secret"], asked.headers, asked.body)
    assert rotated["previous_until"] > rotated["id"]


def test_a_secret_is_in_the_answer_that_makes_it_and_nowhere_else(
    cloud: Cloud, endpoint: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        webhook, first = create(cloud, endpoint)
        second = call(cloud, "POST", f"/{webhook}/rotate-secret").body["secret"]
        cloud.catch_up()
        deliver(cloud, *route(cloud, happen()))
        endpoint.answer = lambda _: FAILING
        deliver(cloud, *route(cloud, happen("e-2")))
    shown = [
        call(cloud, "GET").text,
        call(cloud, "GET", f"/{webhook}").text,
        call(cloud, "GET", f"/{webhook}/deliveries").text,
        cloud.request("events", "GET", f"/v1/events/webhook/{webhook}").text,
        cloud.request("events", "GET", f"/v1/events/webhook/{webhook}/state").text,
        cloud.request("events", "GET", f"/v1/events/webhook/{webhook}/difference").text,
    ]
    kept = [clients.dynamodb().scan(TableName=table)["Items"] for table in ("events", "views")]
    logged = [record.getMessage() for record in caplog.records if record.name.startswith(("penstock", "aws_lambda"))]
    for secret in (first, second):
        assert secret.removeprefix("whsec_") not in str([shown, kept, logged])
    sealed = [
        event.data["sealed"]
        for commit in wiring.events().commits(StreamId("acme", "webhook", webhook))
        for event in commit.events
    ]
    assert len(sealed) == 2
    assert not any(text in str(shown) for text in sealed)


def test_making_a_secret_cannot_be_answered_twice(cloud: Cloud, endpoint: Server) -> None:
    webhook, _ = create(cloud, endpoint)
    once = {"Idempotency-Key": "k-1"}
    for answer in (
        call(cloud, "POST", "", {"url": endpoint.url}, headers=once),
        call(cloud, "POST", f"/{webhook}/rotate-secret", headers=once),
    ):
        assert (answer.status, answer.body["problems"][0]["path"]) == (422, "Idempotency-Key")


def test_who_may_not_administer_sees_the_site_and_not_the_path(cloud: Cloud, endpoint: Server) -> None:
    webhook, _ = create(cloud, endpoint)
    reader = cloud.new_key("acme", Scope.READ)
    assert call(cloud, "GET", f"/{webhook}", key=reader).body["url"] == endpoint.url
    assert call(cloud, "GET", key=reader).body["items"][0]["url"] == endpoint.url
    assert call(cloud, "GET", f"/{webhook}").body["url"] == f"{endpoint.url}/hook"
    assert cloud.request("events", "GET", f"/v1/events/webhook/{webhook}", key=reader).status == 403


def test_a_webhook_is_changed_disabled_and_deleted(cloud: Cloud, endpoint: Server, other: Server) -> None:
    webhook, _ = create(cloud, endpoint)
    changed = {"url": other.url, "description": "B", "pattern": {"type": ["adt"]}}
    answer = call(cloud, "PUT", f"/{webhook}", changed)
    assert {name: answer.body[name] for name in changed} == changed
    assert call(cloud, "POST", f"/{webhook}/disable", {"reason": "loud"}).body["reason"] == "loud"
    assert call(cloud, "DELETE", f"/{webhook}").status == 204
    cloud.catch_up()
    assert call(cloud, "GET").body["items"] == []
    assert (call(cloud, "GET", f"/{webhook}").status, call(cloud, "DELETE", f"/{webhook}").status) == (404, 404)


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"url": "ftp://a.example", "pattern": {"kind": "x", "nope": ["y"]}}, ["url", "pattern.kind", "pattern.nope"]),
        ({"url": "https://a.example", "pattern": {}}, ["pattern"]),
        (
            {"url": "https://a.example", "pattern": {"data": {"v": [{"numeric": ["~", 1]}]}}},
            ["pattern.data.v[0].numeric[0]"],
        ),
        ({"pattern": {"kind": ["event"]}}, ["body.url"]),
        ({"url": "https://a.example", "secret": "mine"}, ["body.secret"]),
    ],
)
def test_every_problem_of_a_webhook_is_told_with_its_path(cloud: Cloud, body: Any, paths: list[str]) -> None:
    answer = call(cloud, "POST", "", body)
    assert (answer.status, [problem["path"] for problem in answer.body["problems"]]) == (422, paths)
