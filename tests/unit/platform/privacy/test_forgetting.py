"""How far forgetting reaches: to all that a transaction has led to, and no further than its keys."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.events import Draft, Event, Origin, StreamId
from penstock.events.aggregate import MemorySnapshotStore
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.keyring import MOST_STREAMS, MemoryKeyring
from penstock.events.memory import MemoryEventStore
from penstock.events.personal import declare
from penstock.events.store import START, head
from penstock.events.types import EventTypes
from penstock.privacy.errors import UnknownSubject
from penstock.privacy.finders import Found, SubjectFinder
from penstock.privacy.linking import Linking
from penstock.privacy.service import Subjects
from penstock.privacy.subject import AGGREGATE
from penstock.workflows.execution import events as execution

TENANT, KIND = "acme", "found_note"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
WHY = Origin("key:1", "request-1")
declare(KIND, "Noted", {"who": "", "as": ""})


def find(event: Event) -> Found:
    who, reference = event.data["who"], event.data["as"]
    return Found(frozenset({who} - {""}), frozenset({reference} - {""}))


class Anything(EventTypes):
    """Takes events as they are."""

    def upcast(self, event: Event) -> Any:
        return event.data


@dataclass
class World:
    """A store whose notes name people."""

    keyring: MemoryKeyring = field(default_factory=MemoryKeyring)

    def __post_init__(self) -> None:
        self.store, self.snapshots = MemoryEventStore(keyring=self.keyring), MemorySnapshotStore()
        finder = SubjectFinder(KIND, Anything(KIND), find)
        self.linking = Linking(
            self.store, self.snapshots, MemoryCheckpointStore(), self.keyring, lambda: {KIND: finder}
        )
        self.subjects = Subjects(self.store, self.snapshots, self.keyring)

    def note(self, key: str, who: str, correlation: str, reference: str = "") -> StreamId:
        stream = StreamId(TENANT, KIND, key)
        draft = Draft("Noted", {"who": who, "as": reference}, NOW)
        end = head(self.store.commits(stream))
        self.store.append(
            stream, [draft], expected=end, commit_id=f"{key}-{end.commit}", origin=Origin("workflow:w", correlation)
        )
        self.linking.catch_up(stream)
        return stream

    def run(self, key: str, correlation: str, who: str) -> StreamId:
        """An execution of the transaction, with an item about somebody."""
        stream = StreamId(TENANT, "execution", key)
        started = execution.ExecutionStarted("w", 1, "t", [{"who": who}], "event")
        draft = execution.EVENTS.draft(started, NOW)
        self.store.append(stream, [draft], expected=START, commit_id=key, origin=Origin("trigger", correlation))
        return stream

    def is_blank(self, *streams: StreamId) -> list[bool]:
        return [
            not any("Doe" in str(event.data) or "Roe" in str(event.data) for event in commit.events)
            for stream in streams
            for commit in self.store.commits(stream)
        ]

    def forget(self, who: str) -> Any:
        return self.subjects.forget(TENANT, who, "asked for it", WHY)


def test_what_a_transaction_led_to_goes_with_it_and_what_it_is_part_of_too() -> None:
    world = World()
    outer = world.run("e-1", "message-1", "Doe")
    note = world.note("n-1", "Doe", "e-1")
    inner = world.run("e-2", "e-1", "Doe")
    emitted = world.note("n-2", "", "e-2")
    world.forget("Doe")
    assert world.is_blank(outer, note, inner, emitted) == [True] * 4


def test_others_whose_executions_share_a_correlation_keep_what_was_filed_of_them() -> None:
    world = World()
    doe, roe = (world.run(f"e-{who}", "batch", who) for who in ("Doe", "Roe"))
    filed = [world.note(f"n-{who}", who, f"e-{who}") for who in ("Doe", "Roe")]
    world.forget("Doe")
    assert world.is_blank(*filed) == [True, False]
    assert world.is_blank(doe, roe) == [True, True], "a key seals a whole transaction: the batch"
    assert str(roe) in [str(stream) for stream in world.subjects.find(TENANT, "Doe").streams]


def test_a_person_is_forgotten_under_every_name_that_events_give_them() -> None:
    world = World()
    record = world.note("n-1", "Doe", "c-1", "Person/1")
    later = world.note("n-2", "", "c-2", "Person/1")
    stranger = world.note("n-3", "Roe", "c-3", "Person/2")
    assert set(world.subjects.find(TENANT, "Doe").streams) == {record, later}
    world.forget("Doe")
    assert world.is_blank(record, later, stranger) == [True, True, False]
    assert world.subjects.find(TENANT, "Person/1").subject.forgotten_at


def test_people_who_share_a_number_do_not_drag_each_other_along() -> None:
    world = World()
    world.note("n-1", "000", "c-1", "Person/1")
    other = world.note("n-2", "000", "c-2", "Person/2")
    filed = world.note("n-3", "Roe", "c-3", "Person/2")
    world.forget("Person/1")
    assert [event.data["who"] for commit in world.store.commits(other) for event in commit.events] == ["000"]
    assert world.is_blank(filed) == [False]


def test_more_streams_than_one_key_seals_are_all_forgotten() -> None:
    world = World()
    notes = [world.note(f"n-{number}", "Doe", "c-1") for number in range(MOST_STREAMS + 5)]
    world.forget("Doe")
    assert all(world.is_blank(*notes))
    assert len(world.subjects.find(TENANT, "Doe").streams) == len(notes)


def test_what_comes_later_is_data_again_until_it_is_forgotten_too() -> None:
    world = World()
    note = world.note("n-1", "Doe", "c-1")
    assert world.forget("Doe").families == frozenset()
    world.note("n-1", "Doe", "c-1")
    assert world.is_blank(note) == [True, False]
    assert world.subjects.find(TENANT, "Doe").subject.families
    assert len(world.forget("Doe").ended) == 2
    assert world.is_blank(note) == [True, True]


def test_nobody_is_forgotten_whom_nothing_names() -> None:
    with pytest.raises(UnknownSubject):
        World().forget("Doe")
    with pytest.raises(UnknownSubject):
        World().subjects.read(TENANT, "not a name # at all")


def test_no_stream_of_a_subject_says_who_it_is() -> None:
    world = World()
    world.note("n-1", "Doe", "c-1", "Person/1")
    world.forget("Doe")
    subjects = [stream for stream in world.store.streams() if stream.kind == "subject"]
    told = str([[commit.events for commit in world.store.commits(stream)] for stream in subjects])
    assert len(subjects) == 2
    assert "Doe" not in told
    assert "Person" not in told


def test_a_subject_is_the_same_from_a_snapshot() -> None:
    world = World()
    for number in range(3):
        world.note(f"n-{number}", "Doe", f"c-{number}", "Person/1")
    world.forget("Doe")
    world.note("n-9", "Doe", "c-9")
    subject = world.subjects.find(TENANT, "Doe").subject
    assert AGGREGATE.dump
    assert AGGREGATE.restore
    assert AGGREGATE.restore(AGGREGATE.dump(subject)) == subject
