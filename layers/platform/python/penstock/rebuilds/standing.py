"""Where a projection of a tenant stands, and what may follow: pure, and safe to ask for twice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from penstock.clock import Clock, to_millis
from penstock.events.aggregate import Aggregate, MemorySnapshotStore, Repository
from penstock.events.commands import Commands, Decisions
from penstock.events.model import Event, StreamId
from penstock.events.projection import Described
from penstock.events.store import EventStore
from penstock.rebuilds.errors import NoRebuild, RebuildRunning
from penstock.rebuilds.events import (
    EVENTS,
    RebuildAbandoned,
    RebuildResumed,
    RebuildStarted,
    RebuildSwitched,
    SliceRebuilt,
    StreamNotRebuilt,
)

MOST_SLICES = 64
ENTRIES_A_SLICE = 50
MOST_FAILED = 100
Events = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A generation in the making. `started` is in ms UTC; `failed` are streams that could not be folded."""

    generation: int
    revision: int
    head: int
    slices: int
    started: int
    actor: str
    done: frozenset[int] = frozenset()
    failed: tuple[str, ...] = ()

    @property
    def open(self) -> Sequence[int]:
        """The slices that are not folded yet."""
        return [number for number in range(self.slices) if number not in self.done]

    def bounds(self, number: int) -> tuple[int, int]:
        """The feed entries of a slice: after the first number, up to the second."""
        return self.head * number // self.slices, self.head * (number + 1) // self.slices


@dataclass(frozen=True, slots=True)
class Standing:
    """`live` is the generation that readers see, `newest` the last that was begun; both count from 1."""

    id: StreamId
    live: int = 1
    newest: int = 1
    rebuild: Rebuild | None = None
    outcome: str = ""
    """Why the last rebuild was given up; empty when it was not."""

    def making(self, generation: int) -> Rebuild | None:
        """The rebuild that makes a generation, while it does."""
        return self.rebuild if self.rebuild and self.rebuild.generation == generation else None

    @property
    def kept_up(self) -> Sequence[int]:
        """The generations that the projector writes."""
        return [self.live, self.rebuild.generation] if self.rebuild else [self.live]


@dataclass(frozen=True, slots=True)
class StartRebuild:
    """Begin a generation by code of a revision, from a feed of `head` entries."""

    revision: int
    head: int
    most_slices: int = MOST_SLICES

    @classmethod
    def of(cls, projection: Described, head: int) -> "StartRebuild":
        """One slice for what follows the feed: that is read in its order."""
        return cls(projection.revision, head, 1 if projection.consumer else MOST_SLICES)


@dataclass(frozen=True, slots=True)
class FinishSlice:
    """A slice is folded."""

    generation: int
    slice: int


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """A stream cannot be folded; the first MOST_FAILED are told."""

    generation: int
    key: str
    error: str


@dataclass(frozen=True, slots=True)
class SwitchOver:
    """Show the generation to readers, or give it up where streams could not be folded."""

    generation: int


@dataclass(frozen=True, slots=True)
class ResumeRebuild:
    """Hand out again what is not done."""


@dataclass(frozen=True, slots=True)
class AbandonRebuild:
    """Give the generation up that is being made."""

    reason: str


def _start(standing: Standing, command: StartRebuild) -> Events:
    if standing.rebuild:
        raise RebuildRunning(standing.id.key)
    slices = min(command.most_slices, max(1, -(-command.head // ENTRIES_A_SLICE)))
    return [RebuildStarted(standing.newest + 1, command.revision, command.head, slices)]


def _finish_slice(standing: Standing, command: FinishSlice) -> Events:
    known = standing.making(command.generation)
    return [SliceRebuilt(command.generation, command.slice)] if known and command.slice not in known.done else []


def _leave_out(standing: Standing, command: LeaveOut) -> Events:
    known = standing.making(command.generation)
    is_new = known and command.key not in known.failed and len(known.failed) < MOST_FAILED
    return [StreamNotRebuilt(command.generation, command.key, command.error)] if is_new else []


def _switch(standing: Standing, command: SwitchOver) -> Events:
    known = standing.making(command.generation)
    if known is None or known.open:
        return []
    if known.failed:
        return [RebuildAbandoned(command.generation, f"these streams cannot be folded: {', '.join(known.failed)}")]
    return [RebuildSwitched(command.generation, standing.live, known.head)]


def _resume(standing: Standing, _: ResumeRebuild) -> Events:
    if standing.rebuild is None:
        raise NoRebuild(standing.id.key)
    return [RebuildResumed(standing.rebuild.generation)]


def _abandon(standing: Standing, command: AbandonRebuild) -> Events:
    if standing.rebuild is None:
        raise NoRebuild(standing.id.key)
    return [RebuildAbandoned(standing.rebuild.generation, command.reason)]


DECISIONS: Decisions[Standing] = {
    StartRebuild: _start,
    FinishSlice: _finish_slice,
    LeaveOut: _leave_out,
    SwitchOver: _switch,
    ResumeRebuild: _resume,
    AbandonRebuild: _abandon,
}


def _evolve(standing: Standing, event: Any, stored: Event) -> Standing:
    match event:
        case RebuildStarted(generation, revision, head, slices):
            began = Rebuild(generation, revision, head, slices, to_millis(stored.time), stored.origin.actor)
            return replace(standing, newest=generation, rebuild=began, outcome="")
        case SliceRebuilt(_, number) if known := standing.rebuild:
            return replace(standing, rebuild=replace(known, done=known.done | {number}))
        case StreamNotRebuilt(_, key) if known := standing.rebuild:
            return replace(standing, rebuild=replace(known, failed=(*known.failed, key)))
        case RebuildSwitched(generation):
            return replace(standing, live=generation, rebuild=None)
        case RebuildAbandoned(_, reason):
            return replace(standing, rebuild=None, outcome=reason)
        case _:
            return standing


AGGREGATE = Aggregate(EVENTS, Standing, _evolve)


def load(store: EventStore, stream: StreamId) -> Standing:
    """A standing as it is now."""
    return _repository(store).load(stream).state


def commands(store: EventStore, clock: Clock) -> Commands[Standing]:
    """What handles the commands."""
    return Commands(_repository(store), DECISIONS, clock)


def _repository(store: EventStore) -> Repository[Standing]:
    return Repository(AGGREGATE, store, MemorySnapshotStore())
