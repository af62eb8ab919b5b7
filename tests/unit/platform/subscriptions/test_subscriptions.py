"""Consumers that compete, crash and come late: every event reaches one of them, each stream's in order."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import Origin, StreamId
from penstock.events.feed import Entry, MemoryFeed, Span
from penstock.events.memory import MemoryEventStore
from penstock.subscriptions.definition import CreateSubscription
from penstock.subscriptions.errors import LeaseLost, SubscriptionExists, UnknownSubscription
from penstock.subscriptions.leases import MemoryLeases
from penstock.subscriptions.reading import MOST_ENTRIES, Selection, end_of, read
from penstock.subscriptions.service import Claim, Subscriptions

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BY = Origin("operator", "reading")
TENANT, NAME = "acme", "lake"
Seen = tuple[str, int]


@dataclass
class World:
    feed: MemoryFeed = field(default_factory=MemoryFeed)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.service = Subscriptions(MemoryEventStore(), self.feed, MemoryLeases(), lambda: self.now)

    def happen(self, *keys: str, kind: str = "order", types: tuple[str, ...] = ("Placed",)) -> None:
        streams = [StreamId(TENANT, kind, key) for key in keys]
        commits = {stream: self.feed.indexed([stream])[stream] + 1 for stream in streams}
        spans = tuple(Span(stream, commit, commit, types, 0) for stream, commit in commits.items())
        assert self.feed.append(Entry(TENANT, self.feed.head(TENANT) + 1, spans))

    def subscribe(self, partitions: int = 1, after: int = 0, selection: Selection | None = None) -> None:
        self.service.create(TENANT, NAME, CreateSubscription(selection or Selection(), partitions, after), BY)

    def claim(self, consumer: str = "one", limit: int = 100) -> Claim | None:
        return self.service.claim(TENANT, NAME, consumer, seconds=60, limit=limit)

    def acknowledge(self, claim: Claim, seconds: int = 0) -> None:
        self.service.acknowledge(TENANT, NAME, (claim.partition, claim.token), claim.part.position, seconds)


def seen(claim: Claim | None) -> list[Seen]:
    return [(span.stream.key, span.first) for _, span in claim.part.spans] if claim else []


@pytest.fixture
def world() -> World:
    made = World()
    made.happen("a", "b")
    made.happen("a", "c")
    return made


def test_one_alone_has_it_all_in_the_feeds_order_and_nobody_else_meanwhile(world: World) -> None:
    world.subscribe()
    first = world.claim()
    assert seen(first) == [("a", 1), ("b", 1), ("a", 2), ("c", 1)]
    assert world.claim("two") is None
    assert first
    world.acknowledge(first)
    assert world.claim("two") is None
    world.happen("d")
    assert seen(world.claim("two")) == [("d", 1)]


def test_what_was_not_acknowledged_comes_again_to_whoever_is_next(world: World) -> None:
    world.subscribe()
    crashed = world.claim()
    world.now += timedelta(seconds=61)
    assert seen(world.claim("two")) == seen(crashed)
    assert crashed
    with pytest.raises(LeaseLost):
        world.acknowledge(crashed)


def test_a_place_can_lie_within_an_entry(world: World) -> None:
    world.subscribe()
    first = world.claim(limit=1)
    assert first
    world.acknowledge(first)
    assert seen(world.claim(limit=2)) == [("b", 1), ("a", 2)]


def test_a_lease_that_is_renewed_holds(world: World) -> None:
    world.subscribe()
    held = world.claim(limit=1)
    assert held
    world.now += timedelta(seconds=50)
    world.acknowledge(held, seconds=60)
    world.now += timedelta(seconds=50)
    assert world.claim("two") is None


def test_an_acknowledgement_never_goes_back_nor_beyond_the_feed(world: World) -> None:
    world.subscribe()
    held = world.claim()
    assert held
    token = (held.partition, held.token)
    assert world.service.acknowledge(TENANT, NAME, token, held.part.position, 60).position == held.part.position
    assert world.service.acknowledge(TENANT, NAME, token, 3, 60).position == held.part.position
    assert world.service.acknowledge(TENANT, NAME, token, 10**12, 60).position == end_of(world.feed, TENANT)
    world.happen("late")
    world.now += timedelta(seconds=61)
    assert seen(world.claim()) == [("late", 1)]


def test_only_what_is_selected_is_handed_over(world: World) -> None:
    world.happen("x", kind="invoice", types=("Sent", "Paid"))
    world.happen("y", kind="invoice", types=("Sent",))
    world.happen("z", kind="order", types=("Paid",))
    world.subscribe(selection=Selection(frozenset({"invoice"}), frozenset({"Paid"})))
    assert seen(world.claim()) == [("x", 1)]


def test_a_rare_event_is_found_however_far_away_it_is(world: World) -> None:
    for _ in range(MOST_ENTRIES + 10):
        world.happen("noise")
    world.happen("x", kind="invoice")
    world.subscribe(selection=Selection(frozenset({"invoice"})))
    assert world.claim() is None
    assert seen(world.claim()) == [("x", 1)]


def test_reading_in_pages_gives_what_reading_at_once_does(world: World) -> None:
    whole = read(world.feed, TENANT, lambda _: True, 0, 100)
    assert whole.is_head
    pages, place = [], 0
    while part := read(world.feed, TENANT, lambda _: True, place, 1).spans:
        pages += part
        place = part[-1][0]
    assert tuple(pages) == whole.spans


def test_one_that_begins_now_does_not_see_the_past(world: World) -> None:
    world.subscribe(after=end_of(world.feed, TENANT))
    assert world.claim() is None
    world.happen("d")
    assert seen(world.claim()) == [("d", 1)]


def test_a_name_is_taken_until_it_is_deleted_and_then_begins_anew(world: World) -> None:
    world.subscribe()
    held = world.claim()
    with pytest.raises(SubscriptionExists):
        world.subscribe()
    world.service.delete(TENANT, NAME, BY)
    with pytest.raises(UnknownSubscription):
        world.claim()
    world.subscribe()
    assert seen(world.claim()) == seen(held)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("happen"), st.sampled_from("abcdefgh")),
            st.tuples(st.sampled_from(["work", "crash", "slow"]), st.integers(1, 5)),
        ),
        max_size=60,
    ),
    st.integers(1, 4),
)
def test_each_event_reaches_somebody_and_each_streams_in_order(
    steps: list[tuple[str, object]], partitions: int
) -> None:
    """`crash` claims and never comes back; `slow` comes back after the lease has ended; `work` acknowledges."""
    world = World()
    world.subscribe(partitions)
    done: dict[str, list[int]] = defaultdict(list)
    late: list[Claim] = []

    def work(limit: int) -> bool:
        claim = world.claim(limit=limit)
        if claim is None:
            return False
        world.acknowledge(claim)
        for key, commit in seen(claim):
            done[key].append(commit)
        return True

    for step, given_ in steps:
        if step == "happen":
            world.happen(str(given_))
        elif step == "work":
            work(int(str(given_)))
        elif claim := world.claim(limit=int(str(given_))):
            late += [claim] if step == "slow" else []
            world.now += timedelta(seconds=61 if step == "slow" else 30)
    for claim in late:
        try:
            world.acknowledge(claim)
        except LeaseLost:
            continue
        for key, commit in seen(claim):
            done[key].append(commit)
    world.now += timedelta(hours=1)
    while work(3):
        pass
    expected: dict[str, list[int]] = defaultdict(list)
    for entry in world.feed.entries(TENANT):
        for span in entry.spans:
            expected[span.stream.key].append(span.first)
    assert done == expected
