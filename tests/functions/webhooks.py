"""Webhooks in the small cloud: created, and events carried to their endpoints step by step."""

import json
from typing import Any

from penstock.aws import wiring
from penstock.clock import utc_now
from penstock.events import Draft, Origin, Position, StreamId
from penstock.events.publishing import message
from tests.functions.cloud import Answer, Cloud, load
from tests.unit.platform.nodes.http_server import Answer as Reply
from tests.unit.platform.nodes.http_server import Server

BASE, QUEUE = "/v1/webhooks", "webhook_deliveries"
FAILING = Reply(500)


def call(cloud: Cloud, method: str, path: str = "", body: Any = None, **more: Any) -> Answer:
    return cloud.request("webhooks", method, BASE + path, body, **more)


def create(cloud: Cloud, server: Server, **more: Any) -> tuple[str, str]:
    """A webhook to the server; returns its id and its secret."""
    made = call(cloud, "POST", "", {"url": f"{server.url}/hook", **more})
    assert made.status == 201, made.body
    cloud.catch_up()
    return made.body["id"], made.body["secret"]


def happen(key: str = "e-1", tenant: str = "acme", kind: str = "event", **data: Any) -> dict[str, Any]:
    """An event happens; returns the message by which the bus tells it."""
    stream, draft = StreamId(tenant, kind, key), Draft("lab.filed", data, utc_now())
    commit = wiring.events().append(
        stream, [draft], expected=Position(), commit_id=key, origin=Origin("lab", "order-7")
    )
    told = message(commit.events[0])
    return {"source": "penstock", "detail-type": told.type, "detail": json.loads(told.detail)}


def route(cloud: Cloud, *messages: Any) -> list[Any]:
    """What the router sends to the queue of deliveries."""
    assert load("webhook_router").handler(cloud.sqs_event(*messages), cloud.context()) == {"batchItemFailures": []}
    return cloud.messages(QUEUE)


def deliver(cloud: Cloud, *messages: Any) -> list[Any]:
    """What is sent to the queue again by attempting these deliveries."""
    assert load(QUEUE).handler(cloud.sqs_event(*messages), cloud.context()) == {"batchItemFailures": []}
    return cloud.messages(QUEUE)


def letters(cloud: Cloud) -> list[str]:
    return [item["id"] for item in cloud.request("letters", "GET", f"/v1/dead-letters/{QUEUE}").body["items"]]


def attempts(cloud: Cloud, webhook: str) -> list[tuple[int, str | None]]:
    return [(each["attempt"], each["error"]) for each in call(cloud, "GET", f"/{webhook}/deliveries").body["items"]]
