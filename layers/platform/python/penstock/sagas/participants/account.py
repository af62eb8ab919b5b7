"""An account and its entries, in cents. Streams of kind `account`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.events.types import EventTypes
from penstock.sagas.participants import REMEMBERED, Refused

EVENTS = EventTypes("account")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class AccountOpened:
    """It can be booked on. `currency`: ISO 4217."""

    currency: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class EntryBooked:
    """Cents came (positive) or went (negative)."""

    entry: str
    amount: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class EntryReversed:
    """An entry was taken back, or refused before it came."""

    entry: str


@dataclass(frozen=True, slots=True)
class Account:
    """`entries` holds cents by entry; None for one that was reversed."""

    id: StreamId
    currency: str | None = None
    balance: int = 0
    entries: Mapping[str, int | None] = field(default_factory=dict)


def open_account(account: Account, currency: str) -> Sequence[Any]:
    """Open it, once. Raises Refused when it is open in another currency."""
    if account.currency is None:
        return [AccountOpened(currency)]
    _require_currency(account, currency)
    return []


def book(account: Account, entry: str, amount: int, currency: str) -> Sequence[Any]:
    """Add cents, or take them (negative) when they are there. Raises Refused."""
    _require_currency(account, currency)
    if entry in account.entries:
        if account.entries[entry] is None:
            raise Refused("Reversed", f"the entry {entry} was reversed before")
        return []
    _require_funds(account, amount)
    return [EntryBooked(entry, amount)]


def reverse(account: Account, entry: str) -> Sequence[Any]:
    """Take an entry back; one that has not come is refused when it comes. Raises Refused when its cents are gone."""
    booked = account.entries.get(entry, 0)
    if booked is None:
        return []
    _require_funds(account, -booked)
    return [EntryReversed(entry)]


def _require_currency(account: Account, currency: str) -> None:
    if account.currency is None:
        raise Refused("UnknownAccount", f"there is no account {account.id.key}")
    if account.currency != currency:
        raise Refused("WrongCurrency", f"account {account.id.key} is kept in {account.currency}, not {currency}")


def _require_funds(account: Account, amount: int) -> None:
    if amount < 0 and account.balance + amount < 0:
        raise Refused("InsufficientFunds", f"account {account.id.key} does not hold that much")


def _evolve(account: Account, event: Any, _: Event) -> Account:
    match event:
        case AccountOpened(currency):
            return replace(account, currency=currency)
        case EntryBooked(entry, amount):
            return _entered(account, entry, amount, amount)
        case _:
            return _entered(account, event.entry, None, -(account.entries.get(event.entry) or 0))


def _entered(account: Account, entry: str, kept: int | None, change: int) -> Account:
    entries = dict([*account.entries.items(), (entry, kept)][-REMEMBERED:])
    return replace(account, balance=account.balance + change, entries=entries)


AGGREGATE = Aggregate(EVENTS, Account, _evolve)
