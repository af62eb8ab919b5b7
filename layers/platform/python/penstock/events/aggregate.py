"""Aggregates: state that is folded from a stream, with snapshots to start from.

A snapshot is disposable: it speeds a load up, is ignored when an older fold made it, and losing it loses nothing.
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
SNAPSHOT_EVERY = 100


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state as JSON, where in its stream it was taken, and the version of the fold that made it."""

    position: Position
    fold_version: int
    state: JSON


class SnapshotStore(Protocol):
    """Keeps the newest snapshot of each stream."""

    def load(self, stream: StreamId) -> Snapshot | None:
        """The stream's snapshot, if there is one."""
        ...

    def save(self, stream: StreamId, snapshot: Snapshot) -> None:
        """Keep a snapshot; an older one never replaces a newer one."""
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
        if kept is None or kept.position.version < snapshot.position.version:
            self._snapshots[stream] = snapshot


@dataclass(frozen=True)
class Aggregate(Generic[S]):
    """How the streams of one kind fold. `evolve` may change and return the state it is given.

    `fold_version` rises when `evolve` or the state's shape changes; older snapshots are then ignored.
    `dump` and `restore` turn a state into JSON and back; without them the kind takes no snapshots.
    """

    types: EventTypes
    initial: Callable[[StreamId], S]
    evolve: Callable[[S, Any, Event], S]
    fold_version: int = 1
    dump: Callable[[S], JSON] | None = None
    restore: Callable[[JSON], S] | None = None

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
        state, start = self._start(stream)
        return self._fold(stream, state, start)

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
        saved = Loaded(loaded.stream, self._fold_saved(loaded.state, events, drafts, commit), commit.position)
        self.snapshot(loaded.position, saved)
        return saved

    def _fold_saved(self, state: S, events: Sequence[Any], drafts: Sequence[Draft], commit: Commit) -> S:
        """Fold what was just written without decoding it; a repeated append may have written something else before."""
        if [event.data for event in commit.events] != [draft.data for draft in drafts]:
            return self.aggregate.fold(state, commit.events)
        for event, stored in zip(events, commit.events, strict=True):
            state = self.aggregate.evolve(state, event, stored)
        return state

    def snapshot(self, before: Position, saved: Loaded[S]) -> None:
        """Keep a snapshot when the events after `before` crossed a multiple of SNAPSHOT_EVERY."""
        if self.aggregate.dump and saved.position.version // SNAPSHOT_EVERY > before.version // SNAPSHOT_EVERY:
            state = self.aggregate.dump(saved.state)
            self.snapshots.save(saved.stream, Snapshot(saved.position, self.aggregate.fold_version, state))

    def _start(self, stream: StreamId) -> tuple[S, Position]:
        if self.aggregate.restore:
            snapshot = self.snapshots.load(stream)
            if snapshot and snapshot.fold_version == self.aggregate.fold_version:
                return self.aggregate.restore(snapshot.state), snapshot.position
        return self.aggregate.initial(stream), START

    def _fold(self, stream: StreamId, state: S, start: Position) -> Loaded[S]:
        position = start
        commit: Commit
        for commit in contiguous(stream, self.store.commits(stream, start.commit), start.commit):
            state = self.aggregate.fold(state, commit.events)
            position = commit.position
        return Loaded(stream, state, position)
