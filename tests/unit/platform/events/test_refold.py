"""A row is folded anew where it stands: what its events say now takes the place of what they said."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events import Commit, Draft, Event, Origin, StreamId
from penstock.events.keyring import MemoryKeyring, family_of
from penstock.events.memory import MemoryEventStore
from penstock.events.personal import declare
from penstock.events.projection import Projection, project, refold
from penstock.events.store import head
from penstock.events.views import MemoryViewStore, Row
from penstock.json import JSONObject

KIND = "refolded_note"
STREAM = StreamId("acme", KIND, "n-1")
ORIGIN = Origin("ward", "adt-1")
declare(KIND, "Noted", {"who": ""})


def evolve(document: JSONObject | None, event: Event) -> JSONObject | None:
    return {"who": event.data["who"], "seen": (document or {"seen": 0})["seen"] + 1}


NOTES = Projection(
    "notes",
    KIND,
    evolve,
    index=lambda _, document: {"who": document["who"]},
    lookups=lambda _, document: [("who", document["who"])],
)


class World:
    """A stream with a row of it."""

    def __init__(self, views: MemoryViewStore | None = None) -> None:
        self.keyring = MemoryKeyring()
        self.store, self.views = MemoryEventStore(keyring=self.keyring), views or MemoryViewStore()
        for _ in range(3):
            self.append()
        project(self.store, self.views, NOTES, STREAM)

    def append(self, who: str = "Doe") -> None:
        end = head(self.store.commits(STREAM))
        draft = Draft("Noted", {"who": who}, datetime(2026, 11, 24, tzinfo=UTC))
        self.store.append(STREAM, [draft], expected=end, commit_id=f"c-{end.commit}", origin=ORIGIN)

    def shred(self) -> None:
        self.keyring.end("acme", family_of(self.keyring, "acme", ORIGIN.correlation))

    def row(self) -> Any:
        return self.views.load("notes", STREAM)


def test_a_row_that_has_read_all_is_replaced_with_its_index_and_lookups() -> None:
    world = World()
    before = world.row()
    world.shred()
    project(world.store, world.views, NOTES, STREAM)
    assert world.row() == before, "catching up finds nothing to do"
    refold(world.store, world.views, NOTES, STREAM)
    assert world.row().document == {"who": "", "seen": 3}
    assert (world.row().position, world.row().revision) == (before.position, before.revision)
    assert world.views.lookup("acme", "who", "Doe") == []
    assert [view.document["who"] for view in world.views.list("acme", "notes", index="who").items] == [""]


def test_what_came_since_is_folded_too() -> None:
    world = World()
    world.shred()
    world.append("Roe")
    refold(world.store, world.views, NOTES, STREAM)
    assert world.row().document == {"who": "Roe", "seen": 4}
    refold(world.store, world.views, NOTES, STREAM)
    assert world.row().document == {"who": "Roe", "seen": 4}


def test_where_there_is_no_row_none_is_made() -> None:
    world = World(MemoryViewStore())
    other = StreamId("acme", KIND, "n-2")
    refold(world.store, world.views, NOTES, other)
    assert world.views.load("notes", other) is None


def test_a_row_of_newer_code_is_left_to_it() -> None:
    world = World()
    newer = Projection("notes", KIND, evolve, revision=2)
    project(world.store, world.views, newer, STREAM)
    before = world.row()
    refold(world.store, world.views, NOTES, STREAM)
    assert world.row() == before


class Rival(MemoryViewStore):
    """At the first save, somebody else has just gone on from the row as it was, and saves after us."""

    def __init__(self) -> None:
        super().__init__()
        self.stolen: Row | None = None
        self.outcome: list[bool] = []
        self.waits = False

    def save(self, row: Row, replaces: Row | None) -> bool:
        saved = super().save(row, replaces)
        if self.waits and row.revision == 0:
            self.waits = False
            assert replaces
            late = Row("notes", STREAM, replaces.position, replaces.revision, {"who": "Doe", "seen": 9})
            self.outcome.append(super().save(late, replaces))
        return saved


def test_a_rival_who_goes_on_from_the_row_as_it_was_cannot_save() -> None:
    views = Rival()
    world = World(views)
    world.shred()
    views.waits = True
    refold(world.store, world.views, NOTES, STREAM)
    assert views.outcome == [False]
    assert world.row().document == {"who": "", "seen": 3}


class Broken(MemoryEventStore):
    """Nothing can be read."""

    def commits(self, stream: StreamId, after: int = 0) -> Iterator[Commit]:
        raise RuntimeError("not now")


def test_a_crash_on_the_way_leaves_a_row_that_readers_see_and_the_next_nudge_folds_anew() -> None:
    world = World()
    world.shred()
    with pytest.raises(RuntimeError):
        refold(Broken(), world.views, NOTES, STREAM)
    shown = world.views.get("acme", "notes", "n-1")
    assert shown
    assert shown.document["seen"] == 3
    project(world.store, world.views, NOTES, STREAM)
    assert world.row().document == {"who": "", "seen": 3}
