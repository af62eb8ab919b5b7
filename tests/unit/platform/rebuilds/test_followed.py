"""A read model that follows the feed is rebuilt to what following it from its first entry gives, and nothing twice."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import Origin, StreamId
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.feed import feed_stream
from penstock.events.lag import lag
from penstock.events.views import MemoryViewStore, Row
from penstock.metrics import counting
from penstock.metrics.buckets import consumer, projection
from penstock.metrics.counting import Beginnings
from penstock.metrics.following import Counting
from penstock.metrics.reading import listed
from penstock.projections.metrics import METRICS
from penstock.projections.search import SEARCH
from penstock.rebuilds.errors import RebuildRunning
from penstock.rebuilds.followed import Followed, Follower, Following, keep_up
from penstock.rebuilds.generations import LONGEST_MEMORY, Generations, stored_name
from penstock.rebuilds.making import Spent
from penstock.rebuilds.service import Rebuilds
from penstock.rebuilds.standing import AGGREGATE, Standing
from penstock.rebuilds.tasks import Task, Work, hand_out
from penstock.rebuilds.worker import Worker
from penstock.search import Document, Query
from penstock.search.following import Indexing
from penstock.search.generations import GenerationIndex, index_of
from penstock.search.searchable import Read, Searchable
from penstock.search.stored import StoredIndex
from penstock.search.storing import MemoryIndexStore
from penstock.workflows.execution import events as execution
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


@pytest.fixture(params=MODELS)
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(counting, "ENTRIES_A_STEP", 2)
    return past(World(request.param, tmp_path))


def past(made: World, entries: int = 12) -> World:
    for n in range(entries):
        made.happen(f"e-{n % 5}")
    return made


def once(*answers: bool) -> Spent:
    """Answers in turn, and then that time is spent."""
    rest = iter(answers)
    return lambda: next(rest, True)


def test_it_is_shown_when_it_has_caught_up_and_the_old_one_is_then_taken_away(world: World) -> None:
    before = world.shown()
    assert before == world.model.afresh()
    world.start()
    while world.standing.rebuild:
        assert world.shown() == before
        world.work()
    assert world.standing.live == 2
    assert world.shown() == before
    world.work_it_off()
    assert not world.is_there(1)
    assert world.is_there(2)
    assert world.shown() == before


def test_what_was_lost_from_the_live_one_is_there_again(world: World) -> None:
    """What a rebuild is for: nothing of the old generation goes into the new one."""
    world.rows._rows.clear()
    world.files.remove("indexes/acme.sqlite.zst")
    assert world.shown() == {}
    world.start()
    world.work_it_off()
    assert world.shown() == world.model.afresh() != {}


def test_one_slice_is_read_in_the_feeds_order_and_tells_how_far_it_is(world: World) -> None:
    world.start()
    assert world.standing.rebuild
    assert (world.standing.rebuild.head, world.standing.rebuild.slices) == (12, 1)
    assert world.rebuilds.progress(world.standing) == 0
    world.work(once(False, False))
    assert world.rebuilds.progress(world.standing) == 4
    assert [task.work for _, task in world.queue] == [Work.FOLD]
    world.work()
    assert world.rebuilds.progress(world.standing) == 12


def test_what_happens_meanwhile_and_after_the_switch_is_there_once(world: World) -> None:
    world.start()
    turns = 0
    while world.queue:
        world.happen(f"e-{turns % 7}")
        assert world.shown().keys() <= world.model.afresh().keys()
        world.work(once(False, False))
        turns += 1
        assert turns < 200
    world.happen("e-1")
    assert world.standing.live == 2
    assert world.shown() == world.model.afresh()


def test_a_consumer_that_has_not_heard_of_the_switch_loses_nothing(world: World) -> None:
    world.start()
    while world.standing.rebuild:
        world.now = max(world.now, min(due for due, _ in world.queue))
        world.hear()
        world.work()
    world.now += timedelta(seconds=LONGEST_MEMORY - 1)
    world.happen("e-9")
    assert (world.place(1), world.place(2)) == (13, 12), "it was told to the old one"
    world.work()
    assert world.place(2) == 13
    assert not world.is_there(1)
    assert world.shown() == world.model.afresh()


def test_a_consumer_in_the_middle_of_the_old_one_goes_on_with_the_new_one(world: World) -> None:
    world.start()
    while world.standing.rebuild:
        world.work()
    for n in range(6):
        world.happen(f"e-{n}", is_nudged=False)
    live = iter([1, 1, 2])
    known = SimpleNamespace(live_generation=lambda *_: next(live, 2))
    keep_up(world.model.follower(), world.name, known, TENANT)  # type: ignore[arg-type]
    assert (world.place(1), world.place(2)) == (14, 18)


def test_one_that_is_abandoned_is_taken_away_and_the_next_is_another_generation(world: World) -> None:
    before = world.shown()
    world.start()
    world.work(once(False, False))
    assert world.is_there(2)
    world.rebuilds.abandon(TENANT, world.name, "wrong day", BY)
    world.hand_out()
    world.work_it_off()
    assert not world.is_there(2)
    assert world.shown() == before
    world.start()
    world.work_it_off()
    assert world.standing.live == 3
    assert [world.is_there(each) for each in (1, 2, 3)] == [False, False, True]
    assert world.shown() == before


def test_work_on_one_that_is_abandoned_meanwhile_ends(world: World) -> None:
    world.start()

    def given_up() -> bool:
        if world.standing.rebuild:
            world.rebuilds.abandon(TENANT, world.name, "now", BY)
        return False

    world.work(given_up)
    assert world.place(2) == 0
    world.work_it_off()
    assert not world.is_there(2)


def test_two_rebuilds_in_a_row(world: World) -> None:
    for generation in (2, 3):
        world.start()
        with pytest.raises(RebuildRunning):
            world.start()
        world.work_it_off()
        world.happen("e-3")
        assert world.standing.live == generation
        assert [each for each in (1, 2, 3) if world.is_there(each)] == [generation]
        assert world.shown() == world.model.afresh()


def test_work_that_was_lost_is_handed_out_again_by_resuming(world: World) -> None:
    world.start()
    world.work(once(False))
    world.queue.clear()
    world.rebuilds.resume(TENANT, world.name, BY)
    world.hand_out()
    world.work_it_off()
    assert world.standing.live == 2
    assert world.shown() == world.model.afresh()


def test_its_lag_is_what_the_feed_has_after_its_place(world: World) -> None:
    def measured() -> tuple[int, int]:
        (found,) = lag(
            world.history.feed,
            world.rows,
            [world.model.declared],
            TENANT,
            START,
            world.rebuilds.places(TENANT),
        )
        return found.behind, found.lag_ms

    assert measured() == (0, 0)
    for key in ("e-1", "e-2", "e-2"):
        world.happen(key, is_nudged=False)
    assert measured() == (2, 1_000)
    world.start()
    world.work_it_off()
    assert measured() == (0, 0)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_at_any_write_is_mended_by_the_task_that_comes_again(name: str, moment: str, tmp_path: Path) -> None:
    number, is_over = 0, False
    while not is_over:
        number += 1
        world = past(World(name, tmp_path / f"{number}"), 3)
        world.start()
        world.fate.written, world.fate.before, world.fate.after = 0, 0, 0
        setattr(world.fate, moment, number)
        world.work_it_off()
        is_over = world.fate.written < number
        assert world.standing.live == 2
        assert world.shown() == world.model.afresh()
        assert not world.is_there(1)
    assert number > 5


@pytest.mark.parametrize("name", MODELS)
@given(st.lists(st.sampled_from(["work", "twice", "cut", "happen", "unheard", "wait", "kill"]), max_size=30))
def test_however_it_goes_what_is_shown_is_what_following_afresh_gives(name: str, steps: list[str]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "ENTRIES_A_STEP", 2)
        world = past(World(name, Path(folder)), 5)
        world.start()
        for n, step in enumerate(steps):
            _take(world, step, n)
        world.fate.before = 0
        world.work_it_off()
        world.now += timedelta(seconds=LONGEST_MEMORY + 1)
        world.hear()
        assert world.standing.live == 2
        assert world.shown() == world.model.afresh()
        assert not world.is_there(1)


def _take(world: World, step: str, n: int) -> None:
    if step == "wait":
        world.now += timedelta(seconds=3)
    elif step in ("happen", "unheard"):
        world.fate.before = 0
        world.happen(f"e-{n % 6}", is_nudged=step == "happen")
    elif world.queue:
        if step == "twice":
            world.queue.append(world.queue[0])
        world.fate.before = world.fate.written + 2 if step == "kill" else 0
        world.work(once(False) if step == "cut" else lambda: False)


def test_the_places_of_metrics_are_those_that_it_counts_by() -> None:
    assert (METRICS.consumer, METRICS.kind) == (consumer(1), "feed")
    assert stored_name(METRICS.consumer, 2) == consumer(2)
    assert execution.EVENTS.kind == RUNS.kind
