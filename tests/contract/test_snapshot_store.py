"""What every SnapshotStore does, and how aggregates use one."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import DataObject, data, integers, lists, sampled_from

from penstock.events import Event, EventStore, Origin, Position, StreamId, UnknownEventType
from penstock.events.aggregate import Aggregate, Every, MemorySnapshotStore, Repository, Snapshot, SnapshotStore
from penstock.events.memory import MemoryEventStore
from penstock.events.model import Draft
from penstock.events.store import START
from penstock.events.types import EventTypes
from penstock.json import JSONObject

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ORIGIN = Origin("clerk", "counting")
TALLY = EventTypes("tally")


@TALLY.type
@dataclass(frozen=True, slots=True)
class Added:
    amount: int


@TALLY.upcaster("Added", 1)
def _(data: JSONObject) -> JSONObject:
    return {"sum": data.pop("n")}


@TALLY.upcaster("Added", 2)
def _(data: JSONObject) -> JSONObject:
    return {"amount": data["sum"] * 10}


def tally(fold_version: int = 1) -> Aggregate[int]:
    def evolve(total: int, event: Added, _: Event) -> int:
        return total + event.amount

    return Aggregate(TALLY, lambda _: 0, evolve, fold_version, lambda total: total, lambda state: state, Every(100))


@pytest.fixture
def stream(tenant: str) -> StreamId:
    return StreamId(tenant, "tally", "t-1")


def at(version: int, state: Any = None, fold_version: int = 1) -> Snapshot:
    return Snapshot(Position(version, version), fold_version, state)


def test_a_stream_without_a_snapshot_has_none(snapshots: SnapshotStore, stream: StreamId) -> None:
    assert snapshots.load(stream) is None


def test_a_snapshot_comes_back_as_it_was(snapshots: SnapshotStore, stream: StreamId) -> None:
    snapshot = Snapshot(Position(3, 17), 4, {"a": [1, 2.5, None, "ü"]})
    snapshots.save(stream, snapshot)
    assert snapshots.load(stream) == snapshot


def test_the_newest_snapshot_wins_in_whatever_order_they_come(snapshots: SnapshotStore, stream: StreamId) -> None:
    for version in (100, 300, 200):
        snapshots.save(stream, at(version))
    assert snapshots.load(stream) == at(300)


def test_a_snapshot_larger_than_an_item_is_kept(snapshots: SnapshotStore, stream: StreamId) -> None:
    states = [random.Random(seed).randbytes(600_000).hex() for seed in range(3)]
    for version in (1, 3, 2):
        snapshots.save(stream, at(version, states[version - 1]))
    assert snapshots.load(stream) == at(3, states[2])
    snapshots.save(stream, at(4, "small again"))
    assert snapshots.load(stream) == at(4, "small again")


def test_snapshots_of_tenants_are_apart(snapshots: SnapshotStore, stream: StreamId) -> None:
    snapshots.save(stream, at(1, "mine"))
    assert snapshots.load(StreamId(f"{stream.tenant}x", stream.kind, stream.key)) is None


def test_a_snapshot_of_a_newer_fold_wins_whatever_its_version(snapshots: SnapshotStore, stream: StreamId) -> None:
    snapshots.save(stream, at(300, "old", fold_version=1))
    snapshots.save(stream, at(200, "new", fold_version=2))
    snapshots.save(stream, at(400, "older code, still running", fold_version=1))
    assert snapshots.load(stream) == at(200, "new", fold_version=2)


def test_writers_take_no_snapshot(store: EventStore, snapshots: SnapshotStore, stream: StreamId) -> None:
    repository = Repository(tally(), store, snapshots)
    repository.save(repository.load(stream), [Added(1)] * 250, NOW, ORIGIN)
    assert snapshots.load(stream) is None


def test_a_snapshot_is_taken_when_the_policys_events_came_since_the_last(
    store: EventStore, snapshots: SnapshotStore, stream: StreamId
) -> None:
    repository = Repository(tally(), store, snapshots)
    taken = []
    for count in (99, 2, 99, 1):
        repository.save(repository.load(stream), [Added(1)] * count, NOW, ORIGIN)
        taken.append(repository.take_snapshot(stream))
    assert taken == [False, True, False, True]
    assert snapshots.load(stream) == Snapshot(Position(4, 201), 1, 201)
    assert not repository.take_snapshot(stream)


def test_a_snapshot_of_an_older_fold_is_replaced(store: EventStore, snapshots: SnapshotStore, stream: StreamId) -> None:
    repository = Repository(tally(), store, snapshots)
    repository.save(repository.load(stream), [Added(1)] * 100, NOW, ORIGIN)
    snapshots.save(stream, Snapshot(Position(1, 100), 1, "of another shape"))
    newer = Repository(tally(fold_version=2), store, snapshots)
    assert newer.take_snapshot(stream)
    assert snapshots.load(stream) == Snapshot(Position(1, 100), 2, 100)
    assert newer.load(stream).state == 100


def test_a_policy_needs_a_way_to_dump_and_restore() -> None:
    with pytest.raises(ValueError, match="the kind tally"):
        Aggregate(TALLY, lambda _: 0, lambda total, *_: total, snapshots=Every())


@given(commits=lists(lists(integers(0, 9), min_size=1, max_size=5), min_size=1, max_size=8), data=data())
def test_a_load_from_any_snapshot_is_the_fold_from_zero(commits: list[list[int]], data: DataObject) -> None:
    store, stream = MemoryEventStore(), StreamId("any", "tally", "t-1")
    repository = Repository(tally(), store, MemorySnapshotStore())
    states = [repository.load(stream)]
    for amounts in commits:
        states.append(repository.save(states[-1], [Added(amount) for amount in amounts], NOW, ORIGIN))
    kept = data.draw(sampled_from(states))
    snapshots = MemorySnapshotStore()
    snapshots.save(stream, Snapshot(kept.position, 1, kept.state))
    assert Repository(tally(), store, snapshots).load(stream) == states[-1] == repository.load(stream)


def test_loading_starts_from_the_snapshot(store: EventStore, snapshots: SnapshotStore, stream: StreamId) -> None:
    repository = Repository(tally(), store, snapshots)
    loaded = repository.save(repository.load(stream), [Added(1)], NOW, ORIGIN)
    repository.save(loaded, [Added(2)], NOW, ORIGIN)
    snapshots.save(stream, Snapshot(Position(1, 1), 1, 1000))
    assert repository.load(stream).state == 1002


def test_a_snapshot_of_an_older_fold_is_ignored(store: EventStore, snapshots: SnapshotStore, stream: StreamId) -> None:
    repository = Repository(tally(), store, snapshots)
    repository.save(repository.load(stream), [Added(1)], NOW, ORIGIN)
    snapshots.save(stream, Snapshot(Position(1, 1), 1, 1000))
    assert Repository(tally(fold_version=2), store, snapshots).load(stream).state == 1


def test_an_append_after_a_snapshot_conflicts_with_a_rival(
    store: EventStore, snapshots: SnapshotStore, stream: StreamId
) -> None:
    from penstock.events import Conflict

    repository = Repository(tally(), store, snapshots)
    repository.save(repository.load(stream), [Added(1)] * 100, NOW, ORIGIN)
    mine, rival = repository.load(stream), repository.load(stream)
    repository.save(rival, [Added(1)], NOW, ORIGIN)
    with pytest.raises(Conflict):
        repository.save(mine, [Added(1)], NOW, ORIGIN)


def test_old_schemas_are_upcast_through_every_version(
    store: EventStore, snapshots: SnapshotStore, stream: StreamId
) -> None:
    old = [Draft("Added", {"n": 1}, NOW, 1), Draft("Added", {"sum": 2}, NOW, 2), Draft("Added", {"amount": 3}, NOW, 3)]
    store.append(stream, old, expected=START, commit_id="c-1", origin=ORIGIN)
    assert Repository(tally(), store, snapshots).load(stream).state == 10 + 20 + 3


@pytest.mark.parametrize("draft", [Draft("Added", {}, NOW, 4), Draft("Removed", {}, NOW, 1)], ids=["schema", "type"])
def test_what_newer_code_stored_is_refused(
    store: EventStore, snapshots: SnapshotStore, stream: StreamId, draft: Draft
) -> None:
    store.append(stream, [draft], expected=START, commit_id="c-1", origin=ORIGIN)
    with pytest.raises(UnknownEventType):
        Repository(tally(), store, snapshots).load(stream)
