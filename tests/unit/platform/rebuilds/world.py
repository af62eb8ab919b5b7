"""A read model that follows the feed, its rebuilds, and a fate that kills the process at a write."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from penstock.events import Origin, StreamId
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.feed import feed_stream
from penstock.events.views import MemoryViewStore, Row
from penstock.metrics.buckets import projection
from penstock.metrics.counting import Beginnings
from penstock.metrics.following import Counting
from penstock.metrics.reading import listed
from penstock.projections.metrics import METRICS
from penstock.projections.search import SEARCH
from penstock.rebuilds.followed import Followed, Follower, Following, keep_up
from penstock.rebuilds.generations import Generations, stored_name
from penstock.rebuilds.making import Spent
from penstock.rebuilds.service import Rebuilds
from penstock.rebuilds.standing import AGGREGATE, Standing
from penstock.rebuilds.tasks import Task, hand_out
from penstock.rebuilds.worker import Worker
from penstock.search import Document, Query
from penstock.search.following import Indexing
from penstock.search.generations import GenerationIndex, index_of
from penstock.search.searchable import Read, Searchable
from penstock.search.stored import StoredIndex
from penstock.search.storing import MemoryIndexStore
from tests.unit.platform.metrics.runs import History, completed, started

START = datetime(2026, 11, 24, 11, tzinfo=UTC)
BY = Origin("operator", "mend")
TENANT = "acme"
Shown = Mapping[str, Any]


class Killed(Exception):
    """The function was cut off."""


@dataclass
class Fate:
    """Cuts a process off before or after the write of a number; 0 lets it live."""

    before: int = 0
    after: int = 0
    written: int = 0

    def writes(self) -> Iterator[None]:
        self.written += 1
        number = self.written
        if number == self.before:
            raise Killed
        yield
        if number == self.after:
            raise Killed


class MortalViews(MemoryViewStore):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self.fate = fate

    def save(self, row: Row, replaces: Row | None) -> bool:
        saved = False
        for _ in self.fate.writes():
            saved = super().save(row, replaces)
        return saved

    def remove(self, row: Row) -> None:
        for _ in self.fate.writes():
            super().remove(row)


class MortalFiles(MemoryIndexStore):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self.fate = fate

    def save(self, name: str, blob: bytes, replaces: str | None) -> str | None:
        etag = None
        for _ in self.fate.writes():
            etag = super().save(name, blob, replaces)
        return etag

    def remove(self, name: str) -> None:
        for _ in self.fate.writes():
            super().remove(name)


class MortalCheckpoints(MemoryCheckpointStore):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self.fate = fate

    def advance(self, consumer: str, stream: StreamId, commit: int) -> None:
        for _ in self.fate.writes():
            super().advance(consumer, stream, commit)

    def remove(self, consumer: str, stream: StreamId) -> None:
        for _ in self.fate.writes():
            super().remove(consumer, stream)


class Model(Protocol):
    """One of the read models, as tests look at it."""

    declared: Followed

    def follower(self) -> Follower: ...

    def shown(self, generation: int) -> Shown: ...

    def afresh(self) -> Shown: ...


@dataclass
class Metrics:
    """What is shown are the documents of all buckets."""

    world: "World"
    declared: Followed = METRICS

    def follower(self) -> Counting:
        return self._follower(self.world.rows, self.world.checkpoints)

    def shown(self, generation: int) -> Shown:
        return _buckets(self.world.rows, generation)

    def afresh(self) -> Shown:
        rows = MemoryViewStore()
        self._follower(rows, MemoryCheckpointStore()).catch_up(TENANT, 1, lambda: False)
        return _buckets(rows, 1)

    def _follower(self, rows: MemoryViewStore, checkpoints: MemoryCheckpointStore) -> Counting:
        return Counting(self.world.history.feed, Beginnings(self.world.history.store), rows, checkpoints)


def _buckets(rows: MemoryViewStore, generation: int) -> Shown:
    found = [view for each in ("workflow", "saga") for view in listed(rows, TENANT, projection(each, generation))]
    return {f"{view.document['name']} {view.document['period']}": view.document for view in found}


def documents(stream: StreamId, read: Read) -> Iterator[Document]:
    events = [event for commit in read(stream) for event in commit.events]
    yield Document(f"run:{stream.key}", "execution", f"run of {len(events)}", "", f"/{stream.key}", len(events))


RUNS = Searchable("runs", "execution", documents)


@dataclass
class Search:
    """What is shown are the titles of all documents."""

    world: "World"
    declared: Followed = SEARCH

    def follower(self) -> Indexing:
        world = self.world
        return Indexing(world.index, world.history.feed, world.history.store, {"execution": RUNS}, world.checkpoints, 2)

    def shown(self, generation: int) -> Shown:
        hits = GenerationIndex(self.world.index, lambda _: generation).search(TENANT, Query("run", limit=100)).hits
        return {hit.id: "".join(text for text, _ in hit.title) for hit in hits}

    def afresh(self) -> Shown:
        store = self.world.history.store
        streams = {span.stream for entry in self.world.history.feed.entries(TENANT) for span in entry.spans}
        made = [each for stream in streams for each in documents(stream, lambda stream: tuple(store.commits(stream)))]
        return {document.id: document.title for document in made}


MODELS: Mapping[str, Callable[["World"], Model]] = {"metrics": Metrics, "search": Search}


@dataclass
class World:
    """A feed of executions, a live consumer that is told of each entry, and a queue of tasks due at a time."""

    name: str
    folder: Path
    history: History = field(default_factory=History)
    fate: Fate = field(default_factory=Fate)
    now: datetime = START
    queue: deque[tuple[datetime, Task]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.rows, self.checkpoints = MortalViews(self.fate), MortalCheckpoints(self.fate)
        self.files = MortalFiles(self.fate)
        self.index = StoredIndex(self.files, self.folder, 1, lambda: [], fresh_for=0)
        self.model = MODELS[self.name](self)
        self.generations = Generations(self.history.store, self.seconds)

    def clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return (self.now - START).total_seconds()

    def send(self, task: Task, delay: int = 0) -> None:
        self.queue.append((self.now + timedelta(seconds=delay), task))

    @property
    def rebuilds(self) -> Rebuilds:
        known = {self.name: self.model.declared}
        return Rebuilds(self.history.store, self.history.feed, self.checkpoints, known, self.clock)

    @property
    def standing(self) -> Standing:
        return self.rebuilds.standing(TENANT, self.name)

    def happen(self, key: str, *, is_nudged: bool = True) -> None:
        """A run begins, or goes on; the consumer hears of it."""
        is_new = not any(self.history.store.commits(StreamId(TENANT, "execution", key)))
        event = started(f"w-{key[-1]}") if is_new else completed("a")
        self.history.tell(self.history.append(key, [[event]]))
        if is_nudged:
            self.hear()

    def hear(self) -> None:
        """What the live consumer does when it is nudged."""
        keep_up(self.model.follower(), self.name, self.generations, TENANT)

    def work(self, spent: Spent = lambda: False) -> None:
        """Perform the next task, at its time; one that is cut off comes again."""
        self.queue = deque(sorted(self.queue, key=lambda each: each[0]))
        due, task = self.queue.popleft()
        self.now = max(self.now, due)
        making = Following(self.model.follower, Generations(self.history.store, self.seconds))
        try:
            Worker(self.history.store, self, {self.name: making}, self.clock).perform(task, spent)
        except Killed:
            self.send(task)
        self.hand_out()

    def hand_out(self) -> None:
        """Do the work of the function that is told of a rebuild's events; its writes are no matter here."""
        stream = AGGREGATE.stream(TENANT, self.name)
        while True:
            try:
                return hand_out(self.history.store, self.checkpoints, self, stream)
            except Killed:
                continue

    def start(self) -> None:
        self.rebuilds.start(TENANT, self.name, BY)
        self.hand_out()

    def work_it_off(self) -> None:
        while self.queue:
            self.work()

    def shown(self) -> Shown:
        """As a process that has just started reads it."""
        return self.model.shown(Generations(self.history.store).live_generation(TENANT, self.name))

    def place(self, generation: int) -> int:
        return self.checkpoints.load(stored_name(self.model.declared.consumer, generation), feed_stream(TENANT))

    def is_there(self, generation: int) -> bool:
        """Whether anything of a generation is kept."""
        names = [f"{folder}/{index_of(TENANT, generation)}".replace("#", "%23") for folder in ("indexes", "rebuilds")]
        files = [name for name in names if self.files.etag(f"{name}.sqlite.zst")]
        return bool(files or _buckets(self.rows, generation) or self.place(generation))


def past(made: World, entries: int = 12) -> World:
    for n in range(entries):
        made.happen(f"e-{n % 5}")
    return made


def once(*answers: bool) -> Spent:
    """Answers in turn, and then that time is spent."""
    rest = iter(answers)
    return lambda: next(rest, True)
