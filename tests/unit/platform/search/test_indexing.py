"""Following the feed: what moved is read anew, whatever comes twice, late, or from a rival."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import zstandard

from penstock.clock import utc_now
from penstock.events import Draft, Origin, StreamId
from penstock.events.feed import Entry, MemoryFeed, Span
from penstock.events.memory import MemoryEventStore
from penstock.events.store import head
from penstock.search import Batch, Document, IndexContended, Query
from penstock.search.indexing import Indexer
from penstock.search.searchable import Read, Searchable, catalogued, edition, searchables
from penstock.search.stored import StoredIndex
from penstock.search.storing import MemoryIndexStore


def notes(stream: StreamId, read: Read) -> Iterator[Document]:
    texts = [str(event.data["text"]) for commit in read(stream) for event in commit.events]
    if texts:
        yield Document(f"note:{stream.key}", "note", texts[-1], "", f"/{stream.key}", 1)


NOTES = Searchable("notes", "note", notes)


class World:
    """A store whose commits all stand in the feed, and an index that follows it."""

    def __init__(self, folder: Path) -> None:
        self.store, self.feed, self.files = MemoryEventStore(), MemoryFeed(), MemoryIndexStore()
        self.folder = folder
        self.reads: list[StreamId] = []
        self.index = self.made("index")
        self.indexer = Indexer(self.index, self.feed, self, {"note": NOTES})  # type: ignore[arg-type]

    def made(self, folder: str, edition: int = 1) -> StoredIndex:
        return StoredIndex(self.files, self.folder / folder, edition, lambda: [], fresh_for=0)

    def commits(self, stream: StreamId, after: int = 0) -> Iterator[object]:
        self.reads.append(stream)
        return self.store.commits(stream, after)

    def say(self, key: str, text: object, tenant: str = "acme", kind: str = "note", **data: object) -> None:
        stream = StreamId(tenant, kind, key)
        position = head(self.store.commits(stream))
        name = "SubjectForgotten" if kind == "subject" else "Said"
        draft = Draft(name, {"text": text, **data}, utc_now())
        commit = self.store.append(
            stream, [draft], expected=position, commit_id=f"c{position.commit}", origin=Origin("test", "test")
        )
        span = Span(stream, commit.number, commit.number, (name,), 0)
        assert self.feed.append(Entry(tenant, self.feed.head(tenant) + 1, (span,)))

    def found(self, text: str, tenant: str = "acme") -> list[str]:
        return [hit.url for hit in self.index.search(tenant, Query(text)).hits]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_what_happened_is_found_and_what_came_later_replaces_it(world: World) -> None:
    world.say("a", "first draft")
    world.say("b", "second")
    world.indexer.catch_up("acme")
    assert (world.found("draft"), world.found("second")) == (["/a"], ["/b"])
    world.say("a", "final")
    world.indexer.catch_up("acme")
    assert (world.found("draft"), world.found("final")) == ([], ["/a"])
    assert world.index.position("acme") == world.feed.head("acme") == 3


def test_a_nudge_for_nothing_writes_nothing(world: World) -> None:
    world.say("a", "text")
    world.indexer.catch_up("acme")
    before = world.files.etag("indexes/acme.sqlite.zst")
    world.indexer.catch_up("acme")
    assert world.files.etag("indexes/acme.sqlite.zst") == before


def test_many_entries_are_taken_a_step_at_a_time_and_a_stream_once_a_step(world: World) -> None:
    for number in range(25):
        world.say(f"k{number % 5}", f"text{number}")
    world.reads.clear()
    world.indexer.catch_up("acme", entries_a_step=10)
    assert len(world.reads) == 15
    assert world.index.position("acme") == 25
    assert world.found("text24") == ["/k4"]


def test_what_was_kept_stays_when_a_later_step_fails(world: World) -> None:
    for number in range(10):
        world.say(f"k{number}", f"text{number}" if number != 7 else None)
    broken = Searchable("notes", "note", lambda stream, read: [_refusing(document) for document in notes(stream, read)])
    indexer = Indexer(world.index, world.feed, world, {"note": broken})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="None"):
        indexer.catch_up("acme", entries_a_step=5)
    assert world.index.position("acme") == 5
    world.indexer.catch_up("acme")
    assert world.index.position("acme") == 10


def _refusing(document: Document) -> Document:
    if document.title == "None":
        raise ValueError(document.title)
    return document


def test_streams_of_other_kinds_are_not_read_and_a_few_of_them_write_nothing(world: World) -> None:
    world.say("a", "secret", kind="fhir")
    world.say("b", "secret", kind="fhir")
    world.indexer.catch_up("acme", entries_a_step=3)
    assert (world.index.position("acme"), world.files.etag("indexes/acme.sqlite.zst")) == (0, None)
    world.say("c", "secret", kind="fhir")
    world.indexer.catch_up("acme", entries_a_step=3)
    assert world.index.position("acme") == 3, "but they do not pile up"
    world.say("d", "secret", kind="fhir")
    world.say("e", "text")
    world.indexer.catch_up("acme", entries_a_step=3)
    assert (world.index.position("acme"), world.found("text"), world.found("secret")) == (5, ["/e"], [])
    assert {stream.kind for stream in world.reads} == {"note"}


def test_tenants_are_followed_apart(world: World) -> None:
    world.say("a", "ours")
    world.say("a", "theirs", tenant="other")
    world.indexer.catch_up("acme")
    assert (world.found("ours"), world.found("theirs", "other")) == (["/a"], [])
    world.indexer.catch_up("other")
    assert (world.found("theirs"), world.found("theirs", "other")) == ([], ["/a"])


def test_a_rival_that_was_first_costs_nothing_but_a_look(world: World) -> None:
    for number in range(4):
        world.say(f"k{number}", f"text{number}")
    rival = Indexer(world.made("rival"), world.feed, world, {"note": NOTES})  # type: ignore[arg-type]
    original, beaten = world.index.apply, []

    def apply(tenant: str, batch: Batch) -> bool:
        if not beaten:
            beaten.append(batch.after)
            rival.catch_up("acme", entries_a_step=2)
        return original(tenant, batch)

    world.index.apply = apply  # type: ignore[method-assign]
    world.indexer.catch_up("acme", entries_a_step=3)
    assert beaten == [0]
    assert world.index.position("acme") == 4
    assert [world.found(f"text{number}") for number in range(4)] == [[f"/k{number}"] for number in range(4)]


def test_who_always_loses_gives_up(world: World) -> None:
    world.say("a", "text")
    world.index.apply = lambda tenant, batch: False  # type: ignore[method-assign]
    with pytest.raises(IndexContended) as error:
        world.indexer.catch_up("acme")
    assert (error.value.tenant, error.value.attempts) == ("acme", 10)


def test_a_forgotten_persons_streams_are_indexed_again_and_leave_no_trace(world: World) -> None:
    """What the store no longer tells, the index no longer finds; other tenants' streams are not touched."""
    world.say("a", "about Zebedee")
    world.say("a", "about Zebedee", tenant="other")
    for tenant in ("acme", "other"):
        world.indexer.catch_up(tenant)
    shredded = Searchable("notes", "note", lambda stream, read: [_blanked(each) for each in notes(stream, read)])
    indexer = Indexer(world.index, world.feed, world, {"note": shredded})  # type: ignore[arg-type]
    streams = ["acme#note#a", "other#note#a", "nonsense"]
    world.say("p-1", "", kind="subject", streams=streams)
    indexer.catch_up("acme")
    assert (world.found("zebedee"), world.found("zebedee", "other")) == ([], ["/a"])
    assert world.found("shredded") == ["/a"]
    blob, _ = world.files.load("indexes/acme.sqlite.zst") or (b"", "")
    assert b"zebedee" not in zstandard.decompress(blob).lower()


