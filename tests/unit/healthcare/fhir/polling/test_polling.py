"""Polls: nothing is lost and nothing is told twice, wherever the server fails."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.clock import iso
from penstock.events import Origin, StreamId
from penstock.events.memory import MemoryEventStore
from penstock_healthcare.fhir.client.client import Page
from penstock_healthcare.fhir.client.errors import ClientError, NotSupported, ServerFailed, UnreadableAnswer
from penstock_healthcare.fhir.client.vendor import Vendor, vendors
from penstock_healthcare.fhir.polling.poll import Poll, version_mark
from penstock_healthcare.fhir.polling.polling import Polled, Polling, TooManyAtOnce

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
LABS = Poll("labs", "ehr", "Observation", page_size=2, max_pages=3)


@dataclass
class Server:
    """A server in memory. Of its next pages, those whose number is in `fails` are errors."""

    vendor: Vendor = field(default_factory=lambda: vendors()["generic"])
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    fails: set[int] = field(default_factory=set)
    pages: int = 0
    asked: list[Sequence[tuple[str, str]]] = field(default_factory=list)

    def put(self, key: str, at: datetime) -> tuple[str, str]:
        version = str(int(self.kept[key]["meta"]["versionId"]) + 1) if key in self.kept else "1"
        meta = {"versionId": version, "lastUpdated": iso(at)}
        self.kept[key] = {"resourceType": "Observation", "id": key, "meta": meta}
        return key, version

    def search(
        self, resource_type: str, query: Sequence[tuple[str, str]], *, count: int | None = None
    ) -> Iterator[Page]:
        self.asked.append(query)
        bounds = {value[:2]: value[2:] for name, value in query if name == "_lastUpdated"}
        size = count or 10
        found = [each for each in self.kept.values() if bounds["ge"] <= each["meta"]["lastUpdated"] < bounds["lt"]]
        for place in range(0, max(len(found), 1), size):
            self.pages += 1
            if self.pages in self.fails:
                raise ServerFailed("search", 500)
            yield Page(found[place : place + size], [], len(found), has_next=place + size < len(found))


@dataclass
class World:
    server: Server = field(default_factory=Server)
    store: MemoryEventStore = field(default_factory=MemoryEventStore)

    def poll(self, at: datetime, poll: Poll = LABS, since: datetime | None = None) -> Polled:
        return Polling(self.store, "acme", Origin("workflow:w", "e"), at).run(poll, self.server, since)

    def told(self) -> list[tuple[str, str]]:
        streams = [stream for stream in self.store.streams() if stream.kind == "ehr_resource"]
        events = [event for stream in streams for commit in self.store.commits(stream) for event in commit.events]
        return sorted((event.data["resource_id"], event.data["version"]) for event in events)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_what_is_new_or_changed_is_told_once() -> None:
    world = World()
    world.poll(at(0))
    world.server.put("a", at(1))
    assert world.poll(at(2)) == Polled(1, 1, at(2))
    assert world.poll(at(3)).new == 0
    world.server.put("a", at(4))
    world.server.put("b", at(4))
    assert world.poll(at(5)).new == 2
    assert world.poll(at(6)).new == 0
    assert world.told() == [("a", "1"), ("a", "2"), ("b", "1")]


def test_what_shows_late_is_found_by_the_overlap() -> None:
    world = World()
    world.server.put("early", at(1))
    world.poll(at(2), since=at(0))
    world.server.put("late", at(1))
    assert world.poll(at(4)).new == 1
    assert world.told() == [("early", "1"), ("late", "1")]


def test_the_first_poll_begins_where_it_is_told_and_only_the_first() -> None:
    world = World()
    world.server.put("old", at(-600))
    assert world.poll(at(0)).found == 0
    assert world.poll(at(1), since=at(-900)).found == 0
    other = World()
    other.server.put("old", at(-600))
    assert other.poll(at(0), since=at(-900)).new == 1


def test_a_server_that_fails_in_between_loses_nothing_and_doubles_nothing() -> None:
    world = World()
    world.poll(at(0))
    for key in "abcde":
        world.server.put(key, at(1))
    world.server.fails = {world.server.pages + 2}
    with pytest.raises(ServerFailed):
        world.poll(at(2))
    assert world.told() == [("a", "1"), ("b", "1")]
    world.server.put("f", at(3))
    assert world.poll(at(90)).new == 4
    assert world.told() == [(key, "1") for key in "abcdef"]


def test_more_than_a_search_may_fetch_is_asked_for_in_shorter_spans() -> None:
    world = World()
    world.poll(at(0))
    for number in range(40):
        world.server.put(f"o{number:02}", at(0.5 + number / 20))
    done = world.poll(at(3))
    assert (done.new, done.until) == (40, at(3))
    assert len(world.told()) == 40
    assert world.poll(at(4)).new == 0


def test_a_poll_that_is_cut_off_keeps_the_spans_that_are_whole() -> None:
    world = World()
    world.poll(at(0))
    for number in range(40):
        world.server.put(f"o{number:02}", at(0.5 + number / 20))
    world.server.fails = {world.server.pages + 18}
    with pytest.raises(ServerFailed):
        world.poll(at(3))
    before = world.server.asked[0]
    world.poll(at(3))
    assert len(world.told()) == 40
    assert world.server.asked[-1] != before


def test_more_than_can_be_told_apart_in_a_second_is_said() -> None:
    world = World()
    world.poll(at(0))
    for number in range(7):
        world.server.put(f"o{number}", at(1))
    with pytest.raises(TooManyAtOnce, match="labs") as caught:
        world.poll(at(2))
    assert caught.value.permanent


def test_two_polls_at_once_tell_everything_once() -> None:
    world = World()
    world.poll(at(0))
    world.server.put("a", at(1))
    world.poll(at(2))
    again = World(world.server, world.store)
    assert again.poll(at(2)).new == 0
    assert world.told() == [("a", "1")]


def test_a_poll_that_asks_for_other_things_is_another_poll() -> None:
    world = World()
    world.server.put("a", at(1))
    world.poll(at(2), since=at(0))
    other = Poll("labs", "ehr", "Observation", (("category", "laboratory"),))
    assert world.poll(at(2), other, since=at(0)).new == 1
    assert other.key != LABS.key


def test_after_a_long_pause_nothing_is_lost_and_reading_stays_short() -> None:
    world = World()
    world.poll(at(0))
    world.server.put("a", at(1))
    world.poll(at(2))
    world.server.put("b", at(60 * 24 * 40))
    assert world.poll(at(60 * 24 * 41)).new == 1
    assert world.told() == [("a", "1"), ("b", "1")]
    days = [stream for stream in world.store.streams() if stream.kind == "ehr_poll"]
    assert StreamId("acme", "ehr_poll", f"{LABS.key}.20261124") in days


def test_a_vendor_that_does_not_serve_it_needs_another_parameter() -> None:
    world = World(Server(vendors()["epic"]))
    with pytest.raises(NotSupported, match="name a parameter"):
        world.poll(at(0))
    named = Poll("labs", "ehr", "Observation", by="_lastUpdated")
    assert world.poll(at(0), named).found == 0


def test_versions_without_ids_are_told_apart_by_their_times_or_by_what_they_say() -> None:
    assert version_mark({"meta": {"versionId": "3", "lastUpdated": "x"}}) == "3"
    assert version_mark({"meta": {"lastUpdated": "2026"}}) == "2026"
    one, other = version_mark({"id": "a", "meta": []}), version_mark({"id": "b"})
    assert one != other
    assert version_mark({"id": "b"}) == other


def test_a_resource_without_an_id_is_told() -> None:
    world = World()
    world.server.kept["x"] = {"resourceType": "Observation", "meta": {"lastUpdated": iso(at(-1))}}
    with pytest.raises(UnreadableAnswer):
        world.poll(at(0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", "poll", "fail", "fail later"]), max_size=30))
def test_every_version_that_a_poll_could_see_is_told_exactly_once(steps: list[str]) -> None:
    world, minute, last = World(), 0, {}
    world.poll(at(0))
    for step in steps:
        minute += 1
        if step in "abc":
            key, version = world.server.put(step, at(minute))
            last[key] = version
            continue
        world.server.fails = {"fail": {world.server.pages + 1}, "fail later": {world.server.pages + 2}}.get(step, set())
        try:
            world.poll(at(minute + 0.5))
        except ClientError:
            assert step != "poll"
    world.server.fails = set()
    world.poll(at(minute + 1))
    told = world.told()
    assert len(told) == len(set(told))
    assert set(last.items()) <= set(told)
