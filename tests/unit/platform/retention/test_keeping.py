"""Objects come with the locks of their tenant's policy, and those that are there follow its changes upward."""

from datetime import UTC, datetime

import pytest

from penstock.events.errors import Conflict
from penstock.retention import keeping, service
from penstock.retention.errors import InvalidHold, InvalidRule, UnknownHold
from penstock.retention.keeping import Rest
from penstock.retention.model import Lock
from tests.unit.platform.retention.world import ADMIN, WHY, World


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_object_comes_with_the_lock_of_its_tenants_rule() -> None:
    world = World()
    assert world.locked(world.archived("before")) == Lock()
    world.retention.set("acme", "*", 7, WHY, ADMIN)
    world.retention.set("acme", "workflow", 30, WHY, ADMIN)
    assert world.locked(world.archived("e")) == Lock(day("2026-12-02"))
    assert world.locked(world.archived("w", "workflow")) == Lock(day("2026-12-25"))
    assert world.locked(world.archived("e", tenant="other")) == Lock()


def test_a_rule_below_the_floor_is_refused_and_the_floor_keeps_what_no_rule_does() -> None:
    world = World(floor=2557)
    with pytest.raises(InvalidRule, match="2557"):
        world.retention.set("acme", "*", 2556, WHY, ADMIN)
    assert world.locked(world.archived("e")).until == day("2033-11-25")


def test_a_raised_rule_extends_what_is_there_and_a_lowered_one_only_counts_for_what_comes() -> None:
    world = World()
    world.retention.set("acme", "*", 7, WHY, ADMIN)
    old, other = world.archived("e"), world.archived("w", "workflow")
    world.retention.set("acme", "execution", 30, WHY, ADMIN)
    assert world.keep_locks() is None
    assert world.locked(old).until == day("2026-12-25")
    assert world.locked(other).until == day("2026-12-02")
    world.retention.set("acme", "execution", 1, WHY, ADMIN)
    world.keep_locks()
    assert world.locked(old).until == day("2026-12-25")
    assert world.locked(world.archived("new")).until == day("2026-11-26")


def test_a_hold_is_on_what_is_there_and_on_what_comes_until_it_is_lifted() -> None:
    world = World()
    old, other = world.archived("e"), world.archived("f")
    stream = world.retention.place("acme", "execution", "e", WHY, ADMIN)
    world.keep_locks()
    assert (world.locked(old).is_held, world.locked(other).is_held) == (True, False)
    kind = world.retention.place("acme", "execution", "", WHY, ADMIN)
    new = world.archived("g")
    world.keep_locks()
    assert [world.locked(each).is_held for each in (old, other, new)] == [True, True, True]
    world.retention.lift("acme", stream.id, WHY, ADMIN)
    world.keep_locks()
    assert world.locked(old).is_held  # by the other hold
    world.retention.lift("acme", kind.id, WHY, ADMIN)
    world.keep_locks()
    assert [world.locked(each).is_held for each in (old, other, new)] == [False, False, False]


def test_a_hold_says_who_placed_it_and_why() -> None:
    world = World()
    hold = world.retention.place("acme", "execution", "e", "court order", ADMIN)
    assert (hold.reason, hold.actor, hold.placed_at) == ("court order", "key:admin", "2026-11-24T09:30:00.000Z")
    assert list(world.retention.load("acme").state.holds.values()) == [hold]
    assert world.retention.load("other").state.holds == {}


def test_what_cannot_be_is_refused() -> None:
    world = World()
    with pytest.raises(InvalidHold, match="key"):
        world.retention.place("acme", "*", "e", WHY, ADMIN)
    hold = world.retention.place("acme", "*", "", WHY, ADMIN)
    world.retention.lift("acme", hold.id, WHY, ADMIN)
    with pytest.raises(UnknownHold):
        world.retention.lift("acme", hold.id, WHY, ADMIN)
    with pytest.raises(InvalidRule, match="days"):
        world.retention.set("acme", "*", 40_000, WHY, ADMIN)


def test_rules_and_holds_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_HOLDS", 1)
    monkeypatch.setattr(service, "MOST_RULES", 1)
    world = World()
    world.retention.place("acme", "*", "", WHY, ADMIN)
    world.retention.set("acme", "*", 7, WHY, ADMIN)
    world.retention.set("acme", "*", 8, WHY, ADMIN)
    with pytest.raises(InvalidHold, match="in force"):
        world.retention.place("acme", "execution", "", WHY, ADMIN)
    with pytest.raises(InvalidRule, match="rules"):
        world.retention.set("acme", "execution", 7, WHY, ADMIN)


def test_a_pass_is_made_in_steps_and_goes_on_where_the_last_one_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "TOUCHED_A_STEP", 2)
    world = World()
    names = sorted(world.archived(f"e-{n}") for n in range(5))
    world.retention.set("acme", "*", 7, WHY, ADMIN)
    rest = world.keep_locks()
    assert rest == Rest(1, names[1])
    assert [bool(world.locked(name).until) for name in names] == [True, True, False, False, False]
    assert world.checkpoints.load(keeping.CONSUMER, world.retention.load("acme").stream) == 0
    rest = world.keep_locks(rest=rest)
    assert world.keep_locks(rest=rest) is None
    assert all(world.locked(name).until for name in names)
    assert world.checkpoints.load(keeping.CONSUMER, world.retention.load("acme").stream) == 1


def test_what_changes_during_a_pass_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LISTED_A_STEP", 2)
    world = World()
    names = sorted(world.archived(f"e-{n}") for n in range(3))
    world.retention.set("acme", "*", 7, WHY, ADMIN)
    rest = world.keep_locks()
    world.retention.place("acme", "*", "", WHY, ADMIN)
    assert world.keep_locks(rest=rest) is None
    assert not world.locked(names[0]).is_held
    again = world.keep_locks()
    assert world.keep_locks(rest=again) is None
    assert all(world.locked(name) == Lock(day("2026-12-02"), True) for name in names)


def test_a_name_that_is_no_segments_is_left_alone() -> None:
    world = World()
    world.vault.put("tenant=acme/notes.txt", b"")
    world.retention.set("acme", "*", 7, WHY, ADMIN)
    assert world.keep_locks() is None
    assert world.locked("tenant=acme/notes.txt") == Lock()


def test_of_two_administrators_at_once_one_is_told_so() -> None:
    world = World()
    mine = world.retention.load("acme")
    world.retention.set("acme", "*", 7, WHY, ADMIN)
    with pytest.raises(Conflict):
        world.retention.expire(mine, ["x"], ADMIN)
