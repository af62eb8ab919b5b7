"""How far read models stand behind, seen from the feed and by the consumers themselves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from penstock.clock import to_millis
from penstock.events import Draft, Event, Origin, Position, StreamId
from penstock.events import lag as module
from penstock.events.feed import Entry, MemoryFeed, Span
from penstock.events.lag import ProjectionLag, lag
from penstock.events.memory import MemoryEventStore
from penstock.events.projection import Projection, project, project_all
from penstock.events.store import head
from penstock.events.views import MemoryViewStore
from penstock.events.watched import Watched, WatchedFeed
from penstock.json import JSONObject

T0 = datetime(2026, 11, 24, tzinfo=UTC)


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    return {"version": event.version}


ORDERS = Projection("orders", "order", evolve)
REFUNDS = Projection("refunds", "refund", evolve, revision=3)


class Shop:
    """Orders that are stored and told of, one commit an entry, at seconds after T0."""

    def __init__(self) -> None:
        self.store, self.feed, self.views = MemoryEventStore(), MemoryFeed(), MemoryViewStore()

    def move(self, key: str, second: float, tenant: str = "t") -> StreamId:
        stream, time = StreamId(tenant, "order", key), T0 + timedelta(seconds=second)
        end = head(self.store.commits(stream))
        draft, origin = Draft("Moved", {}, time), Origin("a", "b")
        number = self.store.append(stream, [draft], expected=end, commit_id=f"{end.commit}", origin=origin).number
        span = Span(stream, number, number, ("Moved",), to_millis(time))
        assert self.feed.append(Entry(tenant, self.feed.head(tenant) + 1, (span,)))
        return stream

    def lag(self, second: float, *projections: Projection) -> list[ProjectionLag]:
        return list(lag(self.feed, self.views, projections or (ORDERS,), "t", T0 + timedelta(seconds=second)))


def test_what_is_caught_up_lags_by_nothing() -> None:
    shop = Shop()
    for key in ("a", "b"):
        project(shop.store, shop.views, ORDERS, shop.move(key, 0))
    assert shop.lag(60) == [ProjectionLag("orders", "order", 1, 0, 0)]


def test_the_lag_is_that_of_the_oldest_commit_that_is_not_applied() -> None:
    shop = Shop()
    first = shop.move("a", 1)
    project(shop.store, shop.views, ORDERS, first)
    for second in (2, 3, 4):
        shop.move("a", second)
    shop.move("b", 3)
    assert shop.lag(10) == [ProjectionLag("orders", "order", 1, 2, 8_000)]


def test_each_projection_is_measured_by_its_own_kind() -> None:
    shop = Shop()
    shop.move("a", 1)
    found = shop.lag(2, ORDERS, REFUNDS)
    assert [(each.name, each.revision, each.behind) for each in found] == [("orders", 1, 1), ("refunds", 3, 0)]


def test_another_tenants_streams_count_for_nothing() -> None:
    shop = Shop()
    shop.move("a", 1, tenant="other")
    assert shop.lag(2) == [ProjectionLag("orders", "order", 1, 0, 0)]


def test_no_more_than_the_newest_entries_and_streams_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    for second in range(80):
        shop.move(f"o-{second}", second)
    assert shop.lag(80) == [ProjectionLag("orders", "order", 1, 50, 50_000)]
    monkeypatch.setattr(module, "MOST_STREAMS", 10)
    assert shop.lag(80) == [ProjectionLag("orders", "order", 1, 10, 10_000)]


def test_an_event_from_a_clock_that_is_ahead_is_not_negative() -> None:
    shop = Shop()
    shop.move("a", 5)
    assert shop.lag(1) == [ProjectionLag("orders", "order", 1, 1, 0)]


def test_a_watched_store_tells_the_newest_event_that_was_read() -> None:
    shop = Shop()
    stream = shop.move("a", 1)
    shop.move("a", 7)
    watched = Watched(shop.store)
    assert watched.applied("orders") == {}
    project(watched, shop.views, ORDERS, stream)
    assert watched.applied("orders") == {"orders": T0 + timedelta(seconds=7)}
    assert project_all(shop.store, shop.views, [ORDERS], stream) == {}, "nothing was left to read"


def test_project_all_tells_the_time_of_what_each_projection_has_read() -> None:
    shop = Shop()
    stream = shop.move("a", 1)
    twice = replace(ORDERS, name="twice")
    project(shop.store, shop.views, twice, stream)
    shop.move("a", 2)
    found = project_all(shop.store, shop.views, [ORDERS, twice, REFUNDS], stream)
    assert found == dict.fromkeys(["orders", "twice"], T0 + timedelta(seconds=2))


def test_a_watched_store_is_the_store() -> None:
    shop = Shop()
    watched, stream = Watched(shop.store), StreamId("t", "order", "x")
    commit = watched.append(
        stream, [Draft("Moved", {}, T0)], expected=Position(), commit_id="c", origin=Origin("a", "b")
    )
    assert list(watched.commits(stream)) == [commit]
    assert [packed.number for packed in watched.packed(stream)] == [1]


def test_a_watched_feed_tells_the_newest_event_that_was_told() -> None:
    shop = Shop()
    for second in (3, 9, 4):
        shop.move("a", second)
    watched = WatchedFeed(shop.feed)
    assert [entry.number for entry in watched.entries("t", 0)] == [1, 2, 3]
    assert watched.applied("counter") == {"counter": T0 + timedelta(seconds=9)}
    assert (watched.head("t"), watched.tenants()) == (3, ["t"])
