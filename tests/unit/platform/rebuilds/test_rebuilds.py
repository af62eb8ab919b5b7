"""A rebuild ends with the rows that folding from zero gives, whatever is cut off, doubled, late or written meanwhile."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import Draft, Event, Origin, StreamId
from penstock.events.checkpoints import MemoryCheckpointStore
from penstock.events.feed import Mark, MemoryFeed, index
from penstock.events.memory import MemoryEventStore
from penstock.events.projection import Projection, project_all
from penstock.events.store import head
from penstock.events.views import MemoryViewStore
from penstock.json import JSONObject
from penstock.rebuilds.errors import NoRebuild, RebuildRunning, UnknownProjection
from penstock.rebuilds.generations import LONGEST_MEMORY, Generations, LiveViews
from penstock.rebuilds.making import folding
from penstock.rebuilds.service import Rebuilds
from penstock.rebuilds.standing import AGGREGATE, Standing
from penstock.rebuilds.tasks import GRACE_SECONDS, SWEEP_SECONDS, Task, Work, hand_out
from penstock.rebuilds.worker import Worker

START = datetime(2026, 11, 24, tzinfo=UTC)
BY = Origin("operator", "mend")
TENANT = "acme"


def evolve(document: JSONObject | None, event: Event) -> JSONObject:
    if event.data.get("poison"):
        raise ValueError("cannot be folded")
    return {"seen": [*(document or {"seen": []})["seen"], event.data["n"]]}


def lookups(_: StreamId, document: JSONObject) -> list[tuple[str, str]]:
    return [("length", str(len(document["seen"])))]


SEEN = Projection("seen", "tally", evolve, lookups=lookups)


@dataclass
class World:
    """Stores, a clock, and a queue of tasks that are due at a time. The projector is told of each commit at once."""

    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    feed: MemoryFeed = field(default_factory=MemoryFeed)
    rows: MemoryViewStore = field(default_factory=MemoryViewStore)
    checkpoints: MemoryCheckpointStore = field(default_factory=MemoryCheckpointStore)
    now: datetime = START
    queue: deque[tuple[datetime, Task]] = field(default_factory=deque)
    projection: Projection = SEEN

    def __post_init__(self) -> None:
        self.generations = Generations(self.store, self.seconds)

    def clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return (self.now - START).total_seconds()

    def send(self, task: Task, delay: int = 0) -> None:
        self.queue.append((self.now + timedelta(seconds=delay), task))

    @property
    def rebuilds(self) -> Rebuilds:
        known = {self.projection.name: self.projection}
        return Rebuilds(self.store, self.feed, self.checkpoints, known, self.clock)

    @property
    def worker(self) -> Worker:
        made = folding(self.store, self.feed, self.rows, self.checkpoints, [self.projection], self.clock)
        return Worker(self.store, self, made, self.clock)

    def happen(self, key: str, n: int, *, is_nudged: bool = True, **data: Any) -> None:
        stream = StreamId(TENANT, "tally", key)
        end = head(self.store.commits(stream))
        draft = Draft("Counted", {"n": n, **data}, self.now)
        commit = self.store.append(stream, [draft], expected=end, commit_id=f"{n}", origin=BY)
        index(self.feed, self.store, TENANT, {stream: [Mark.of(commit)]})
        if is_nudged:
            project_all(self.store, self.rows, [self.projection], stream, self.generations.kept_up)

    def work(self, spent: Any = lambda: False) -> None:
        """Perform the next task, at its time."""
        self.queue = deque(sorted(self.queue, key=lambda each: each[0]))
        due, task = self.queue.popleft()
        self.now = max(self.now, due)
        self.worker.perform(task, spent)
        self.hand_out()

    def hand_out(self) -> None:
        """Do the work of the function that is told of a rebuild's events."""
        hand_out(self.store, self.checkpoints, self, AGGREGATE.stream(TENANT, "seen"))

    def start(self) -> Standing:
        """Begin a rebuild, and have its work handed out."""
        standing = self.rebuilds.start(TENANT, "seen", BY)
        self.hand_out()
        return standing

    def work_it_off(self) -> None:
        while self.queue:
            self.work()

    def views(self) -> LiveViews:
        """As a process that has just started reads them."""
        return LiveViews(self.rows, Generations(self.store))

    def shown(self) -> dict[str, Any]:
        page = self.views().list(TENANT, "seen", newest_first=False, limit=100)
        return {view.key: view.document["seen"] for view in page.items}


