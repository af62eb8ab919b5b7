"""Read models come out the same however often, late or crosswise their nudges arrive."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import Commit, Conflict, Draft, Event, Origin, StreamGap, StreamId, UnknownEventType
from penstock.events import projection as module
from penstock.events.memory import MemoryEventStore
from penstock.events.projection import Projection, project, project_all
from penstock.events.store import head
from penstock.events.types import EventTypes
from penstock.events.views import MemoryViewStore, Row
from penstock.json import JSONObject

T0 = datetime(2026, 11, 24, tzinfo=UTC)
STREAM = StreamId("t", "order", "o-1")


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    if event.type == "Cancelled":
        return None
    document = document or {"status": "open", "seen": []}
    document["seen"].append(event.version)
    document["status"] = event.data.get("status", document["status"])
    return document


ORDERS = Projection(
    "orders",
    "order",
    evolve,
    order=lambda stream, document: f"{len(document['seen']):06}",
    index=lambda stream, document: {"status": document["status"]},
    lookups=lambda stream, document: [("status", document["status"])],
)


def append(store: MemoryEventStore, stream: StreamId, *events: tuple[str, JSONObject]) -> None:
    end = head(store.commits(stream))
    drafts = [Draft(name, data, T0) for name, data in events]
    store.append(stream, drafts, expected=end, commit_id=f"c-{end.commit + 1}", origin=Origin("a", "b"))


def kept(views: MemoryViewStore, stream: StreamId = STREAM, name: str = "orders") -> Row:
    row = views.load(name, stream)
    assert row is not None
    return row


statuses = st.sampled_from(["open", "waiting", "done", "failed"])
histories = st.lists(
    st.lists(st.tuples(st.sampled_from(["Moved", "Moved", "Cancelled"]), statuses), min_size=1, max_size=4),
    min_size=1,
    max_size=8,
)


@given(history=histories, nudges=st.lists(st.integers(0, 8), max_size=12))
def test_nudges_that_are_doubled_late_or_missing_give_the_same_row(
    history: list[list[tuple[str, str]]], nudges: list[int]
) -> None:
    store, views, once = MemoryEventStore(), MemoryViewStore(), MemoryViewStore()
    for place, commit in enumerate(history):
        append(store, STREAM, *((name, {"status": status}) for name, status in commit))
        for _ in range(nudges.count(place)):
            project(store, views, ORDERS, STREAM)
    project(store, views, ORDERS, STREAM)
    project(store, once, ORDERS, STREAM)
    assert kept(views) == kept(once)
    assert kept(views).position == head(store.commits(STREAM))


def test_projectors_that_meet_on_one_stream_give_the_same_row() -> None:
    store, views, once = MemoryEventStore(), MemoryViewStore(), MemoryViewStore()
    done = threading.Event()

    def catch_up() -> None:
        while not done.is_set():
            project(store, views, ORDERS, STREAM)

    rivals = [threading.Thread(target=catch_up) for _ in range(4)]
    for rival in rivals:
        rival.start()
    for n in range(100):
        append(store, STREAM, ("Moved", {"status": f"s{n % 3}"}))
    done.set()
    for rival in rivals:
        rival.join()
    project(store, views, ORDERS, STREAM)
    project(store, once, ORDERS, STREAM)
    assert kept(views) == kept(once)


class Losing(MemoryViewStore):
    """A rival is always a step ahead."""

    def __init__(self, losses: int) -> None:
        super().__init__()
        self.losses = losses

    def save(self, row: Row, replaces: Row | None) -> bool:
        self.losses -= 1
        return self.losses < 0 and super().save(row, replaces)


def test_a_lost_race_is_run_again_from_what_the_winner_left() -> None:
    store, views = MemoryEventStore(), Losing(3)
    append(store, STREAM, ("Moved", {}))
    project(store, views, ORDERS, STREAM)
    assert kept(views).position.commit == 1


def test_losing_for_ever_ends_in_a_conflict() -> None:
    store, views = MemoryEventStore(), Losing(10**6)
    append(store, STREAM, ("Moved", {}))
    with pytest.raises(Conflict):
        project(store, views, ORDERS, STREAM)


def test_a_long_stream_is_saved_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    store, saved = MemoryEventStore(), []

    class Watched(MemoryViewStore):
        def save(self, row: Row, replaces: Row | None) -> bool:
            saved.append(row.position.commit)
            return super().save(row, replaces)

    monkeypatch.setattr(module, "COMMITS_A_SAVE", 4)
    for _ in range(10):
        append(store, STREAM, ("Moved", {}))
    project(store, Watched(), ORDERS, STREAM)
    assert saved == [4, 8, 10]


def test_catching_up_with_a_short_stream_loads_once_and_reads_once() -> None:
    calls: list[str] = []

    class Counted(MemoryEventStore):
        def commits(self, stream: StreamId, after: int = 0) -> Iterator[Commit]:
            calls.append("read")
            return super().commits(stream, after)

    class CountedViews(MemoryViewStore):
        def load(self, projection: str, stream: StreamId) -> Row | None:
            calls.append("load")
            return super().load(projection, stream)

        def save(self, row: Row, replaces: Row | None) -> bool:
            calls.append("save")
            return True

    store = Counted()
    for _ in range(3):
        append(store, STREAM, ("Moved", {}))
    calls.clear()
    project(store, CountedViews(), ORDERS, STREAM)
    assert calls == ["load", "read", "save"]


def test_a_stream_without_events_makes_no_row() -> None:
    views = MemoryViewStore()
    project(MemoryEventStore(), views, ORDERS, STREAM)
    assert views.load("orders", STREAM) is None


def test_a_projection_that_shows_nothing_is_not_folded_again() -> None:
    store, views, calls = MemoryEventStore(), MemoryViewStore(), []

    def hide(document: JSONObject | None, event: Event) -> None:
        calls.append(event.version)

    for _ in range(2):
        append(store, STREAM, ("Moved", {}))
        project(store, views, Projection("orders", "order", hide), STREAM)
        project(store, views, Projection("orders", "order", hide), STREAM)
    assert calls == [1, 2]


def test_a_new_revision_is_folded_from_zero_and_an_old_one_leaves_it_alone() -> None:
    store, views = MemoryEventStore(), MemoryViewStore()
    append(store, STREAM, ("Moved", {}))
    project(store, views, ORDERS, STREAM)
    newer = replace(ORDERS, revision=2, evolve=lambda document, event: {"status": "new", "seen": [event.version]})
    project(store, views, newer, STREAM)
    assert kept(views).document == {"status": "new", "seen": [1]}
    append(store, STREAM, ("Moved", {}))
    project(store, views, ORDERS, STREAM)
    assert kept(views).position.commit == 1


def test_a_gap_in_the_stream_is_not_folded_over() -> None:
    class Gapped(MemoryEventStore):
        def commits(self, stream: StreamId, after: int = 0) -> Iterator[Commit]:
            return (commit for commit in super().commits(stream, after) if commit.number != 2)

    store, views = Gapped(), MemoryViewStore()
    for n in range(3):
        MemoryEventStore.append(
            store,
            STREAM,
            [Draft("Moved", {}, T0)],
            expected=head(MemoryEventStore.commits(store, STREAM)),
            commit_id=str(n),
            origin=Origin("a", "b"),
        )
    with pytest.raises(StreamGap):
        project(store, views, ORDERS, STREAM)
    assert views.load("orders", STREAM) is None


def broken(document: JSONObject | None, event: Event) -> JSONObject:
    raise KeyError("poison")


def test_a_projection_that_fails_keeps_no_other_from_going_on() -> None:
    store, views = MemoryEventStore(), MemoryViewStore()
    append(store, STREAM, ("Moved", {}))
    invoices = Projection("invoices", "invoice", evolve)
    with pytest.raises(ExceptionGroup) as failed:
        project_all(store, views, [Projection("broken", "order", broken), invoices, ORDERS], STREAM)
    assert [type(each) for each in failed.value.exceptions] == [KeyError]
    assert kept(views).position.commit == 1
    assert views.load("invoices", STREAM) is None


NOTES = EventTypes("order")


@NOTES.type
@dataclass(frozen=True, slots=True)
class Noted:
    text: str


@NOTES.upcaster("Noted", 1)
def _(data: JSONObject) -> JSONObject:
    return {"text": data["txt"]}


def test_with_types_old_events_reach_a_projection_in_their_newest_shape() -> None:
    store, views = MemoryEventStore(), MemoryViewStore()
    append(store, STREAM, ("Noted", {"txt": "old"}))
    notes = Projection("notes", "order", lambda _, event: dict(event.data, schema=event.schema), types=NOTES)
    project(store, views, notes, STREAM)
    assert kept(views, name="notes").document == {"text": "old", "schema": 2}
    append(store, STREAM, ("Unheard", {}))
    with pytest.raises(UnknownEventType):
        project(store, views, notes, STREAM)


def test_a_document_that_evolve_changes_is_not_the_one_that_is_kept() -> None:
    store, views = MemoryEventStore(), MemoryViewStore()
    append(store, STREAM, ("Moved", {}))
    project(store, views, ORDERS, STREAM)
    before: Any = kept(views).document
    append(store, STREAM, ("Moved", {}))
    project(store, views, ORDERS, STREAM)
    assert before["seen"] == [1]
