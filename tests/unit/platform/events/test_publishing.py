"""Events reach the bus in order, at least once, and without what must not leave."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from penstock.aws.bus import batches
from penstock.events import Draft, Event, Origin, StoreUnavailable, StreamId
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.memory import MemoryEventStore
from penstock.events.publishing import Message, message, publish
from penstock.events.store import head
from penstock.json import JSONObject, loads

T0 = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
STREAM = StreamId("t", "execution", "e-1")


class Bus:
    """Takes messages until it is told to refuse."""

    def __init__(self) -> None:
        self.taken: list[JSONObject] = []
        self.refuse_after: int | None = None

    def put(self, messages: Sequence[Message]) -> None:
        for each in messages:
            if self.refuse_after is not None and len(self.taken) >= self.refuse_after:
                raise StoreUnavailable
            self.taken.append(loads(each.detail))

    @property
    def versions(self) -> list[int]:
        return [each["version"] for each in self.taken]


def append(store: MemoryEventStore, count: int, stream: StreamId = STREAM) -> None:
    end = head(store.commits(stream))
    drafts = [Draft("Noted", {"n": n}, T0) for n in range(count)]
    store.append(stream, drafts, expected=end, commit_id=str(end.commit), origin=Origin("a", "b"))


def event(kind: str, data: JSONObject) -> Event:
    return Event(StreamId("t", kind, "k"), 7, "Emitted", 2, T0, data, Origin("ward", "adt-1", "t#x#y@3"))


def test_an_envelope_says_what_happened_where_and_why() -> None:
    sent = message(event("execution", {"patient": "Doe"}))
    assert (sent.type, sent.time) == ("Emitted", T0)
    assert loads(sent.detail) == {
        "id": "t#k#k@7".replace("#k#", "#execution#"),
        "stream": "t#execution#k",
        "tenant": "t",
        "kind": "execution",
        "key": "k",
        "version": 7,
        "type": "Emitted",
        "schema": 2,
        "time": "2026-11-24T09:30:00.000Z",
        "actor": "ward",
        "correlation": "adt-1",
        "causation": "t#x#y@3",
    }


@pytest.mark.parametrize("kind", ["execution", "message", "workflow", "key"])
def test_data_of_a_kind_that_is_not_published_stays_in_the_store(kind: str) -> None:
    assert b"Doe" not in message(event(kind, {"patient": "Doe"})).detail


def test_what_a_workflow_emits_travels_with_its_data() -> None:
    assert loads(message(event("event", {"bed": 4})).detail)["data"] == {"bed": 4}


def test_large_data_stays_in_the_store() -> None:
    assert "data" not in loads(message(event("event", {"x": "y" * 200_000})).detail)


def test_every_event_is_published_once_and_in_order() -> None:
    store, checkpoints, bus = MemoryEventStore(), MemoryCheckpointStore(), Bus()
    for _ in range(60):
        append(store, 3)
    assert publish(store, checkpoints, bus, STREAM) == 60
    append(store, 2)
    publish(store, checkpoints, bus, STREAM)
    publish(store, checkpoints, bus, STREAM)
    assert bus.versions == list(range(1, 183))


@pytest.mark.parametrize("refuse_after", [0, 1, 149, 150, 151, 170])
def test_after_a_refusal_nothing_is_missing_and_what_is_doubled_comes_in_order(refuse_after: int) -> None:
    store, checkpoints, bus = MemoryEventStore(), MemoryCheckpointStore(), Bus()
    for _ in range(60):
        append(store, 3)
    bus.refuse_after = refuse_after
    with pytest.raises(StoreUnavailable):
        publish(store, checkpoints, bus, STREAM)
    bus.refuse_after = None
    publish(store, checkpoints, bus, STREAM)
    assert list(dict.fromkeys(bus.versions)) == list(range(1, 181))


def test_requests_keep_order_and_stay_within_the_limits_of_the_bus() -> None:
    sizes = random.Random(3)
    sent = [Message("Noted", T0 + timedelta(seconds=n), b"x" * sizes.randint(1, 110_000)) for n in range(200)]
    requests = list(batches(sent))
    assert [each for request in requests for each in request] == sent
    assert max(len(request) for request in requests) <= 10
    assert max(sum(len(each.detail) + 30 for each in request) for request in requests) <= 256 * 1024
    assert [len(request) for request in batches([Message("Noted", T0, b"x")] * 25)] == [10, 10, 5]
