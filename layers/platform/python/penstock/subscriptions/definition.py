"""A subscription as it was made: streams of kind `subscription`, whose key is its name."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from penstock.events.aggregate import Aggregate
from penstock.events.commands import Decisions
from penstock.events.model import Event, StreamId
from penstock.events.types import EventTypes
from penstock.subscriptions.errors import SubscriptionExists, UnknownSubscription
from penstock.subscriptions.reading import Selection

EVENTS = EventTypes("subscription")


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SubscriptionCreated:
    """It reads what is selected after a position of the feed, in so many partitions."""

    kinds: list[str]
    types: list[str]
    partitions: int
    after: int
    description: str = ""


@EVENTS.type
@dataclass(frozen=True, slots=True)
class SubscriptionDeleted:
    """It is gone; its name may be used again."""


@dataclass(frozen=True, slots=True)
class CreateSubscription:
    """Make one that reads what is selected after a position of the feed."""

    selection: Selection
    partitions: int
    after: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class DeleteSubscription:
    """Take it away."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """The state of one. `round` is the version of the event that made it, as text."""

    id: StreamId
    is_there: bool = False
    round: str = ""
    selection: Selection = field(default_factory=Selection)
    partitions: int = 1
    after: int = 0


def _create(subscription: Subscription, command: CreateSubscription) -> Sequence[Any]:
    if subscription.is_there:
        raise SubscriptionExists(subscription.id.key)
    selected = command.selection
    return [
        SubscriptionCreated(
            sorted(selected.kinds), sorted(selected.types), command.partitions, command.after, command.description
        )
    ]


def _delete(subscription: Subscription, _: DeleteSubscription) -> Sequence[Any]:
    if not subscription.is_there:
        raise UnknownSubscription(subscription.id.key)
    return [SubscriptionDeleted()]


DECISIONS: Decisions[Subscription] = {CreateSubscription: _create, DeleteSubscription: _delete}


def _evolve(subscription: Subscription, event: Any, stored: Event) -> Subscription:
    match event:
        case SubscriptionCreated(kinds, types, partitions, after):
            selection = Selection(frozenset(kinds), frozenset(types))
            return Subscription(subscription.id, True, str(stored.version), selection, partitions, after)
        case _:
            return replace(subscription, is_there=False)


AGGREGATE = Aggregate(EVENTS, Subscription, _evolve)
