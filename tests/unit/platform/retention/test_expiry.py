"""What has been kept long enough goes, on record first; what is held, locked or still alive stays."""

from datetime import timedelta

import pytest

from penstock.events import Origin, StreamId
from penstock.events.errors import Conflict
from penstock.events.recovery import verify
from penstock.retention import expiry
from penstock.retention.expiry import expired_streams
from penstock.retention.model import Lock
from penstock.retention.policy import policy_stream
from tests.unit.platform.retention.world import ADMIN, T0, WHY, World


@pytest.fixture
def world() -> World:
    made = World()
    made.retention.set("acme", "execution", 7, WHY, ADMIN)
    return made


def recorded(world: World) -> list[str]:
    events = [event for commit in world.store.commits(policy_stream("acme")) for event in commit.events]
    return [name for event in events if event.type == "SegmentsExpired" for name in event.data["segments"]]


def test_an_object_goes_when_its_time_is_over_and_not_before(world: World) -> None:
    name = world.archived("e")
    world.later(7)
    assert (world.expire().deleted, recorded(world)) == (0, [])
    world.later(1)
    assert world.expire().deleted == 1
    assert (world.names("e"), recorded(world)) == ([], [name])
    assert world.expire().deleted == 0


def test_what_no_rule_is_about_never_goes(world: World) -> None:
    world.archived("w", "workflow")
    world.archived("e", tenant="other")
    world.later(10_000)
    assert world.expire().deleted == world.expire("other").deleted == 0


@pytest.mark.parametrize(("kind", "key"), [("*", ""), ("execution", ""), ("execution", "e")])
def test_nothing_under_a_hold_goes_however_old(world: World, kind: str, key: str) -> None:
    world.archived("e")
    hold = world.retention.place("acme", kind, key, WHY, ADMIN)
    world.later(8)
    assert world.expire().deleted == 0
    world.retention.lift("acme", hold.id, WHY, ADMIN)
    world.keep_locks()
    assert world.expire().deleted == 1


def test_a_hold_that_is_placed_while_an_expiry_runs_wins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.archived("e")
    world.later(8)
    locked = world.vault.locked

    def slow(name: str) -> Lock:
        monkeypatch.undo()
        world.retention.place("acme", "*", "", WHY, ADMIN)
        return locked(name)

    monkeypatch.setattr(world.vault, "locked", slow)
    with pytest.raises(Conflict):
        world.expire()
    assert (len(world.names("e")), recorded(world)) == (1, [])
    assert world.expire().deleted == 0


def test_a_lock_that_is_longer_than_the_rule_is_waited_for(world: World) -> None:
    name = world.archived("e")
    world.vault.retain(name, T0 + timedelta(days=100))
    world.later(50)
    assert (world.expire().deleted, recorded(world)) == (0, [])
    world.later(51)
    assert world.expire().deleted == 1


def test_a_streams_objects_go_together_when_the_last_ones_time_is_over(world: World) -> None:
    for _ in range(3):
        world.archived("e")
        world.later(5)
    assert len(world.names("e")) == 3
    assert world.expire().deleted == 0  # the first is old enough, the last is not
    world.later(3)
    assert world.expire().deleted == 3
    assert world.names("e") == []


def test_a_stream_that_is_not_archived_to_its_end_stays(world: World) -> None:
    world.archived("e")
    stream = StreamId("acme", "execution", "e")
    from penstock.events import Draft, Position

    world.store.append(stream, [Draft("Noted", {}, world.now)], expected=Position(1, 2), commit_id="x", origin=ADMIN)
    world.later(8)
    assert world.expire().deleted == 0


def test_a_stream_that_the_store_lost_stays_in_the_archive(world: World) -> None:
    world.archived("e")
    del world.store._streams[StreamId("acme", "execution", "e")]
    world.later(8)
    assert world.expire().deleted == 0


def test_a_damaged_object_is_counted_and_stops_no_other(world: World) -> None:
    damaged = world.archived("d")
    world.archived("e")
    world.vault._objects[damaged] = b"nonsense", Lock()
    world.later(8)
    step = world.expire()
    assert (step.deleted, step.damaged) == (1, 1)
    assert world.names("d") == [damaged]


def test_it_is_done_in_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "DELETED_A_STEP", 2)
    for number in range(5):
        world.archived(f"e-{number}")
    world.later(8)
    steps, after = 0, ""
    while True:
        step = world.expire(after=after)
        steps += 1
        if step.after is None:
            break
        after = step.after
    assert (steps, len(recorded(world))) == (3, 5)
    assert list(world.vault.names("tenant=acme/day=2026-11-24/kind=execution")) == []


def test_what_no_rule_is_about_uses_up_no_step(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "LOOKED_AT_A_STEP", 1)
    for number in range(5):
        world.archived(f"w-{number}", "aaa")  # their names come first
    world.archived("e")
    world.later(8)
    assert world.expire().deleted == 1
    monkeypatch.setattr(expiry, "LISTED_A_STEP", 3)
    assert world.expire().after is not None


def test_comparing_knows_what_was_deleted_on_purpose(world: World) -> None:
    world.archived("gone")
    world.archived("woken")
    world.later(8)
    world.expire()
    world.archived("woken")
    blind = verify(world.vault, world.store)
    assert [finding.commit for finding in blind.findings] == [0]
    report = verify(world.vault, world.store, expired_streams(world.store, world.store.streams()))
    assert (report.findings, report.expired, report.commits) == ((), 1, 1)


def test_what_is_removed_beyond_that_is_found(world: World) -> None:
    world.archived("woken")
    world.later(8)
    world.expire()
    for _ in range(3):
        world.archived("woken")
        world.later(1)
    del world.vault._objects[world.names("woken")[1]]
    report = verify(world.vault, world.store, expired_streams(world.store, world.store.streams()))
    assert [finding.reason for finding in report.findings] == ["commit 4 comes in the place of commit 3"]


def test_expiry_is_by_nobody_in_person(world: World) -> None:
    world.archived("e")
    world.later(8)
    world.expire()
    last = [event for commit in world.store.commits(policy_stream("acme")) for event in commit.events][-1]
    assert last.origin == Origin("retention", "expiry")