@pytest.fixture
def world() -> World:
    made = World()
    for n in range(120):
        made.happen(f"s-{n % 7}", n)
    return made


def upside_down(document: JSONObject | None, event: Event) -> JSONObject:
    return {"seen": [-event.data["n"], *(document or {"seen": []})["seen"]]}


def test_the_new_code_is_shown_when_all_of_the_past_is_folded_by_it(world: World) -> None:
    before = world.shown()
    world.projection = replace(SEEN, evolve=upside_down, revision=2)
    world.start()
    while world.rebuilds.standing(TENANT, "seen").rebuild:
        assert world.shown() == before
        world.work()
    assert world.shown() == {key: [-n for n in reversed(seen)] for key, seen in before.items()}
    assert world.rebuilds.standing(TENANT, "seen").live == 2


def test_slices_tell_how_far_it_is_and_are_worked_at_in_any_order(world: World) -> None:
    standing = world.start()
    assert standing.rebuild
    assert (standing.rebuild.head, standing.rebuild.slices) == (120, 3)
    world.queue.reverse()
    assert world.rebuilds.progress(standing) == 0
    world.work()
    assert world.rebuilds.progress(world.rebuilds.standing(TENANT, "seen")) == 40


def test_what_happens_meanwhile_is_in_what_is_shown_then(world: World) -> None:
    world.start()
    n = 1_000
    while world.rebuilds.standing(TENANT, "seen").rebuild:
        for key in ("s-1", f"new-{n}"):
            world.happen(key, n)
        n += 1
        world.work()
    world.happen("s-1", n)
    assert world.shown()["s-1"][-2:] == [n - 1, n]
    assert all(f"new-{each}" in world.shown() for each in range(1_000, n))


def test_a_projector_that_has_not_heard_of_the_rebuild_loses_nothing(world: World) -> None:
    assert list(world.generations.kept_up(TENANT, "seen")) == ["seen"]
    world.start()
    world.now += timedelta(seconds=LONGEST_MEMORY - 1)
    world.happen("s-1", 1_000)
    assert world.rows.get(TENANT, "seen@2", "s-1") is None
    world.work_it_off()
    assert world.shown()["s-1"][-1] == 1_000


def test_it_does_not_switch_before_every_projector_writes_both(world: World) -> None:
    world.start()
    for _ in range(3):
        world.work()
    (_, task) = world.queue[0]
    assert task.work is Work.SWITCH
    world.worker.perform(task, lambda: False)
    assert world.rebuilds.standing(TENANT, "seen").rebuild
    assert world.now < START + timedelta(seconds=GRACE_SECONDS)


def test_news_that_the_feed_hears_late_is_swept_in(world: World) -> None:
    world.start()
    while world.rebuilds.standing(TENANT, "seen").rebuild:
        world.work()
    world.happen("late", 1_000, is_nudged=False)
    world.work_it_off()
    assert world.shown()["late"] == [1_000]
    assert world.now >= START + timedelta(seconds=SWEEP_SECONDS)


def test_a_task_whose_time_is_spent_hands_over_and_goes_on_from_there(world: World) -> None:
    before = world.shown()
    world.start()
    turns = 0
    while world.queue:
        steps = iter([False, False, False, True])
        world.work(lambda steps=steps: next(steps))
        turns += 1
    assert turns > 120 / 3
    assert world.shown() == before
    assert world.rebuilds.standing(TENANT, "seen").live == 2


