"""Webhooks out of the deployed stack: an endpoint on this machine gets what workflows emit, signed."""

from collections.abc import Iterator

import pytest

from penstock.json import loads
from tests.e2e.stack import Stack
from tests.e2e.tenant import MANUAL, Document, Tenant, eventually
from tests.unit.platform.nodes.http_server import Answer, Server, serving
from tests.unit.platform.routing.test_delivery import verified

CONSUMER = "webhook_deliveries"
HIGH = {"kind": ["event"], "type": [{"prefix": "lab."}], "data": {"value": [{"numeric": [">", 7]}]}}


@pytest.fixture
def endpoint() -> Iterator[Server]:
    with serving() as server:
        yield server


def create(tenant: Tenant, endpoint: Server, pattern: Document) -> tuple[str, str]:
    """A webhook that is found by the router; its id and its secret."""
    body = {"url": f"{endpoint.url}/hook", "pattern": pattern}
    made = tenant.call("POST", "/v1/webhooks", body, expect=201)
    eventually("the webhook is listed", lambda: tenant.items("/v1/webhooks"))
    return made["id"], made["secret"]


def emitter(tenant: Tenant) -> str:
    return tenant.publish_row("Emits", MANUAL, ("emit", "core.emit", {"type": "lab.filed"}))


def test_an_endpoint_gets_a_signed_event_of_a_workflow_that_was_run(tenant: Tenant, endpoint: Server) -> None:
    webhook, secret = create(tenant, endpoint, HIGH)
    run = tenant.run(emitter(tenant), {"value": 6.5}, {"value": 7.5})
    (asked,) = eventually("the event arrives", lambda: endpoint.asked)
    told = loads(asked.body)
    assert verified(secret, asked.headers, asked.body)
    assert (told["id"], told["type"], told["data"]) == (asked.headers["webhook-id"], "lab.filed", {"value": 7.5})
    assert told["correlation"] == run["id"]
    (listed,) = eventually("the attempt is listed", lambda: tenant.get(f"/v1/webhooks/{webhook}/deliveries")["items"])
    assert (listed["event"], listed["status"], listed["is_delivered"]) == (told["id"], 200, True)


def test_an_endpoint_that_fails_gets_the_event_again(tenant: Tenant, endpoint: Server) -> None:
    create(tenant, endpoint, HIGH)
    endpoint.answer = lambda _: Answer(500 if len(endpoint.asked) == 1 else 204)
    tenant.run(emitter(tenant), {"value": 9})
    first, second = eventually("it comes again", lambda: endpoint.asked if len(endpoint.asked) == 2 else None)
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


def test_what_an_endpoint_refuses_for_good_is_a_dead_letter_and_can_be_sent_again(
    stack: Stack, tenant: Tenant, endpoint: Server
) -> None:
    webhook, _ = create(tenant, endpoint, HIGH)
    endpoint.answer = lambda _: Answer(410)
    tenant.run(emitter(tenant), {"value": 9})
    path = f"/v1/dead-letters/{CONSUMER}"
    (letter,) = eventually("it is a dead letter", lambda: tenant.get(path)["items"])
    assert tenant.get(f"/v1/webhooks/{webhook}")["status"] == "disabled"
    endpoint.answer = lambda _: Answer(204)
    tenant.call("POST", f"/v1/webhooks/{webhook}/enable", expect=200)
    tenant.call("POST", f"{path}/{letter['id']}/redrive", {"reason": "it is back"}, expect=204)
    eventually("it arrives after all", lambda: len(endpoint.asked) == 2)
    assert not tenant.get(path)["items"]
    assert stack.dead_letters(CONSUMER) == []


def test_a_trigger_starts_a_workflow_by_its_pattern(tenant: Tenant) -> None:
    high = tenant.publish_row("High", ("on", "core.trigger.event", {"pattern": {"data": HIGH["data"]}}))
    eventually("it listens", lambda: tenant.items("/v1/workflows", status="published"))
    tenant.run(emitter(tenant), {"value": 6.5}, {"value": 7.5})
    (started,) = tenant.listed(high)
    assert tenant.ended(started["id"])["items"][0]["data"] == {"value": 7.5}


def test_a_private_address_that_is_not_allowed_is_refused(tenant: Tenant) -> None:
    body = {"url": "https://10.0.0.5/hook"}
    told = tenant.call("POST", "/v1/webhooks", body, expect=422)
    assert [problem["path"] for problem in told["problems"]] == ["url"]
