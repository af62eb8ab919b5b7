"""Commands are decided on the newest state, and take effect once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import Commit, Conflict, Event, Origin, StoreUnavailable, StreamId
from penstock.events.aggregate import Aggregate, Every, Loaded, MemorySnapshotStore, Repository
from penstock.events.commands import TRIES, Commands, Decisions
from penstock.events.memory import MemoryEventStore
from penstock.events.types import EventTypes

EVENTS = EventTypes("account")
ORIGIN = Origin("teller", "counter")
STREAM = StreamId("bank", "account", "a-1")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class Moved:
    amount: int


@dataclass(frozen=True, slots=True)
class Deposit:
    amount: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    amount: int


class Overdrawn(Exception):
    pass


def _deposit(_: int, command: Deposit) -> Sequence[Any]:
    return [Moved(command.amount)] if command.amount else []


def _withdraw(balance: int, command: Withdraw) -> Sequence[Any]:
    if command.amount > balance:
        raise Overdrawn
    return [Moved(-command.amount)]


DECISIONS: Decisions[int] = {Deposit: _deposit, Withdraw: _withdraw}


def _evolve(balance: int, event: Moved, _: Event) -> int:
    return balance + event.amount


ACCOUNT = Aggregate(EVENTS, lambda _: 0, _evolve, dump=lambda balance: balance, restore=int, snapshots=Every(2))


class Unsteady(MemoryEventStore):
    """Loses the answers of appends that it made, and lets rivals in before others."""

    def __init__(self, lost: int = 0, rivals: int = 0) -> None:
        super().__init__()
        self.lost, self.rivals = lost, rivals

    def append(self, stream: StreamId, drafts: Any, **more: Any) -> Commit:
        if self.rivals:
            self.rivals -= 1
            rival = [EVENTS.draft(Moved(100), drafts[0].time)]
            super().append(stream, rival, expected=more["expected"], commit_id=f"rival {self.rivals}", origin=ORIGIN)
        commit = super().append(stream, drafts, **more)
        if self.lost:
            self.lost -= 1
            raise StoreUnavailable("the answer was lost")
        return commit


def accounts(store: MemoryEventStore | None = None) -> Commands[int]:
    return Commands(Repository(ACCOUNT, store or MemoryEventStore(), MemorySnapshotStore()), DECISIONS)


def commits(commands: Commands[int]) -> int:
    return len(list(commands.repository.store.commits(STREAM)))


def test_a_command_is_decided_on_the_newest_state() -> None:
    bank = accounts()
    assert bank.handle(STREAM, Deposit(5), ORIGIN).state == 5
    assert bank.handle(STREAM, Withdraw(5), ORIGIN).state == 0
    with pytest.raises(Overdrawn):
        bank.handle(STREAM, Withdraw(1), ORIGIN)
    assert commits(bank) == 2


def test_a_decision_without_events_changes_nothing() -> None:
    bank = accounts()
    assert not bank.handle(STREAM, Deposit(0), ORIGIN, command_id="c-1").exists


def test_the_same_id_gives_the_firsts_outcome_whatever_came_in_between() -> None:
    bank = accounts()
    first = bank.handle(STREAM, Deposit(5), ORIGIN, command_id="c-1")
    bank.handle(STREAM, Withdraw(5), ORIGIN, command_id="c-2")
    assert bank.handle(STREAM, Deposit(5), ORIGIN, command_id="c-1") == first
    assert bank.repository.load(STREAM).state == 0
    assert bank.handle(STREAM, Withdraw(5), ORIGIN, command_id="c-2").state == 0


def test_a_command_whose_answer_was_lost_is_not_made_twice() -> None:
    bank = accounts(Unsteady(lost=1))
    with pytest.raises(StoreUnavailable):
        bank.handle(STREAM, Deposit(5), ORIGIN, command_id="c-1")
    assert bank.handle(STREAM, Deposit(5), ORIGIN, command_id="c-1").state == 5
    assert commits(bank) == 1


def test_the_outcome_is_found_behind_a_snapshot() -> None:
    bank = accounts()
    first = bank.handle(STREAM, Deposit(1), ORIGIN, command_id="c-1")
    bank.handle(STREAM, Deposit(2), ORIGIN)
    assert bank.repository.take_snapshot(STREAM)
    assert bank.handle(STREAM, Deposit(1), ORIGIN, command_id="c-1") == first
    assert commits(bank) == 2


def test_the_same_id_with_another_command_is_another_command() -> None:
    bank = accounts()
    for command in (Deposit(5), Deposit(4), Withdraw(4)):
        bank.handle(STREAM, command, ORIGIN, command_id="c-1")
    assert bank.repository.load(STREAM).state == 5


def test_a_command_that_a_rival_overtook_is_decided_again() -> None:
    assert accounts(Unsteady(rivals=1)).handle(STREAM, Deposit(5), ORIGIN).state == 105
    assert accounts(Unsteady(rivals=TRIES - 1)).handle(STREAM, Deposit(5), ORIGIN).state == 100 * (TRIES - 1) + 5


def test_a_command_that_is_always_overtaken_conflicts() -> None:
    bank = accounts(Unsteady(rivals=TRIES))
    with pytest.raises(Conflict):
        bank.handle(STREAM, Deposit(5), ORIGIN)
    assert bank.repository.load(STREAM).state == 100 * TRIES


def test_a_command_for_one_revision_is_refused_at_another() -> None:
    bank = accounts()
    bank.handle(STREAM, Deposit(5), ORIGIN, revision=0)
    with pytest.raises(Conflict):
        bank.handle(STREAM, Deposit(6), ORIGIN, revision=0)
    assert bank.handle(STREAM, Deposit(7), ORIGIN, revision=1).state == 12


def test_a_command_for_one_revision_is_not_decided_again_when_a_rival_overtook_it() -> None:
    bank = accounts(Unsteady(rivals=1))
    with pytest.raises(Conflict):
        bank.handle(STREAM, Deposit(5), ORIGIN, revision=0)
    assert bank.repository.load(STREAM).state == 100


def test_a_command_for_one_revision_has_its_outcome_when_the_stream_has_moved_on() -> None:
    bank = accounts()
    first = bank.handle(STREAM, Deposit(5), ORIGIN, revision=0, command_id="c-1")
    bank.handle(STREAM, Deposit(6), ORIGIN)
    assert bank.handle(STREAM, Deposit(5), ORIGIN, revision=0, command_id="c-1") == first


@given(st.lists(st.integers(1, 6), max_size=30))
def test_however_often_commands_are_sent_each_takes_effect_once(sent: list[int]) -> None:
    bank = accounts()
    outcomes: dict[int, Loaded[int]] = {}
    for amount in sent:
        outcome = bank.handle(STREAM, Deposit(amount), ORIGIN, command_id=f"c-{amount}")
        assert outcomes.setdefault(amount, outcome) == outcome
    assert bank.repository.load(STREAM).state == sum(set(sent))
