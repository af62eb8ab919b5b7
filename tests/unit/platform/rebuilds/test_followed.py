"""A read model that follows the feed is rebuilt to what following it from its first entry gives, and nothing twice."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events.lag import lag
from penstock.metrics import counting
from penstock.metrics.buckets import consumer
from penstock.projections.metrics import METRICS
from penstock.rebuilds.errors import RebuildRunning
from penstock.rebuilds.followed import keep_up
from penstock.rebuilds.generations import LONGEST_MEMORY, stored_name
from penstock.rebuilds.tasks import Work
from penstock.workflows.execution import events as execution
from tests.unit.platform.rebuilds.world import BY, MODELS, RUNS, START, TENANT, World, once, past


@pytest.fixture(params=MODELS)
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(counting, "ENTRIES_A_STEP", 2)
    return past(World(request.param, tmp_path))


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