def _blanked(document: Document) -> Document:
    return Document(document.id, document.type, "shredded", "", document.url, document.time)


def test_a_newer_edition_is_built_from_the_first_entry_and_switched_to(world: World) -> None:
    for number in range(7):
        world.say(f"k{number}", f"text{number}")
    world.indexer.catch_up("acme")

    def louder(stream: StreamId, read: Read) -> Sequence[Document]:
        return [Document(each.id, "note", f"{each.title} loud", "", each.url, 1) for each in notes(stream, read)]

    newer = world.made("newer", edition=2)
    serving: list[int] = []
    original = newer.apply

    def apply(tenant: str, batch: Batch) -> bool:
        serving.append(newer.search("acme", Query("text")).total)
        return original(tenant, batch)

    newer.apply = apply  # type: ignore[method-assign]
    indexer = Indexer(newer, world.feed, world, {"note": Searchable("notes", "note", louder)})  # type: ignore[arg-type]
    indexer.catch_up("acme", entries_a_step=3)
    assert serving == [7, 7, 7], "the old index serves all the while"
    assert newer.search("acme", Query("loud")).total == 7
    world.say("k1", "late")
    world.indexer.catch_up("acme")
    assert world.found("late") == [], "old code leaves the new index alone"
    indexer.catch_up("acme")
    assert newer.search("acme", Query("late loud")).total == 1


def test_every_searchable_is_of_its_own_kind_and_the_catalogue_is_not_empty() -> None:
    assert {"workflow", "execution"} <= set(searchables())
    assert any(document.id == "node_type:core.set" for document in catalogued())
    assert edition() > 10_000


def test_no_entry_is_lost_between_two_steps(world: World) -> None:
    """Every number of the feed was part of exactly one batch."""
    for number in range(11):
        world.say("k", f"text{number}")
    seen: list[tuple[int, int]] = []
    original = world.index.apply

    def apply(tenant: str, batch: Batch) -> bool:
        seen.append((batch.after, batch.position))
        return original(tenant, batch)

    world.index.apply = apply  # type: ignore[method-assign]
    world.indexer.catch_up("acme", entries_a_step=4)
    assert seen == [(0, 4), (4, 8), (8, 11)]
