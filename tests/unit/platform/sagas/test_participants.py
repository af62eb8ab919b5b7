"""The participants of the built-in sagas: each entry once, and undone for good even before it came."""

from collections.abc import Sequence
from typing import Any

import pytest

from penstock.events import Event, Origin, StreamId
from penstock.sagas.participants import Refused, account, stock
from tests.unit.platform.sagas.world import NOW


def folded(aggregate: Any, kind: str, *decisions: Any) -> Any:
    """The state after each decision's events."""
    state, version = aggregate.initial(StreamId("acme", kind, "x")), 0
    for decide in decisions:
        events: Sequence[Any] = decide(state)
        for event in events:
            version += 1
            draft = aggregate.types.draft(event, NOW)
            stored = Event(state.id, version, draft.type, 1, NOW, draft.data, Origin("test", "test"))
            state = aggregate.evolve(state, event, stored)
    return state


def goods(*decisions: Any) -> stock.Stock:
    found: stock.Stock = folded(stock.AGGREGATE, "stock", lambda s: stock.receive(s, "in", 10), *decisions)
    return found


def money(*decisions: Any) -> account.Account:
    begun = [lambda a: account.open_account(a, "EUR"), lambda a: account.book(a, "in", 100, "EUR")]
    found: account.Account = folded(account.AGGREGATE, "account", *begun, *decisions)
    return found


def reserve(stocked: stock.Stock) -> Any:
    return stock.reserve(stocked, "r", 4)


def release(stocked: stock.Stock) -> Any:
    return stock.release(stocked, "r")


def issue(stocked: stock.Stock) -> Any:
    return stock.issue(stocked, "r")


def withdraw(booked: account.Account) -> Any:
    return account.book(booked, "w", -30, "EUR")


def reverse(booked: account.Account) -> Any:
    return account.reverse(booked, "w")


def test_what_is_asked_for_twice_is_done_once() -> None:
    assert goods(lambda s: stock.receive(s, "in", 10)).on_hand == 10
    assert goods(reserve, reserve).available == 6
    assert (goods(reserve, issue, issue).on_hand, goods(reserve, issue, reserve).available) == (6, 6)
    assert goods(reserve, release, release).available == 10
    assert money(withdraw, withdraw).balance == 70
    assert money(withdraw, reverse, reverse).balance == 100


def test_what_was_undone_before_it_came_is_refused_when_it_comes() -> None:
    with pytest.raises(Refused) as late_reservation:
        goods(release, reserve)
    with pytest.raises(Refused) as late_booking:
        money(reverse, withdraw)
    assert (late_reservation.value.kind, late_booking.value.kind) == ("Released", "Reversed")


REFUSALS = [
    ("OutOfStock", lambda: goods(lambda s: stock.reserve(s, "r", 11))),
    ("OutOfStock", lambda: goods(reserve, lambda s: stock.reserve(s, "q", 7))),
    ("NotReserved", lambda: goods(issue)),
    ("Issued", lambda: goods(reserve, issue, release)),
    ("InsufficientFunds", lambda: money(lambda a: account.book(a, "w", -101, "EUR"))),
    ("InsufficientFunds", lambda: money(withdraw, lambda a: account.reverse(a, "in"))),
    ("WrongCurrency", lambda: money(lambda a: account.book(a, "w", -1, "USD"))),
    ("WrongCurrency", lambda: money(lambda a: account.open_account(a, "USD"))),
    ("UnknownAccount", lambda: folded(account.AGGREGATE, "account", withdraw)),
]


@pytest.mark.parametrize(("kind", "act"), REFUSALS)
def test_what_cannot_be_is_refused_for_good(kind: str, act: Any) -> None:
    with pytest.raises(Refused) as raised:
        act()
    assert (raised.value.kind, raised.value.permanent) == (kind, True)
