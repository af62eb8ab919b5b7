"""The platform as the gateway meets it: its own services in memory, answering over sockets in the API's own shapes.

`tests/functions/test_hl7_outbound.py` holds it against the real endpoints.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from penstock.api.resources.events import EventView
from penstock.api.resources.feed import Acknowledgement, Claiming, ClaimView, NewSubscription, PartitionView
from penstock.events import Event, Origin, StreamId
from penstock.events.feed import MemoryFeed, index, unheard
from penstock.events.memory import MemoryEventStore
from penstock.events.store import read
from penstock.identity.model import Principal, Scope
from penstock.subscriptions.errors import LeaseLost, SubscriptionExists, UnknownSubscription
from penstock.subscriptions.leases import MemoryLeases
from penstock.subscriptions.service import Subscriptions
from penstock_healthcare.api.messages import Acknowledgment, Delivery
from penstock_healthcare.api.outbound import OutboundView, Outcome
from penstock_healthcare.hl7 import parse
from penstock_healthcare.messages.service import Messages
from penstock_healthcare.outbound.errors import UnknownOutbound
from penstock_healthcare.outbound.service import Order, Outbound

TENANT = "acme"
ORIGIN = Origin("test", "test")
WHO = Principal(TENANT, "gateway", frozenset({Scope.ADMIN}))
Answer = tuple[int, Any]
STATUSES: dict[type[Exception], int] = {
    UnknownSubscription: 404,
    UnknownOutbound: 404,
    SubscriptionExists: 409,
    LeaseLost: 409,
}


@dataclass
class MemoryPlatform:
    """``haste`` is how many times faster leases end than they say."""

    haste: int = 1
    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    feed: MemoryFeed = field(default_factory=MemoryFeed)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        began = datetime.now(UTC)

        def clock() -> datetime:
            return began + (datetime.now(UTC) - began) * self.haste

        self.subscriptions = Subscriptions(self.store, self.feed, MemoryLeases(), clock)
        self.outbound, self.messages = Outbound(self.store), Messages(self.store)

    def queue(self, name: str, destination: str, raw: bytes, execution: str = "e") -> None:
        """Send a message, as a workflow does."""
        self.outbound.queue(TENANT, [Order(name, destination, parse(raw))], ORIGIN, execution, name)
        self.sequence(StreamId(TENANT, "hl7_queue", f"{destination}.{execution}"))

    def sequence(self, stream: StreamId) -> None:
        """Do the sequencer's work for a stream."""
        for heard, mark in list(unheard(self.feed, self.store, [stream])):
            index(self.feed, self.store, TENANT, {heard: [mark]})

    def events(self, kind: str) -> dict[str, list[Event]]:
        """All events of a kind's streams, by key."""
        streams = [stream for stream in self.store.streams() if stream.kind == kind]
        return {s.key: [event for commit in self.store.commits(s) for event in commit.events] for s in streams}

    def answer(self, method: str, path: str, body: Any) -> Answer:
        """What the API answers."""
        self.requests.append(f"{method} {path}")
        for wanted, pattern, route in ROUTES:
            if wanted == method and (found := re.fullmatch(pattern, path)):
                return self._tried(route, body, *found.groups())
        return 404, {}

    def _tried(self, route: Callable[..., Answer], body: Any, *names: str) -> Answer:
        try:
            status, content = route(self, body, *names)
        except tuple(STATUSES) as error:
            return STATUSES[type(error)], {}
        return status, content.model_dump(mode="json") if isinstance(content, BaseModel) else content

    def _receive(self, body: Any) -> Answer:
        reception = Delivery.model_validate(body).reception(lambda: datetime.now(UTC))
        return 201, Acknowledgment.of(self.messages.receive(TENANT, reception, ORIGIN))

    def _subscribe(self, body: Any) -> Answer:
        order = NewSubscription.model_validate(body)
        self.subscriptions.create(TENANT, order.name, order.command(order.after), ORIGIN)
        return 201, {"name": order.name}

    def _claim(self, body: Any, name: str) -> Answer:
        order = Claiming.model_validate(body)
        found = self.subscriptions.claim(TENANT, name, order.consumer, seconds=order.lease_seconds, limit=order.limit)
        return 200, ClaimView.of_claim(found, WHO, self.store if order.events else None) if found else None

    def _acknowledge(self, body: Any, name: str) -> Answer:
        order = Acknowledgement.model_validate(body)
        held = (order.partition, order.token)
        known = self.subscriptions.acknowledge(TENANT, name, held, order.position, order.lease_seconds)
        return 200, PartitionView.of(order.partition, known)

    def _read(self, _: Any, name: str) -> Answer:
        return 200, OutboundView.of(self.outbound.get(TENANT, name))

    def _report(self, body: Any, name: str) -> Answer:
        outcome = Outcome.model_validate(body).command(lambda: datetime.now(UTC))
        return 200, OutboundView.of(self.outbound.report(TENANT, name, outcome, ORIGIN))


def _events(platform: MemoryPlatform, _: Any, key: str, first: str, last: str, after: str) -> Answer:
    stream = StreamId(TENANT, "hl7_queue", key)
    commits = read(platform.store, stream, after_version=int(after), after_commit=int(first))
    found = [event for commit in commits if commit.number <= int(last) for event in commit.events]
    items = [EventView.of(event, WHO).model_dump(mode="json") for event in found[:2]]
    return 200, {"items": items, "next": items[-1]["version"] if len(found) > 2 else None}


ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("POST", "/v1/healthcare/messages", MemoryPlatform._receive),
    ("POST", "/v1/subscriptions", MemoryPlatform._subscribe),
    ("POST", "/v1/subscriptions/([^/]+)/claim", MemoryPlatform._claim),
    ("POST", "/v1/subscriptions/([^/]+)/acknowledge", MemoryPlatform._acknowledge),
    ("GET", "/v1/healthcare/outbound/([^/]+)", MemoryPlatform._read),
    (
        "GET",
        r"/v1/events/hl7_queue/([^/]+)\?after_commit=(\d+)&to_commit=(\d+)&limit=100&after_version=(\d+)",
        _events,
    ),
    ("POST", "/v1/healthcare/outbound/([^/]+)/outcome", MemoryPlatform._report),
]


@asynccontextmanager
async def over_http(answer: Callable[[str, str, Any], Answer], port: int = 0) -> AsyncIterator[int]:
    """Serve what answers requests on 127.0.0.1; gives the port."""
    connections: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        try:
            while True:
                writer.write(_response(*answer(*await _request(reader))))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            connections.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in connections:
            writer.transport.abort()
        await asyncio.sleep(0)


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:]) if k}
    content = await reader.readexactly(int(headers.get("content-length", "0")))
    method, path, _ = head[0].split(" ")
    return method, path, json.loads(content) if content else None


def _response(status: int, content: Any) -> bytes:
    payload = json.dumps(content).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(payload)}\r\nContent-Type: application/json\r\n\r\n"
    return head.encode() + payload
