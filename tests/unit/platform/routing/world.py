"""Webhooks and their deliveries in memory: endpoints that answer as they are told, and a clock that is set by hand."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from penstock.events import Draft, Origin, Position, StreamId
from penstock.events.discovery import projections_of
from penstock.events.memory import MemoryEventStore
from penstock.events.projection import project_all
from penstock.events.publishing import message
from penstock.events.views import MemoryViewStore
from penstock.json import JSONObject, loads
from penstock.routing.delivery import Delivery, Outcome
from penstock.routing.dispatch import Dispatch
from penstock.routing.ports import MemoryAttempts, MemoryCircuits
from penstock.routing.router import Router
from penstock.routing.sealing import MemorySeal
from penstock.routing.sender import Sender
from penstock.routing.service import Webhooks
from penstock.routing.webhook import Target, Webhook

BY = Origin("key:k-1", "c-1")
FINE = Outcome(20, status=200)
BROKEN = Outcome(20, status=500)


@dataclass
class Sent:
    """What an endpoint got."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Outbox:
    """What is to be attempted again, with the seconds until then, and what was given up."""

    waiting: list[tuple[Delivery, float]] = field(default_factory=list)
    dead: list[tuple[Delivery, str]] = field(default_factory=list)

    def send(self, delivery: Delivery, pause: float) -> None:
        self.waiting.append((delivery, pause))

    def bury(self, delivery: Delivery, reason: str) -> None:
        self.dead.append((delivery, reason))


class World:
    """`answers` are outcomes by URL; what is not named there is fine."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)
        self.store, self.views = MemoryEventStore(), MemoryViewStore()
        self.circuits, self.attempts, self.outbox = MemoryCircuits(), MemoryAttempts(), Outbox()
        self.answers: dict[str, Outcome] = {}
        self.sent: list[Sent] = []
        ids = itertools.count(1)
        self.webhooks = Webhooks(
            self.store, self.views, MemorySeal(), clock=lambda: self.now, new_id=lambda: f"id-{next(ids):03d}"
        )
        self.sender = Sender(self.webhooks, self.attempts, self.post, lambda: self.now, lambda: "t-1")
        self.dispatch = Dispatch(
            self.store, self.webhooks, self.circuits, self.outbox, self.sender, lambda: self.now, lambda: 0.0
        )

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        self.sent.append(Sent(url, headers, body))
        return self.answers.get(url, FINE)

    def create(self, url: str = "https://a.example", pattern: JSONObject | None = None) -> tuple[Webhook, str]:
        made = self.webhooks.create("acme", Target(url, "", pattern or {"kind": ["event"]}), BY)
        self.catch_up()
        return made

    def catch_up(self) -> None:
        for stream in self.store.streams():
            project_all(self.store, self.views, projections_of(stream.kind), stream)

    def happen(self, key: str = "e-1", kind: str = "event", tenant: str = "acme", **data: object) -> JSONObject:
        """An event happens; returns it as the bus carries it."""
        stream, draft = StreamId(tenant, kind, key), Draft("lab.filed", dict(data), self.now)
        commit = self.store.append(stream, [draft], expected=Position(), commit_id=key, origin=Origin("lab", "order-7"))
        detail: JSONObject = loads(message(commit.events[0]).detail)
        return detail

    def route(self, event: JSONObject) -> list[Delivery]:
        return list(Router(self.views).route(event))

    def run(self, until: timedelta = timedelta(days=1)) -> None:
        """Attempt what waits as its time comes, as the queue would."""
        end = self.now + until
        due = [(self.now + timedelta(seconds=pause), delivery) for delivery, pause in self.outbox.waiting]
        while due:
            self.outbox.waiting.clear()
            due.sort(key=lambda each: each[0])
            time, delivery = due.pop(0)
            if time > end:
                return
            self.now = max(self.now, time)
            self.dispatch.deliver(delivery)
            due += [(self.now + timedelta(seconds=pause), again) for again, pause in self.outbox.waiting]
        self.outbox.waiting.clear()