def test_what_is_out_of_use_is_taken_away(world: World) -> None:
    world.start()
    world.work_it_off()
    assert world.rows.list(TENANT, "seen").items == []
    assert len(world.rows.list(TENANT, "seen@2").items) == 7


def test_a_stream_that_cannot_be_folded_keeps_what_is_live(world: World) -> None:
    before = world.shown()
    world.happen("bad", 1, is_nudged=False, poison=True)
    world.start()
    world.work_it_off()
    standing = world.rebuilds.standing(TENANT, "seen")
    assert (standing.live, standing.rebuild) == (1, None)
    assert "bad" in standing.outcome
    assert world.shown() == before
    assert world.rows.list(TENANT, "seen@2").items == []


def test_one_that_is_abandoned_leaves_nothing_and_the_next_is_another_generation(world: World) -> None:
    world.start()
    world.work()
    world.rebuilds.abandon(TENANT, "seen", "wrong day", BY)
    world.hand_out()
    world.work_it_off()
    assert world.rows.list(TENANT, "seen@2").items == []
    standing = world.start()
    assert standing.rebuild
    assert standing.rebuild.generation == 3
    world.work_it_off()
    assert world.rebuilds.standing(TENANT, "seen").live == 3


def test_work_that_was_lost_is_handed_out_again_by_resuming(world: World) -> None:
    world.start()
    world.queue.clear()
    world.rebuilds.resume(TENANT, "seen", BY)
    world.hand_out()
    world.work_it_off()
    assert world.rebuilds.standing(TENANT, "seen").live == 2


def test_there_is_one_rebuild_at_a_time_and_only_of_what_there_is(world: World) -> None:
    world.start()
    with pytest.raises(RebuildRunning):
        world.rebuilds.start(TENANT, "seen", BY)
    with pytest.raises(UnknownProjection):
        world.rebuilds.start(TENANT, "sene", BY)
    world.work_it_off()
    with pytest.raises(NoRebuild):
        world.rebuilds.resume(TENANT, "seen", BY)
    with pytest.raises(NoRebuild):
        world.rebuilds.abandon(TENANT, "seen", "no", BY)


def test_lookups_find_what_is_shown_and_nothing_twice(world: World) -> None:
    world.start()
    for _ in range(2):
        world.work()
    assert world.rows.lookup(TENANT, "length", "18") == [f"s-{n}" for n in range(1)]
    assert world.views().lookup(TENANT, "length", "17") == [f"s-{n}" for n in range(1, 7)]
    world.work_it_off()
    assert world.views().lookup(TENANT, "length", "17") == [f"s-{n}" for n in range(1, 7)]


@given(st.lists(st.sampled_from(["work", "twice", "cut", "happen", "unheard", "wait"]), max_size=60))
def test_however_it_goes_what_is_shown_is_what_folding_from_zero_gives(steps: list[str]) -> None:
    world = World()
    for n in range(60):
        world.happen(f"s-{n % 5}", n)
    world.start()
    n = 100
    for step in steps:
        if step == "wait":
            world.now += timedelta(seconds=3)
        elif step in ("happen", "unheard"):
            n += 1
            is_under_way = world.rebuilds.standing(TENANT, "seen").rebuild is not None
            world.happen(f"s-{n % 6}", n, is_nudged=step == "happen" or not is_under_way)
        elif world.queue:
            if step == "twice":
                world.queue.append(world.queue[0])
            budget = iter([False, True])
            world.work((lambda budget=budget: next(budget)) if step == "cut" else lambda: False)
    world.work_it_off()
    expected: dict[str, list[int]] = {}
    for entry in world.feed.entries(TENANT):
        for span in entry.spans:
            if span.stream.kind == "tally":
                expected[span.stream.key] = [
                    event.data["n"] for commit in world.store.commits(span.stream) for event in commit.events
                ]
    assert world.rebuilds.standing(TENANT, "seen").live == 2
    assert world.shown() == expected
