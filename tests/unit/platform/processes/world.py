"""Processes in a world where messages are doubled, late and out of order, and functions die at any point of their work."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.events import Commit, Draft, EventStore, Origin, Position, StreamId
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.memory import MemoryEventStore
from penstock.events.projection import project
from penstock.events.views import MemoryViewStore
from penstock.processes.advancing import Advancing
from penstock.processes.observing import Observing
from penstock.processes.patterns import instance_key
from penstock.processes.service import Processes
from penstock.processes.state import AGGREGATE, Process
from penstock.processes.storing import Instances
from penstock.projections.processes import PROCESS_DEFINITIONS
from penstock.workflows.catalogue import catalogue
from penstock.workflows.execution.running import NodeRequest
from penstock.workflows.node import Emit, Kind, NodeFailure, NodeType, Outcome
from tests.unit.platform.sagas.participants import DO, UNDO, Killed, Ledger

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
TENANT, CORRELATION = "acme", "order-7"
PEOPLE = Origin("key:test", "people")
ENTRY = {"entry": "{{ $execution.key }}"}
REDELIVERY = timedelta(seconds=10)
MOST_MESSAGES = 20_000
TEST_NODES = {name: NodeType(name, Kind.ACTION, name, "", {"type": "object"}, None, None) for name in (DO, UNDO)}


def on(event_type: str, **more: Any) -> dict[str, Any]:
    return {"type": event_type, **more}


def task(name: str, *, undoes: bool = True, **more: Any) -> dict[str, Any]:
    made = {"name": name, "type": DO, "parameters": ENTRY, **more}
    undone = {"name": f"un{name}", "type": UNDO, "parameters": ENTRY, "retry": {"attempts": 3}}
    return {**made, "compensation": undone} if undoes else made


def state(name: str, *reactions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "reactions": list(reactions), **more}


def process(*states: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "Tested", "starts": [{"on": on("placed")}], "states": list(states), **more}


class Chance:
    """Whether something goes wrong now. Without a generator nothing does; what is not deadly crashes nothing."""

    def __init__(self, rng: random.Random | None, odds: float, is_deadly: bool) -> None:
        self.rng, self.odds, self.is_deadly = rng, odds, is_deadly

    def strikes(self) -> bool:
        return self.rng is not None and self.rng.random() < self.odds

    def crash(self) -> None:
        if self.is_deadly and self.strikes():
            raise Killed


class MortalStore:
    """The event store of functions that die before an append, or after it and before they hear of it."""

    def __init__(self, inner: MemoryEventStore, chance: Chance, told: Callable[[StreamId], None]) -> None:
        self.inner, self.chance, self.told = inner, chance, told

    def append(self, stream: StreamId, drafts: Sequence[Draft], **more: Any) -> Commit:
        self.chance.crash()
        commit = self.inner.append(stream, drafts, **more)
        self.told(stream)
        self.chance.crash()
        return commit

    def commits(self, stream: StreamId, after: int = 0) -> Iterator[Commit]:
        return self.inner.commits(stream, after)

    def packed(self, stream: StreamId) -> Any:
        return self.inner.packed(stream)


class MortalCheckpoints(MemoryCheckpointStore):
    """Checkpoints of functions that die around them."""

    def __init__(self, chance: Chance) -> None:
        super().__init__()
        self.chance = chance

    def advance(self, consumer: str, stream: StreamId, commit: int) -> None:
        self.chance.crash()
        super().advance(consumer, stream, commit)
        self.chance.crash()


@dataclass
class Participant:
    """A NodeRunner. What is `refused` or `broken` stays so; each action fails at most twice in passing."""

    ledger: Ledger
    chance: Chance
    refused: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    passing: Counter[str] = field(default_factory=Counter)
    requests: list[NodeRequest] = field(default_factory=list)

    def run(self, request: NodeRequest) -> Outcome:
        self.requests.append(request)
        entry = request.parameters[0]["entry"]
        name = entry.rpartition("/")[2]
        self.chance.crash()
        if self.chance.is_deadly and self.chance.strikes() and self.passing[request.key] < 2:
            self.passing[request.key] += 1
            raise NodeFailure("Unavailable", "not now")
        if request.type == DO and name in self.refused:
            raise NodeFailure("Refused", "never", permanent=True)
        if request.type == UNDO and name in self.broken:
            raise NodeFailure("Broken", "never", permanent=True)
        (self.ledger.do if request.type == DO else self.ledger.undo)(entry)
        self.chance.crash()
        return Emit.main([{"entry": entry}])


@dataclass(order=True)
class Message:
    """What waits in a queue until `due`: work to be done then."""

    due: datetime
    number: int
    work: Callable[[], object] = field(compare=False)


class World:
    """One tenant, one definition. Time goes on only when nothing is left to be done."""

    def __init__(
        self,
        document: dict[str, Any],
        rng: random.Random | None = None,
        *,
        odds: float = 0.08,
        is_deadly: bool = True,
        **participant: Any,
    ) -> None:
        self.rng, self.chance, self.now = rng, Chance(rng, odds, is_deadly), NOW
        self.queue: list[Message] = []
        self.sent = 0
        self.inner = MemoryEventStore()
        self.views = MemoryViewStore()
        self.store: EventStore = MortalStore(self.inner, self.chance, self._nudge)
        self.checkpoints = MortalCheckpoints(self.chance)
        self.participant = Participant(Ledger(), self.chance, **participant)
        self.instances = Instances(self.store, lambda: self.now)
        self.advancing = Advancing(self.instances, self.participant, self, lambda retry, failures: 1.0)
        self.people = Processes(Instances(self.inner, lambda: self.now), {**catalogue(), **TEST_NODES}, {})
        self.definition = self.people.create(TENANT, document, PEOPLE).id
        self.publish()

    def publish(self, document: dict[str, Any] | None = None) -> None:
        """Make the document, or the draft, a version that is heard by."""
        if document:
            self.people.change(TENANT, self.definition.key, document, PEOPLE)
        self.people.publish(TENANT, self.definition.key, PEOPLE)
        self.project()

    def project(self) -> None:
        project(self.inner, self.views, PROCESS_DEFINITIONS, self.definition)

    def happens(
        self, event_type: str, data: dict[str, Any] | None = None, *, key: str = "", kind: str = "event", **origin: Any
    ) -> str:
        """Something happens elsewhere, now; its consumers are told, sooner or later. Returns the event's id."""
        stream = StreamId(TENANT, kind, key or f"e{self.sent}")
        end = Position()
        for commit in self.inner.commits(stream):
            end = commit.position
        caused = Origin(origin.get("actor", "somebody"), origin.get("correlation", CORRELATION))
        draft = Draft(event_type, data or {}, self.now)
        commit = self.inner.append(stream, [draft], expected=end, commit_id=f"c{self.sent}", origin=caused)
        late = self.rng.uniform(0, 60) if self.rng else 0
        self.send(lambda: self.observe(stream), timedelta(seconds=late))
        return commit.events[0].id

    def observe(self, stream: StreamId) -> None:
        Observing(self.instances, self.views, self.checkpoints).catch_up(stream)

    def at(self, instance: StreamId, time: datetime) -> None:
        """See Wakes.at."""
        self.chance.crash()
        self.send(lambda: self.advancing.advance(instance, woken=time), time - self.now)
        self.chance.crash()

    def send(self, work: Callable[[], object], delay: timedelta = timedelta()) -> None:
        self.sent += 1
        self.queue.append(Message(self.now + max(delay, timedelta()), self.sent, work))

    def passes(self, seconds: float = 0) -> None:
        """All that is due by then is done; what fails comes again, and what comes may come twice and in any order."""
        end = self.now + timedelta(seconds=seconds)
        while self.queue and (first := min(self.queue)).due <= end:
            self.now = max(self.now, first.due)
            self._deliver(self._pick(first))
            assert self.sent < MOST_MESSAGES, "it goes on for ever"
        self.now = end

    def load(self, correlation: str = CORRELATION) -> Process:
        return self.instances.load(self.stream(correlation)).state

    def stream(self, correlation: str = CORRELATION) -> StreamId:
        return AGGREGATE.stream(TENANT, instance_key(TENANT, self.definition.key, correlation))

    def types(self, correlation: str = CORRELATION) -> list[str]:
        return [event.type for commit in self.inner.commits(self.stream(correlation)) for event in commit.events]

    def effects(self) -> set[str]:
        """The actions whose effects stand, by the names of their runs."""
        return {key.rpartition("/")[2] for key, stands in self.participant.ledger.standing.items() if stands}

    def _pick(self, first: Message) -> Message:
        ready = [message for message in self.queue if message.due <= self.now]
        return self.rng.choice(ready) if self.rng else first

    def _deliver(self, message: Message) -> None:
        if not self.chance.strikes():  # else it comes a second time
            self.queue.remove(message)
        try:
            message.work()
        except Killed:
            self.send(message.work, REDELIVERY)

    def _nudge(self, stream: StreamId) -> None:
        if stream.kind == AGGREGATE.types.kind:
            self.send(lambda: self.advancing.advance(stream))
