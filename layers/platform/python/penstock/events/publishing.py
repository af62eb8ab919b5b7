"""Publishing: every event goes to the bus, in the order of its stream, at least once.

A message is an envelope. The event's data leaves the store only for kinds that are made to be published: clinical
and payment data stay where the access to them is granted, and a consumer that may see them reads them there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol

from penstock.events.checkpoints import CheckpointStore
from penstock.events.envelope import envelope
from penstock.events.model import Event, StreamId
from penstock.events.store import EventStore, contiguous
from penstock.json import JSONObject, dumps

PUBLISHED_KINDS = frozenset({"event"})
"""The kinds whose data may travel: `event` holds what workflows emit for others to hear."""

LARGEST_DATA = 100 * 1024  # bytes of JSON; the bus takes 256 KB with the envelope
COMMITS_A_STEP = 50


@dataclass(frozen=True, slots=True)
class Message:
    """What the bus carries: the event's type, its time, and the envelope as JSON."""

    type: str
    time: datetime
    detail: bytes


class Bus(Protocol):
    """Carries messages to whoever has subscribed."""

    def put(self, messages: Sequence[Message]) -> None:
        """Hand the messages over, in order. Raises StoreUnavailable when some were not taken: repeat them all."""
        ...


def message(event: Event) -> Message:
    """The event for the bus; without `data` when its kind is not published, or when it is over 100 KB."""
    envelope = _envelope(event)
    if event.stream.kind in PUBLISHED_KINDS and len(dumps(event.data)) <= LARGEST_DATA:
        envelope["data"] = event.data
    return Message(event.type, event.time, dumps(envelope))


def publish(
    store: EventStore, checkpoints: CheckpointStore, bus: Bus, stream: StreamId, consumer: str = "publisher"
) -> int:
    """Send what the stream has after the consumer's checkpoint; returns the last commit that is sent.

    After a crash, commits that were sent but not noted are sent again: subscribers know events by their id.
    """
    sent = checkpoints.load(consumer, stream)
    commits = contiguous(stream, store.commits(stream, sent), sent)
    while step := tuple(islice(commits, COMMITS_A_STEP)):
        bus.put([message(event) for commit in step for event in commit.events])
        sent = step[-1].number
        checkpoints.advance(consumer, stream, sent)
    return sent


def _envelope(event: Event) -> JSONObject:
    return {**envelope(event), "stream": str(event.stream)}
