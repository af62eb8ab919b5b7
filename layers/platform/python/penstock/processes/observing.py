"""Events of any stream, noted in the instances that they belong to; the first of one starts it.

A nudge of a stream brings all that it has after the checkpoint, so that nothing is missed and one stream's events are
met in order. Those of two streams are not: one that comes before the event that starts its process waits for it.

Where nobody listens to a kind of stream, nothing of it is read, and no checkpoint is kept. Who starts to listen
later meets the stream from its beginning, and passes over what was before.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, product

from penstock.clock import to_millis
from penstock.documents.lifecycle import Status, Version
from penstock.events import Event, Origin, StreamId
from penstock.events.aggregate import MemorySnapshotStore, Repository
from penstock.events.checkpoints import CheckpointStore
from penstock.events.store import contiguous
from penstock.events.views import ViewStore
from penstock.processes import deciding
from penstock.processes.advancing import ACTOR
from penstock.processes.deciding import Beginning, Events, Sighting
from penstock.processes.definition import Move, Pattern, Watched
from penstock.processes.lifecycle import AGGREGATE as DEFINITIONS
from penstock.processes.lifecycle import Definition
from penstock.processes.patterns import LOOKUP, OWN_KINDS, correlations, instance_key, parsed
from penstock.processes.state import AGGREGATE, Process
from penstock.processes.storing import Instances
from penstock.workflows.triggers import event_item

CONSUMER = "process_events"
COMMITS_A_STEP = 50
LONGEST_CHAIN = 10
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Concern:
    """An instance that an event belongs to, by a version of its definition: what it starts it with, if it does.

    `is_watched`: it is reacted to in some state; `waits`: also when it comes before the instance has started.
    """

    instance: StreamId
    definition: Definition
    version: Version
    correlation: str
    start: Move | None
    is_watched: bool
    waits: bool


@dataclass(frozen=True)
class Observing:
    """Notes events; one serves one batch, and looks listeners up once."""

    instances: Instances
    views: ViewStore
    checkpoints: CheckpointStore
    _listeners: dict[tuple[str, str], tuple[Definition, ...]] = field(default_factory=dict)

    def catch_up(self, stream: StreamId) -> None:
        """Note what the stream has after the checkpoint. Raises StreamGap, Conflict."""
        if stream.kind in OWN_KINDS or not (listening := self._listening(stream.tenant, stream.kind)):
            return
        noted = self.checkpoints.load(CONSUMER, stream)
        commits = contiguous(stream, self.instances.store.commits(stream, noted), noted)
        while step := tuple(islice(commits, COMMITS_A_STEP)):
            events = ((event, commit.number) for commit in step for event in commit.events)
            for (event, number), definition in product(events, listening):
                self._observe(definition, event, number)
            self.checkpoints.advance(CONSUMER, stream, step[-1].number)

    def _listening(self, tenant: str, kind: str) -> tuple[Definition, ...]:
        """The definitions with a version that listens to streams of the kind."""
        if (tenant, kind) not in self._listeners:
            repository = Repository(DEFINITIONS, self.instances.store, MemorySnapshotStore())
            found = (
                repository.load(DEFINITIONS.stream(tenant, key)) for key in self.views.lookup(tenant, LOOKUP, kind)
            )
            self._listeners[tenant, kind] = tuple(loaded.state for loaded in found)
        return self._listeners[tenant, kind]

    def _observe(self, definition: Definition, event: Event, commit: int) -> None:
        sighting = Sighting(event.id, commit, event.stream.kind, event.type, to_millis(event.time))
        origin = Origin(f"{ACTOR}:{definition.id.key}", event.origin.correlation, event.id)
        for concern in concerns(definition, event):
            decide = partial(self._decide, concern, event, sighting)
            self.instances.settle(concern.instance, decide, lambda _: origin)

    def _decide(self, concern: Concern, event: Event, sighting: Sighting, process: Process) -> Events:
        if process.has_started:
            is_its_own = concern.is_watched and process.version == concern.version.number
            return deciding.observe(process, sighting) if is_its_own else []
        if not _may_start(concern, event):
            return []
        if concern.start is None:
            return deciding.observe(process, sighting) if concern.waits else []
        depth = self._depth(event)
        if depth > LONGEST_CHAIN:
            _LOG.warning("process %s does not start on %s: that could go on for ever", concern.definition.id, event.id)
            return []
        return deciding.start(process, sighting, _beginning(concern, concern.start, event, depth))

    def _depth(self, event: Event) -> int:
        """How many processes have set each other off, with the one that the event starts."""
        before, _, instance = event.origin.actor.partition(f"workflow:{ACTOR}/")
        if before or not instance:
            return 1
        return self.instances.load(AGGREGATE.stream(event.stream.tenant, instance)).state.depth + 1


def concerns(definition: Definition, event: Event) -> Iterator[Concern]:
    """The instances that an event belongs to, each once a version; the newest version first."""
    item = event_item(event)
    for version in reversed(definition.versions):
        parts = parsed(version.definition)
        moves = {id(start.on): start for start in parts.starts}
        meant: dict[str, list[Pattern]] = {}
        for pattern, value in correlations(parts, item, event.time):
            meant.setdefault(value, []).append(pattern)
        for value, patterns in meant.items():
            yield Concern(
                AGGREGATE.stream(event.stream.tenant, instance_key(event.stream.tenant, definition.id.key, value)),
                definition,
                version,
                value,
                next((moves[id(pattern)] for pattern in patterns if id(pattern) in moves), None),
                any(isinstance(pattern, Watched) for pattern in patterns),
                any(isinstance(pattern, Watched) and pattern.early == "wait" for pattern in patterns),
            )


def _may_start(concern: Concern, event: Event) -> bool:
    is_newest = concern.version is concern.definition.versions[-1]
    return is_newest and concern.definition.status is Status.PUBLISHED and event.time >= concern.version.published_at


def _beginning(concern: Concern, move: Move, event: Event, depth: int) -> Beginning:
    return Beginning(
        concern.definition.id.key,
        concern.version.number,
        concern.version.definition,
        concern.correlation,
        event.origin.correlation,
        depth,
        move,
    )
