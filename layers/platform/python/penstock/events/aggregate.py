"""Aggregates: state that is folded from a stream, with snapshots to start from.

A snapshot is disposable: it speeds a load up, is ignored when another fold made it, and losing it loses nothing.
Writers take none; `events.snapshots` does, after them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from penstock.clock import NewId, new_id
from penstock.events.model import Commit, Draft, Event, Origin, Position, StreamId
from penstock.events.store import START, EventStore, contiguous
from penstock.events.types import EventTypes
from penstock.json import JSON

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state as JSON, where in its stream it was taken, and the version of the fold that made it."""

    position: Position
    fold_version: int
    state: JSON

    @property
    def age(self) -> tuple[int, int]:
        """What grows from an older snapshot of a stream to a newer: the fold's version, then the events'."""
        return self.fold_version, self.position.version


class SnapshotStore(Protocol):
    """Keeps the newest snapshot of each stream."""

    def load(self, stream: StreamId) -> Snapshot | None:
        """The stream's snapshot, if there is one."""
        ...

    def save(self, stream: StreamId, snapshot: Snapshot) -> None:
        """Keep a snapshot; an older one, by `age`, never replaces a newer one."""
        ...

    def delete(self, stream: StreamId) -> None:
        """Take the stream's snapshot away, if there is one."""
        ...


class MemorySnapshotStore:
    """A SnapshotStore in memory."""

    def __init__(self) -> None:
        self._snapshots: dict[StreamId, Snapshot] = {}

    def load(self, stream: StreamId) -> Snapshot | None:
        """See SnapshotStore.load."""
        return self._snapshots.get(stream)

    def save(self, stream: StreamId, snapshot: Snapshot) -> None:
        """See SnapshotStore.save."""
        kept = self._snapshots.get(stream)
        if kept is None or kept.age < snapshot.age:
            self._snapshots[stream] = snapshot

    def delete(self, stream: StreamId) -> None:
        """See SnapshotStore.delete."""
        self._snapshots.pop(stream, None)


@dataclass(frozen=True, slots=True)
class Every:
    """A snapshot policy: one is taken when this many `events` came after the last."""

    events: int = 100


@dataclass(frozen=True)
class Aggregate(Generic[S]):
    """How the streams of one kind fold. `evolve` may change and return the state it is given.

    `fold_version` rises when `evolve` or the state's shape changes; snapshots of other versions are then ignored.
    `dump` and `restore` turn a state into JSON and back; a kind that has a policy for `snapshots` needs both.
    """

    types: EventTypes
    initial: Callable[[StreamId], S]
    evolve: Callable[[S, Any, Event], S]
    fold_version: int = 1
    dump: Callable[[S], JSON] | None = None
    restore: Callable[[JSON], S] | None = None
    snapshots: Every | None = None

    def __post_init__(self) -> None:
        if self.snapshots and not (self.dump and self.restore):
            raise ValueError(f"the kind {self.types.kind} takes snapshots, and cannot dump and restore its state")

    def stream(self, tenant: str, key: str) -> StreamId:
        """The stream of the aggregate named `key`."""
        return StreamId(tenant, self.types.kind, key)

    def fold(self, state: S, events: Sequence[Event]) -> S:
        """The state after the events. Raises UnknownEventType."""
        for event in events:
            state = self.evolve(state, self.types.decode(event), event)
        return state


@dataclass(frozen=True, slots=True)
class Loaded(Generic[S]):
    """A state and the position it stands at."""

    stream: StreamId
    state: S
    position: Position

    @property
    def exists(self) -> bool:
        """Whether the stream has any event."""
        return self.position.version > 0


@dataclass(frozen=True)
class Repository(Generic[S]):
    """Loads and saves the aggregates of one kind."""

    aggregate: Aggregate[S]
    store: EventStore
    snapshots: SnapshotStore
    new_id: NewId = new_id

    def load(self, stream: StreamId) -> Loaded[S]:
        """The newest state: from the snapshot if there is a usable one, then the commits after it."""
        state, start = self._start(self._usable(stream), stream)
        return self._fold(stream, state, start)

    def take_snapshot(self, stream: StreamId) -> bool:
        """Take a snapshot if the policy wants one by now; whether it did.

        Events are counted from the newest snapshot that this fold made, so that one of an older fold is replaced.
        """
        policy, dump = self.aggregate.snapshots, self.aggregate.dump
        if policy is None or dump is None:
            return False
        kept = self._usable(stream)
        after = kept.position if kept else START
        commits = self.store.commits(stream, after.commit)
        if not any(commit.position.version >= after.version + policy.events for commit in commits):
            return False
        loaded = self._fold(stream, *self._start(kept, stream))
        self.snapshots.save(stream, Snapshot(loaded.position, self.aggregate.fold_version, dump(loaded.state)))
        return True

    def load_at(self, stream: StreamId, *, version: int | None = None, time: datetime | None = None) -> Loaded[S]:
        """The state as it was after `version`, or at `time` (UTC). Never appended to: its position is not the end."""
        state, position = self.aggregate.initial(stream), START
        for commit in contiguous(stream, self.store.commits(stream), 0):
            for event in commit.events:
                if (version is not None and event.version > version) or (time is not None and event.time > time):
                    return Loaded(stream, state, position)
                state = self.aggregate.fold(state, (event,))
                position = Position(position.commit, event.version)
            position = commit.position
        return Loaded(stream, state, position)

    def save(
        self,
        loaded: Loaded[S],
        events: Sequence[Any],
        at: datetime,
        origin: Origin,
        commit_id: str | None = None,
    ) -> Loaded[S]:
        """Append domain events after `loaded`, and fold them in. Raises Conflict when the stream has moved on."""
        drafts = [self.aggregate.types.draft(event, at) for event in events]
        commit = self.store.append(
            loaded.stream,
            drafts,
            expected=loaded.position,
            commit_id=commit_id or self.new_id(),
            origin=origin,
        )
        return Loaded(loaded.stream, self._fold_saved(loaded.state, events, drafts, commit), commit.position)

    def _fold_saved(self, state: S, events: Sequence[Any], drafts: Sequence[Draft], commit: Commit) -> S:
        """Fold what was just written without decoding it; what a repeated append wrote before was read back."""
        if commit.events[0].data is not drafts[0].data:
            return self.aggregate.fold(state, commit.events)
        for event, stored in zip(events, commit.events, strict=True):
            state = self.aggregate.evolve(state, event, stored)
        return state

    def _usable(self, stream: StreamId) -> Snapshot | None:
        """The stream's snapshot, if this fold made it."""
        kept = self.snapshots.load(stream) if self.aggregate.snapshots else None
        return kept if kept and kept.fold_version == self.aggregate.fold_version else None

    def _start(self, kept: Snapshot | None, stream: StreamId) -> tuple[S, Position]:
        if kept and self.aggregate.restore:
            return self.aggregate.restore(kept.state), kept.position
        return self.aggregate.initial(stream), START

    def _fold(self, stream: StreamId, state: S, start: Position) -> Loaded[S]:
        position = start
        commit: Commit
        for commit in contiguous(stream, self.store.commits(stream, start.commit), start.commit):
            state = self.aggregate.fold(state, commit.events)
            position = commit.position
        return Loaded(stream, state, position)
