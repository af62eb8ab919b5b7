"""Stock of one article: goods in a warehouse, beds of a ward, devices of a pool. Streams of kind `stock`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from penstock.events import Event, StreamId
from penstock.events.aggregate import Aggregate
from penstock.events.types import EventTypes
from penstock.sagas.participants import REMEMBERED, Refused

EVENTS = EventTypes("stock")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class StockReceived:
    """Units came in."""

    entry: str
    quantity: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class StockReserved:
    """Units are set aside."""

    entry: str
    quantity: int


@EVENTS.type
@dataclass(frozen=True, slots=True)
class StockReleased:
    """A reservation was given up, or refused before it came."""

    entry: str


@EVENTS.type
@dataclass(frozen=True, slots=True)
class StockIssued:
    """What was reserved was handed out."""

    entry: str


@dataclass(frozen=True, slots=True)
class Stock:
    """`on_hand` counts reserved units too. `settled` tells what became of entries: the event's type."""

    id: StreamId
    on_hand: int = 0
    reserved: Mapping[str, int] = field(default_factory=dict)
    settled: Mapping[str, str] = field(default_factory=dict)

    @property
    def available(self) -> int:
        """Units that can be reserved."""
        return self.on_hand - sum(self.reserved.values())


def receive(stock: Stock, entry: str, quantity: int) -> Sequence[Any]:
    """Units come in."""
    return [] if entry in stock.settled else [StockReceived(entry, quantity)]


def reserve(stock: Stock, entry: str, quantity: int) -> Sequence[Any]:
    """Set units aside. Raises Refused."""
    if entry in stock.reserved or stock.settled.get(entry) == StockIssued.__name__:
        return []
    if entry in stock.settled:
        raise Refused("Released", f"the reservation {entry} was released before")
    if stock.available < quantity:
        raise Refused("OutOfStock", f"{quantity} of {stock.id.key} asked for, {stock.available} available")
    return [StockReserved(entry, quantity)]


def release(stock: Stock, entry: str) -> Sequence[Any]:
    """Give a reservation up; one that has not come is refused when it comes. Raises Refused."""
    if stock.settled.get(entry) == StockIssued.__name__:
        raise Refused("Issued", f"what {entry} reserved was handed out")
    return [] if entry in stock.settled else [StockReleased(entry)]


def issue(stock: Stock, entry: str) -> Sequence[Any]:
    """Hand out what was reserved. Raises Refused."""
    if stock.settled.get(entry) == StockIssued.__name__:
        return []
    if entry not in stock.reserved:
        raise Refused("NotReserved", f"there is no reservation {entry}")
    return [StockIssued(entry)]


def _evolve(stock: Stock, event: Any, _: Event) -> Stock:
    others = {entry: quantity for entry, quantity in stock.reserved.items() if entry != event.entry}
    settled = dict([*stock.settled.items(), (event.entry, type(event).__name__)][-REMEMBERED:])
    match event:
        case StockReceived(_, quantity):
            return replace(stock, on_hand=stock.on_hand + quantity, settled=settled)
        case StockReserved(entry, quantity):
            return replace(stock, reserved={**stock.reserved, entry: quantity})
        case StockIssued(entry):
            return replace(stock, on_hand=stock.on_hand - stock.reserved[entry], reserved=others, settled=settled)
        case _:
            return replace(stock, reserved=others, settled=settled)


AGGREGATE = Aggregate(EVENTS, Stock, _evolve)
