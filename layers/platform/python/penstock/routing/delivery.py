"""A delivery: one event to one webhook, what an attempt at it came to, and what follows from that.

The message of a delivery names the event and never holds it: what is sent is read from the store at each attempt.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from penstock.clock import iso
from penstock.events import Event, StreamId
from penstock.events.publishing import message
from penstock.json import JSONObject, dumps, loads

DELAYS = (0, 5, 60, 300, 1_800, 7_200, 18_000, 36_000)
"""Seconds before each attempt, counted from the one before: 17 hours and a half in all."""
JITTER = 0.2
"""A pause is longer than its delay by up to this part of it."""
LONGEST_RETRY_AFTER = 86_400
"""Seconds; what an endpoint asks for beyond that is cut to it."""
GONE = 410

Jitter: TypeAlias = Callable[[], float]
"""A number from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event, named by its stream and version, to the webhook of this key. Attempts count from 1."""

    webhook: str
    stream: StreamId
    version: int
    attempt: int = 1

    @property
    def target(self) -> StreamId:
        """The webhook's stream: it is always of the event's own tenant."""
        return StreamId(self.stream.tenant, "webhook", self.webhook)

    @property
    def event(self) -> str:
        """The event's id."""
        return f"{self.stream}@{self.version}"

    def to_json(self) -> JSONObject:
        """As queues carry it."""
        parts = {"webhook": self.webhook, "stream": str(self.stream), "version": self.version, "attempt": self.attempt}
        return {"delivery": parts}

    @classmethod
    def parse(cls, body: JSONObject) -> "Delivery":
        """The inverse of `to_json`. Raises KeyError, TypeError, ValueError, InvalidStreamId."""
        parts = body["delivery"]
        attempt = int(parts.get("attempt", 1))
        if not 1 <= attempt <= len(DELAYS):
            raise ValueError(f"attempt: must be 1 to {len(DELAYS)}")
        return cls(str(parts["webhook"]), StreamId.parse(parts["stream"]), int(parts["version"]), attempt)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: a status, or a kind of error; how long it took; after how many seconds to come again.

    `is_final`: the same request will never go through.
    """

    millis: int
    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    is_final: bool = False

    @property
    def is_delivered(self) -> bool:
        """Whether the endpoint took it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def failure(self) -> str | None:
        """What went wrong, in a word or two."""
        return None if self.is_delivered else self.error or f"HTTP {self.status}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An outcome as it is remembered, without what was sent or answered. `number` is 0 for a test."""

    webhook: StreamId
    event: str
    type: str
    number: int
    at: datetime
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Again:
    """The next attempt, after a pause in seconds."""

    delivery: Delivery
    pause: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It waits for a person, as a dead letter."""

    reason: str


Step: TypeAlias = Done | Again | GiveUp


def next_step(delivery: Delivery, outcome: Outcome, jitter: Jitter) -> Step:
    """What follows from an attempt."""
    if outcome.is_delivered:
        return Done()
    if outcome.is_final or delivery.attempt == len(DELAYS):
        return GiveUp(f"{outcome.failure} at attempt {delivery.attempt}")
    delay = DELAYS[delivery.attempt] * (1 + JITTER * jitter())
    asked = min(outcome.retry_after or 0, LONGEST_RETRY_AFTER)
    return Again(replace(delivery, attempt=delivery.attempt + 1), max(delay, asked))


def payload(event: Event) -> bytes:
    """The body that is sent: the event as the bus carries it, the same bytes at every attempt.

    `timestamp` repeats `time` under the name that Standard Webhooks has for it.
    """
    return dumps({**loads(message(event).detail), "timestamp": iso(event.time)})
